import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askChoosing } from '../../src/answer/ask-choosing.js';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { choosingOf } from '../../src/llava/choosing.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { writeRequest } from '../../src/llava/response-format.js';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { readRows, writeRows } from './batch-files.js';
import { shuffle, writeDemoRows, type DemoRow } from './demo-rows.js';

/* The demo model through the real engine. `LLAVA_TEST_SCENES=600` makes it 3,000 rows. */

const SCENES = Number(process.env['LLAVA_TEST_SCENES'] ?? 60);
const TIMEOUT = 60_000 + SCENES * 2000;
const folder = temporaryFolder();
const { imageFolder, rows } = await writeDemoRows(folder, SCENES, 5);
const alone = await askOneByOne(rows);

/** What `ask` does, row after row: each picture is encoded and looked at anew. */
async function askOneByOne(all: readonly DemoRow[]): Promise<ReadonlyMap<number, string>> {
  const files = {
    model: projectFile('models/demo/model.gguf'),
    mmproj: projectFile('models/demo/mmproj.gguf'),
  };
  await using engine = await openLlamaEngine(files, { device: 'cpu', threads: 1 });
  const answers = new Map<number, string>();
  for (const { id, image, question, format, choices, temperature = 0, seed } of all) {
    const source = { kind: 'file', path: join(imageFolder, image) } as const;
    const pixels = await loadPixels(source, { imageSize: engine.info.imageSize });
    const asked = { text: question, format, ...(choices === undefined ? {} : { choices }) };
    const request = writeRequest(asked, pixels.picture);
    const prefix = engine.look(await engine.encode(pixels));
    let answer = '';
    const sampling = { temperature, topP: 1, seed, maxTokens: 512 };
    for await (const event of askChoosing(prefix, request, sampling, choosingOf(asked)))
      if (event.type === 'text') answer += event.text;
    answers.set(id, answer);
  }
  return answers;
}

describe(`${rows.length} rows over ${SCENES} pictures`, () => {
  it.each([
    ['one at a time', ['--parallel', '1'], rows],
    ['four side by side', ['--parallel', '4'], rows],
    ['eight side by side, shuffled', ['--parallel', '8'], shuffle(rows, 1)],
    ['with a cache, first empty', ['--cache', join(folder, 'cache')], shuffle(rows, 2)],
    ['with a cache, then full', ['--cache', join(folder, 'cache')], rows],
  ])(
    'have the answers of asking one by one: %s',
    async (name, options, order) => {
      const input = writeRows(join(folder, `${name}.jsonl`), order);
      const output = join(folder, `${name}-out.jsonl`);
      const run = await runLlava(['batch', input, '-o', output, '--image-folder', imageFolder, ...options]);
      expect(run).toMatchObject({ exitCode: 0, stdout: '' });
      const answered = readRows(output);
      expect(answered.map(({ id }) => id)).toEqual(order.map(({ id }) => id));
      for (const { id, answer } of answered)
        expect({ id, answer }).toEqual({ id, answer: alone.get(Number(id)) });
    },
    TIMEOUT,
  );

  it('keep the features of each picture once', () => {
    expect(readdirSync(join(folder, 'cache'))).toHaveLength(SCENES);
  });

  it('are the same as `llava ask` says', async () => {
    for (const { id, image, question, format, choices = [], temperature = 0, seed } of shuffle(rows, 3).slice(
      0,
      8,
    )) {
      const args = [
        'ask',
        question,
        join(imageFolder, image),
        '-f',
        format,
        '--temperature',
        String(temperature),
      ];
      if (seed !== undefined) args.push('--seed', String(seed));
      const run = await runLlava([...args, ...choices.flatMap((choice) => ['--choice', choice])]);
      expect(run.stdout).toBe(`${alone.get(id)}\n`);
    }
  });
});
