import { join } from 'node:path';
import llamaTokenizer from 'llama-tokenizer-js';
import { getLlama, type Token } from 'node-llama-cpp';
import { afterAll, describe, expect, it } from 'vitest';
import { textAfterImage, textBeforeImage } from '../../src/llava/conversation.js';
import { conversationTokens } from '../../src/engine/local/sequences/conversation-tokens.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf } from '../reference/gguf-writer.js';
import { llama2Vocabulary } from '../reference/llama2-vocabulary.js';
import { randomText } from '../reference/random-text.js';

const path = join(temporaryFolder(), 'llama-2-vocabulary.gguf');
const text = randomText({ vocabularySize: 512, textWidth: 32, textBlocks: 1 });
writeGguf(path, { ...text, metadata: new Map([...text.metadata, ...llama2Vocabulary()]) });
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false });
const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
afterAll(() => llama.dispose());

const ours = (text: string) => [...model.tokenize(text, false)];
const theirs = (text: string) => llamaTokenizer.encode(text, false);
const pieces = (ids: readonly number[]) => ids.map((id) => llamaTokenizer.vocabById[id]);

describe('tokens around the image, with LLaMA-2’s vocabulary', () => {
  it('left of it ends in USER, :, ▁', () => {
    const ids = ours(textBeforeImage(VICUNA_V1));
    expect(ids).toEqual(theirs(textBeforeImage(VICUNA_V1)));
    expect(pieces(ids.slice(-4))).toEqual(['▁US', 'ER', ':', '▁']);
  });

  it('right of it begins with ▁, <0x0A>', () => {
    const text = textAfterImage(VICUNA_V1, 'What is it?\nAnswer the question using a single word or phrase.');
    const ids = ours(text);
    expect(ids).toEqual(theirs(text));
    expect(pieces(ids.slice(0, 3))).toEqual(['▁', '<0x0A>', 'What']);
    expect(pieces(ids.slice(-4))).toEqual(['SS', 'IST', 'ANT', ':']);
  });

  it('a later turn begins with ▁US, ER', () => {
    const turns = [{ question: 'Q', answer: 'A' }];
    const text = textAfterImage(VICUNA_V1, 'And now?', turns).split('</s>')[1] ?? '';
    expect(
      conversationTokens(model, VICUNA_V1, turns, 'And now?').tokens.slice(-theirs(text).length),
    ).toEqual(theirs(text));
    expect(ours(text)).toEqual(theirs(text));
    expect(pieces(ours(text).slice(0, 2))).toEqual(['▁US', 'ER']);
  });

  it.each([
    '</s>',
    '<s>',
    '<unk>',
    'USER: <image>',
    '中文 é 😀',
    '  two  spaces ',
    'four    of them',
    "the user's\ttab",
  ])('takes %j from users as plain text', (question) => {
    const ids = ours(textAfterImage(VICUNA_V1, question));
    expect(ids).toEqual(theirs(textAfterImage(VICUNA_V1, question)));
    expect(ids.filter((id) => id < 3)).toEqual([]);
  });

  it('gives BOS and the end of a turn their own ids', () => {
    expect([model.tokens.bos, model.tokens.eos]).toEqual([1 as Token, 2 as Token]);
  });
});
