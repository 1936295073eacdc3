import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ExpectedError } from '../../src/llava/expected-error.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { mixedRows, readRows, writePictures, writeRows } from './batch-files.js';
import { runJob, type JobSetup } from './run-job.js';

const folder = temporaryFolder();
const imageFolder = await writePictures(folder, 20);
const pictures = { imageFolder };
let files = 0;
const file = (name: string) => join(folder, `${files++}-${name}`);

/** The output of an uninterrupted run. */
async function reference(input: string, setup: Partial<JobSetup> = {}): Promise<string> {
  const output = file('reference.jsonl');
  await runJob({ input, output, pictures, ...setup });
  return readFileSync(output, 'utf8');
}

describe('resuming', () => {
  const rows = mixedRows(150, 20);

  it('refuses to touch what is there, unless asked', async () => {
    const input = writeRows(file('in.jsonl'), rows.slice(0, 5));
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    const before = readFileSync(output, 'utf8');
    const refused = await runJob({ input, output, pictures }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ExpectedError);
    expect((refused as ExpectedError).hint).toMatch(/--resume.*--overwrite/);
    expect(readFileSync(output, 'utf8')).toBe(before);
    await expect(runJob({ input, output: input, pictures, existing: 'overwrite' })).rejects.toThrow(
      'is also the input',
    );
    rmSync(`${output}.journal`);
    await expect(runJob({ input, output, pictures, existing: 'resume' })).rejects.toThrow('is missing');
    await expect(runJob({ input, output: '/dev/null', pictures, existing: 'overwrite' })).rejects.toThrow(
      'not a regular file',
    );
    expect(await runJob({ input, output, pictures, existing: 'overwrite' })).toMatchObject({ resumed: 0 });
  });

  it('asks nothing, and opens no engine, when all is answered', async () => {
    const input = writeRows(file('in.jsonl'), rows);
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    const before = readFileSync(output, 'utf8');
    const { opened, ...summary } = await runJob({ input, output, pictures, existing: 'resume', now: 5 });
    expect(opened).toBe(0);
    expect(summary).toMatchObject({ answered: 0, repeated: 0 });
    expect(readFileSync(output, 'utf8')).toBe(before);
  });

  it.each([
    [
      'a torn output',
      (path: string) => {
        truncateSync(path, 2000);
      },
    ],
    [
      'a missing output',
      (path: string) => {
        rmSync(path);
      },
    ],
    [
      'an output with other bytes',
      (path: string) => {
        writeFileSync(path, 'x'.repeat(900_000));
      },
    ],
    [
      'an output that is too long',
      (path: string) => {
        appendFileSync(path, '{"more": 1}\n');
      },
    ],
    [
      'zeros at its end',
      (path: string) => {
        truncateSync(path, 3000);
        appendFileSync(path, Buffer.alloc(4096));
      },
    ],
    [
      'a torn journal',
      (path: string) => {
        truncateSync(`${path}.journal`, 5000);
      },
    ],
    [
      'a journal with a broken line',
      (path: string) => {
        breakLine(`${path}.journal`);
      },
    ],
    [
      'zeros in the journal',
      (path: string) => {
        truncateSync(`${path}.journal`, 5000);
        appendFileSync(`${path}.journal`, Buffer.alloc(512));
      },
    ],
    [
      'a journal whose last entry is torn',
      (path: string) => {
        appendFileSync(`${path}.journal`, '{"key":"abc');
      },
    ],
    [
      'a journal of a header alone',
      (path: string) => {
        truncateSync(`${path}.journal`, 20);
        truncateSync(path, 0);
      },
    ],
  ])('mends %s', async (_, damage) => {
    const input = writeRows(file('in.jsonl'), rows);
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    const whole = readFileSync(output, 'utf8');
    damage(output);
    const { engine } = await runJob({ input, output, pictures, existing: 'resume' });
    expect(readFileSync(output, 'utf8')).toBe(whole);
    expect(readFileSync(`${output}.journal`, 'utf8')).toMatch(/\}\n$/);
    const again = await runJob({ input, output, pictures, existing: 'resume' });
    expect(again.opened).toBe(0);
    expect(new Set(engine.asked).size).toBe(engine.asked.length);
  });

  it('asks again what changed: question, settings, picture; and only that', async () => {
    const own = [1, 2, 3].map((id) => ({ id, image: `change${id}.png`, question: 'Q' }));
    for (const { id, image } of own)
      writeFileSync(join(imageFolder, image), readFileSync(join(imageFolder, `${id}.png`)));
    const input = writeRows(file('in.jsonl'), own);
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    writeFileSync(join(imageFolder, 'change2.png'), readFileSync(join(imageFolder, '9.png')));
    writeRows(input, [own[0]!, own[1]!, { ...own[2]!, max_tokens: 3 }]);
    const { engine } = await runJob({ input, output, pictures, existing: 'resume' });
    expect(engine.asked).toHaveLength(2);
    expect(readFileSync(output, 'utf8')).toBe(await reference(input));
  });

  it('refuses a journal of other weights', async () => {
    const input = writeRows(file('in.jsonl'), rows.slice(0, 2));
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    const other = runJob({ input, output, pictures, existing: 'resume', weights: 'other' });
    await expect(other).rejects.toThrow('made with other weights');
  });

  it('leaves failures alone until told to retry them', async () => {
    const input = writeRows(file('in.jsonl'), [
      { id: 1, image: 'late.png', question: 'Q' },
      { id: 2, image: '1.png', question: 'Q' },
      { id: 3, image: '2.png', question: 'fail: Q' },
    ]);
    const output = file('out.jsonl');
    await runJob({ input, output, pictures });
    writeFileSync(join(imageFolder, 'late.png'), readFileSync(join(imageFolder, '3.png')));
    const left = await runJob({ input, output, pictures, existing: 'resume' });
    expect(left).toMatchObject({ answered: 0, opened: 0, errors: { bad_picture: 1, engine_failed: 1 } });
    const retried = await runJob({ input, output, pictures, existing: 'resume', retryErrors: true });
    expect(retried.engine.asked).toHaveLength(2);
    expect(retried).toMatchObject({ errors: { engine_failed: 1 } });
    expect(readRows(output).map(({ id, error }) => [id, error !== undefined])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  it('keeps no journal for a stream, unless one is named', async () => {
    const input = writeRows(file('in.jsonl'), rows);
    const journal = file('named.journal');
    const collect = async (setup: Partial<JobSetup>) => {
      const output = new PassThrough();
      const text = output.toArray() as Promise<Buffer[]>;
      const result = await runJob({ input, output, pictures, ...setup });
      output.end();
      return { ...result, text: Buffer.concat(await text).toString() };
    };
    const plain = await collect({});
    const first = await collect({ journal });
    const second = await collect({ journal, existing: 'resume' });
    expect(plain.text).toBe(await reference(input));
    expect([first.text, second.text]).toEqual([plain.text, plain.text]);
    expect(second.opened).toBe(0);
    expect(existsSync(journal)).toBe(true);
  });

  it('writes the same times again after resuming, when rows tell them', async () => {
    const input = writeRows(file('in.jsonl'), rows.slice(0, 20));
    const output = file('out.jsonl');
    await runJob({ input, output, pictures, request: { timings: true } });
    const whole = readFileSync(output, 'utf8');
    expect(whole).toContain('"ms":{"question":1.5,"answer":2.5}');
    truncateSync(output, 700);
    await runJob({ input, output, pictures, existing: 'resume', request: { timings: true } });
    expect(readFileSync(output, 'utf8')).toBe(whole);
  });
});

it('says which file cannot be written', async () => {
  const input = writeRows(file('in.jsonl'), mixedRows(10, 20));
  const failed = await runJob({
    input,
    output: file('none/out.jsonl'),
    pictures,
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'ExpectedError', kind: 'input' });
});

function breakLine(path: string): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines[4] = `${lines[4]!.slice(0, 20)}\u0000`;
  writeFileSync(path, lines.join('\n'));
}
