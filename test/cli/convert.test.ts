import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { checkFreeSpace } from '../../src/convert/folder/free-space.js';
import { WorkFolder } from '../../src/convert/folder/work-folder.js';
import { writeDemoCheckpoint } from '../helpers/demo-checkpoint.js';
import { LLAVA, projectFile, runLlava, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { Seeded } from '../reference/seeded.js';

/*
 * SHA-256 of what llama.cpp v0.5.0 makes of the same checkpoint: `convert_hf_to_gguf.py --outtype f32 | f16 | bf16`, and
 * `llama-quantize` of the first.
 */
const HASHES = {
  f32: '833c0d51a10fa28514eb346ef9a235eb731c4b1372a2c2b9f95dbb084c078632',
  f16: '29d4641e0028782e569e46c64f09bf8bb976fdf22e50db48333164d33e555a16',
  bf16: 'af88f55bd80b04d64d75c107d5237aeaf95a3a5032a2376a634edc0d101a91f6',
  q8_0: '0d53b304899af2c436c26aee4d73681d2a046a27f68c1f1fa80f89f742745e08',
  q4_0: '5822ded47806720cee72e2a95ca55c7e81a0a3d65c6e21bcd8d8a98b0a5e0858',
  q4_k_m: '9130879c704f1b04c8d3bbeca46cf653cc729d5bafa46e1f59bf47b905646bfc',
} as const;

const folder = temporaryFolder();
const checkpoint = writeDemoCheckpoint(folder);

function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('llava convert', () => {
  it.each(Object.entries(HASHES))('writes the bytes of llama.cpp in %s', async (type, expected) => {
    const output = join(folder, type);
    const run = await runLlava(['convert', checkpoint, '-o', output, '--type', type, '--threads', '2']);
    const [model, mmproj] = [`demo-${type.toUpperCase()}.gguf`, 'mmproj-demo-F16.gguf'];
    expect(run).toMatchObject({ exitCode: 0, stdout: `${join(output, model)}\n${join(output, mmproj)}\n` });
    expect(run.stderr).toContain(`Next: llava ask "What is in this picture?" picture.jpg --gguf ${output}\n`);
    expect(hash(join(output, model))).toBe(expected);
    expect(readdirSync(output).sort()).toEqual([model, mmproj]);
  });

  it.each(['f32', 'q8_0'])('writes a pair that answers as the original, its mmproj in %s', async (type) => {
    const output = join(folder, `pair-${type}`);
    await runLlava(['convert', checkpoint, '-o', output, '--type', 'f32', '--mmproj-type', type]);
    const question = ['ask', 'What color is the circle?', projectFile('examples/shapes.png')];
    const [own, original] = await Promise.all([
      runLlava([...question, '--gguf', output]),
      runLlava([...question, '--model', 'demo']),
    ]);
    expect(own).toMatchObject({ exitCode: 0, stdout: original.stdout });
  });

  it('takes the tower from an mmproj file', async () => {
    const output = join(folder, 'other-tower');
    const tower = projectFile('models/demo/mmproj.gguf');
    const run = await runLlava([
      'convert',
      checkpoint,
      '-o',
      output,
      '--type',
      'f16',
      '--tower',
      tower,
      '--json',
    ]);
    expect(run.exitCode).toBe(0);
    const { adapter, mmproj } = JSON.parse(run.stdout) as { adapter: null; mmproj: string };
    expect(adapter).toBeNull();
    expect(hash(mmproj)).toBe(hash(join(folder, 'f16', 'mmproj-demo-F16.gguf')));
  });

  it('goes on after it was killed, and leaves nothing else behind', async () => {
    const output = join(folder, 'killed');
    const args = ['convert', checkpoint, '-o', output, '--type', 'q4_k_m', '--threads', '2'];
    const moments = new Seeded(25);
    for (let life = 0; life < 6; life++) {
      const child = execa(process.execPath, [LLAVA, ...args], { reject: false, env: TEST_ENVIRONMENT });
      // Progress is what shows that it writes.
      if (life > 0) await Promise.race([once(child.stderr, 'data'), child]);
      setTimeout(() => child.kill('SIGKILL'), moments.next() * 400);
      await child;
    }
    const run = await runLlava([...args, '--force']);
    expect(run.exitCode).toBe(0);
    expect(hash(join(output, 'demo-Q4_K_M.gguf'))).toBe(HASHES.q4_k_m);
    expect(readdirSync(output).sort()).toEqual(['demo-Q4_K_M.gguf', 'mmproj-demo-F16.gguf']);
  });

  it('keeps what is done when it is interrupted', async () => {
    const output = join(folder, 'interrupted');
    const args = ['convert', checkpoint, '-o', output, '--type', 'q4_k_m'];
    const child = execa(process.execPath, [LLAVA, ...args], { reject: false, env: TEST_ENVIRONMENT });
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('What is done is kept: the same command goes on where it was.');
    expect(existsSync(join(output, '.convert'))).toBe(true);
    expect(readdirSync(output)).toEqual(['.convert']);
  });

  it('replaces nothing unless it is told to', async () => {
    const output = join(folder, 'f32');
    const args = ['convert', checkpoint, '-o', output, '--type', 'f32'];
    const refused = await runLlava(args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^error: "demo-F32\.gguf" is already in the folder .+\ntry: Add --force/);
    expect(await runLlava([...args, '--force'])).toMatchObject({ exitCode: 0 });
    const others = ['--type', 'q8_0', '--mmproj-type', 'q8_0'];
    const beside = await runLlava(['convert', checkpoint, '-o', output, ...others]);
    expect(beside.stderr).toMatch(/^error: The folder ".+" already holds ".+"\.\ntry: Name an empty folder/);
  });

  it.each([
    ['q9', [], /"q9" is no number format of weights\.\ntry: --type takes f32, f16/],
    ['iq1_s', [], /Weights of iq1_s need an importance matrix\.\ntry: Make one/],
    ['f16', ['--imatrix', 'none.dat'], /The importance matrix "none\.dat" cannot be read: no such file/],
    ['f16', ['--imatrix', projectFile('package.json')], /package\.json" is no importance matrix/],
    ['f16', ['--tower', 'nowhere'], /"nowhere"/],
    ['f16', ['--tower', projectFile('models/demo/model.gguf')], /model\.gguf/],
  ])('refuses --type %s %j', async (type, more, message) => {
    const output = join(folder, 'refused');
    const run = await runLlava(['convert', checkpoint, '-o', output, '--type', type, ...more]);
    expect(run).toMatchObject({ stdout: '' });
    expect([2, 4]).toContain(run.exitCode);
    expect(run.stderr).toMatch(/^error: .+\ntry: /);
    expect(run.stderr).toMatch(message);
    expect(existsSync(output)).toBe(false);
  });

  it('lets one process at a time write into a folder', async () => {
    const output = join(folder, 'owned');
    mkdirSync(join(output, '.convert'), { recursive: true });
    writeFileSync(join(output, '.convert', 'owner'), String(process.pid));
    const run = await runLlava(['convert', checkpoint, '-o', output]);
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain(`Another llava convert (process ${process.pid}) writes into`);
  });

  it('says how much room is missing', async () => {
    await expect(checkFreeSpace(folder, 1e15)).rejects.toThrow(
      /The disk of ".*" has .* free; converting takes 1[,.]?000.* TB, and 67\.1 MB should be left/,
    );
  });

  it('leaves no folder behind in which nothing was written', async () => {
    const output = join(folder, 'nothing');
    {
      await using work = await WorkFolder.open(output);
      expect(existsSync(work.path)).toBe(true);
    }
    expect(existsSync(output)).toBe(false);
  });

  it.each([1000, 5000])('goes on when the disk was full at %i KiB a file', async (blocks) => {
    const output = join(folder, `full-${blocks}`);
    const args = ['convert', checkpoint, '-o', output, '--type', 'q8_0'];
    const limited = ['-c', 'ulimit -f "$1"; shift; exec "$@"', 'bash', String(blocks)];
    const full = await execa('bash', [...limited, process.execPath, LLAVA, ...args], {
      reject: false,
      env: TEST_ENVIRONMENT,
    });
    expect(full).toMatchObject({ exitCode: 2, stdout: '' });
    expect(full.stderr).toContain(`Nothing more can be written into "${output}"`);
    expect(readdirSync(output)).toEqual(['.convert']);
    expect(await runLlava(args)).toMatchObject({ exitCode: 0 });
    expect(hash(join(output, 'demo-Q8_0.gguf'))).toBe(HASHES.q8_0);
    expect(readdirSync(output).sort()).toEqual(['demo-Q8_0.gguf', 'mmproj-demo-F16.gguf']);
  });
});
