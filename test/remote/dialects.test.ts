import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePictures, writeRows } from '../batch/batch-files.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';
import { connectServer } from '../../src/remote/connect-server.js';
import { probePicture } from '../../src/remote/probe.js';
import { runLlava } from '../helpers/run-llava.js';
import { StubServer, writeJson, type StubOptions } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const images = await writePictures(folder, 1);
const picture = join(images, '0.png');
const grammar = join(folder, 'word.gbnf');
writeFileSync(grammar, 'root ::= " "? [a-z]+\n');
const labels = join(folder, 'labels.txt');
writeFileSync(labels, 'red\nso.(x)\n');
const schema = join(folder, 'schema.json');
writeFileSync(
  schema,
  JSON.stringify({ type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }),
);

/** Asks once, and gives back what was said and what the server got. */
async function ask(options: StubOptions, ...flags: string[]) {
  await using server = await StubServer.start(options);
  const run = await runLlava(['ask', 'row', picture, '--json', '--server', server.address, ...flags]);
  const [body] = server.bodies;
  const answer = run.exitCode === 0 ? (JSON.parse(run.stdout) as Record<string, unknown>) : undefined;
  return { ...run, body, answer };
}
const says = (text: string, finish?: string) => () => ({ text, ...(finish === undefined ? {} : { finish }) });

describe('what an answer is held to', () => {
  it.each([
    ['choices', ['--choice', 'red', '--choice', 'blue'], /cannot hold an answer to choices or labels/],
    ['labels', ['--labels-file', labels], /cannot hold an answer to choices or labels/],
    ['a grammar', ['--grammar', grammar], /cannot hold an answer to a grammar/],
    [
      'probabilities of choices',
      ['--choice', 'red', '--choice', 'blue', '--probabilities'],
      /cannot tell how likely/,
    ],
  ])('%s are refused where only OpenAI’s API is known', async (_, flags, refused) => {
    const run = await ask({}, ...flags);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(refused);
    expect(run.body).toBeUndefined();
  });

  it.each([
    ['openai', 'schema', { response_format: { type: 'json_schema' } }],
    ['sglang', 'schema', { response_format: { type: 'json_schema' } }],
    ['sglang', 'choices', { regex: '( red| Red| so\\.\\(x\\)| So\\.\\(x\\))' }],
    ['sglang', 'grammar', { ebnf: expect.stringContaining('root ::=') as string }],
    ['vllm', 'schema', { structured_outputs: { json: { type: 'object' } } }],
    ['vllm', 'grammar', { structured_outputs: { grammar: expect.stringContaining('root ::=') as string } }],
  ] as const)('%s gets %s its own way', async (owner, what, fields) => {
    const flags = {
      schema: ['--schema', schema],
      choices: ['--labels-file', labels],
      grammar: ['--grammar', grammar],
    }[what];
    const text = { schema: ' {"ok": true}', choices: ' so.(x)', grammar: ' word' }[what];
    const run = await ask({ owner, answer: says(text) }, ...flags);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.body).toMatchObject(fields);
    expect(run.answer).toMatchObject({ answer: text.trim() });
  });
});

describe('an answer', () => {
  it('has no white space around it, streamed or whole', async () => {
    const answer = says('\n  Two words \n');
    await using server = await StubServer.start({ answer });
    const streamed = await runLlava(['ask', 'row', picture, '--server', server.address]);
    expect(streamed.stdout).toBe('Two words\n');
    const input = writeRows(join(folder, 'in.jsonl'), [{ id: 1, image: '0.png', question: 'row' }]);
    const run = await runLlava(['batch', input, '--image-folder', images, '--server', server.address]);
    expect(JSON.parse(run.stdout)).toMatchObject({ answer: 'Two words', stop: 'end', device: 'server' });
  });

  it('that is cut at the limit or at the context’s end says so', async () => {
    const limit = await ask({ answer: says(' One', 'length') }, '--max-tokens', '4');
    expect(limit.body).toMatchObject({ max_tokens: 4, temperature: 0 });
    expect(limit.answer).toMatchObject({ stop: 'max-tokens' });
    const context = await ask({ answer: says(' One', 'length'), contextSize: 620 });
    expect(context.answer).toMatchObject({ stop: 'context-full' });
  });

  it('does not come when the question does not fit the context', async () => {
    const run = await ask({
      answer: (_, response) => {
        const message = "This model's maximum context length is 2048 tokens.";
        writeJson(response, { error: { message } }, 400);
        return undefined;
      },
    });
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/maximum context length is 2048.*\ntry: .*larger context/);
  });

  it('ends at stop strings that the server is told', async () => {
    await using server = await StubServer.start({ answer: () => ({ text: ' before ', stopReason: 'END' }) });
    const { signal } = new AbortController();
    const form = { conversation: VICUNA_V1, isConversationGiven: false };
    const options = { timeoutMs: 10_000, anyPrompt: false, signal, ...form };
    await using served = (await connectServer(server.address, options)).served;
    const question = { picture: probePicture(336, VICUNA_V1), request: 'row', turns: [] };
    const sampling = { temperature: 0, topP: 1, seed: undefined, maxTokens: 9, stop: ['END'] };
    const events: object[] = [];
    for await (const event of served.ask(question, sampling, true, signal)) events.push(event);
    expect(server.bodies[0]).toMatchObject({ stop: ['END'] });
    expect(events).toMatchObject([
      { type: 'text', text: 'before' },
      { type: 'done', reason: 'end' },
    ]);
  });
});

describe('--verify', () => {
  it('tells what two servers answer differently, and how much is the same', async () => {
    await using one = await StubServer.start({ answer: says(' red') });
    await using two = await StubServer.start({
      answer: ({ text }) => ({ text: text.includes('row 3') ? ' blue' : ' red' }),
    });
    const rows = Array.from({ length: 12 }, (_, id) => ({ id, image: '0.png', question: `row ${id}` }));
    const output = join(folder, 'verified.jsonl');
    const run = await runLlava([
      ...['batch', writeRows(join(folder, 'verify.jsonl'), rows), '-o', output, '--image-folder', images],
      ...['--server', one.address, '--server', two.address, '--verify', '8'],
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toMatch(
      /warning: Different answers to "row 3": "(red|blue)" by http:.*, "(red|blue)" by http:/,
    );
    expect(run.stderr).toMatch(/7 of 8 answers that were asked for twice are the same\./);
    expect([...one.asked.values(), ...two.asked.values()]).toHaveLength(20);
  });

  it('needs something to compare with', async () => {
    const run = await runLlava(['batch', '-', '--verify', '8', '--server', 'http://127.0.0.1:9'], {
      env: { LLAVA_MODEL: '' },
      input: '',
      stdin: 'pipe',
    });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/--verify compares with a second engine, and there is none\./);
  });
});
