import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRows, writePictures, writeRows } from '../batch/batch-files.js';
import { runLlava } from '../helpers/run-llava.js';
import { misbehave } from '../helpers/stub-faults.js';
import { StubServer } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** `npm run test:servers` asks 2,000. */
const ROWS = Number(process.env['LLAVA_STUB_ROWS'] ?? 200);
const TRIES = 5;

const folder = temporaryFolder();
const images = await writePictures(folder, 10);

describe('servers that misbehave', () => {
  it('cost no row, and ask none more than its tries', { timeout: 600_000 }, async () => {
    const asked = new Map<string, number>();
    const answer = misbehave(0.2);
    await using one = await StubServer.start({ asked, answer });
    await using two = await StubServer.start({ asked, answer });
    const question = (id: number) => (id % 100 === 50 ? `a hopeless row ${id}` : `row ${id}`);
    const rows = Array.from({ length: ROWS }, (_, id) => ({
      id,
      image: `${id % 10}.png`,
      question: question(id),
    }));
    const output = join(folder, 'out.jsonl');
    const start = performance.now();
    const run = await runLlava([
      ...['batch', writeRows(join(folder, 'in.jsonl'), rows), '-o', output, '--image-folder', images],
      ...['--server', one.address, '--server', two.address, '--server-timeout', '1s'],
    ]);
    const seconds = (performance.now() - start) / 1000;
    expect(run.exitCode, run.stderr).toBe(3);
    const answers = readRows(output);
    expect(answers.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    for (const { id, answer, error } of answers) {
      if (answer !== undefined) expect(answer).toBe(`To ${question(Number(id))}`);
      else
        expect(error).toMatchObject({
          code: 'engine_failed',
          message: expect.stringMatching(
            new RegExp(`^The server "(${one.address}|${two.address})" .*\\.$`),
          ) as string,
        });
    }
    const failed = answers.filter(({ error }) => error !== undefined).map(({ id }) => Number(id));
    // Five bad tries in a row are one in 3,000.
    const hopeless = rows.filter(({ question }) => question.includes('hopeless')).map(({ id }) => id);
    expect(failed).toEqual(expect.arrayContaining(hopeless));
    expect(failed.length).toBeLessThanOrEqual(hopeless.length + Math.ceil(ROWS / 500));
    expect(asked.size).toBe(ROWS);
    expect(Math.max(...asked.values())).toBe(TRIES);
    expect(seconds).toBeLessThan(20 + ROWS * 0.1);
    expect(readFileSync(`${output}.journal`, 'utf8').split('\n')).toHaveLength(ROWS + 2);
  });
});
