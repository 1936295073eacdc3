import { execa } from 'execa';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LLAVA, projectFile, runLlava, TEST_ENVIRONMENT, type LlavaRun } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/* What the system says of files, folders and streams is told in words, whatever command meets it. */

const folder = temporaryFolder();
chmodSync(folder, 0o755);
const circle = await writeRedCircle(folder);
const rows = projectFile('examples/questions.jsonl');
const plain = join(folder, 'plain');
writeFileSync(plain, '');
mkdirSync(join(folder, 'directory'));
symlinkSync('loop-2', join(folder, 'loop-1'));
symlinkSync('loop-1', join(folder, 'loop-2'));

/** Paths at which nothing can be read. */
const UNREADABLE: Record<string, string> = {
  'a missing file': join(folder, 'none'),
  'a folder': join(folder, 'directory'),
  'a file as a folder': join(plain, 'below'),
  'a long name': join(folder, 'n'.repeat(300)),
  'links in a circle': join(folder, 'loop-1'),
};
/** Paths at which nothing can be written. */
const UNWRITABLE: Record<string, string> = {
  'a folder': join(folder, 'directory'),
  'a file as a folder': join(plain, 'below'),
  'a missing folder': join(folder, 'none', 'below'),
  'a long name': join(folder, 'n'.repeat(300)),
  'links in a circle': join(folder, 'loop-1', 'below'),
};

/** A command, and the environment it needs beside the tests' own. */
type Call = (path: string) => { readonly args: readonly string[]; readonly env?: Record<string, string> };

const ask = (...args: readonly string[]) => ({ args: ['ask', 'What is it?', circle, ...args] });
const asking = (env: Record<string, string>) => ({ ...ask(), env });

/** Every place that takes something to read. */
const READERS: Record<string, Call> = {
  'ask PICTURE': (path) => ({ args: ['ask', 'What is it?', path] }),
  'ask --files-from': (path) => ask('--files-from', path),
  'ask --gguf': (path) => ask('--gguf', path, '--mmproj', path),
  'ask --lora': (path) => ask('--lora', path),
  'ask --labels-file': (path) => ask('--labels-file', path),
  'ask --schema': (path) => ask('--schema', path),
  'ask --grammar': (path) => ask('--grammar', path),
  'ask --server-key-file': (path) => ask('--server', 'http://127.0.0.1:1', '--server-key-file', path),
  'ask, LLAVA_CONFIG': (path) => asking({ LLAVA_CONFIG: path }),
  'batch ROWS': (path) => ({ args: ['batch', path, '-o', join(folder, 'out.jsonl')] }),
  'batch --dry-run': (path) => ({ args: ['batch', '--dry-run', path] }),
  'batch merge': (path) => ({ args: ['batch', 'merge', path, path, '-o', join(folder, 'merged.jsonl')] }),
  'chat PICTURE': (path) => ({ args: ['chat', path] }),
  'eval score': (path) => ({ args: ['eval', 'score', 'pope', '--data', path, '--answers', path] }),
  'eval run': (path) => ({ args: ['eval', 'run', 'pope', '--data', path, '-o', join(folder, 'run.jsonl')] }),
  'models info': (path) => ({ args: ['models', 'info', path] }),
  'features PICTURE': (path) => ({ args: ['features', path, '-o', join(folder, 'f.npy')] }),
  'mcp --allow': (path) => ({ args: ['mcp', '--allow', path] }),
  'bench --mtmd-cli': (path) => ({ args: ['bench', '--mtmd-cli', path] }),
  'pull, SSL_CERT_FILE': (path) => ({ args: ['pull', '7b'], env: { SSL_CERT_FILE: path } }),
};

/** What a command makes of a path, where that is no failure. */
const READABLE: Record<string, readonly string[]> = {
  'mcp --allow': ['a folder'],
};

/** Every place that takes something to write, or a folder to make things in. */
const WRITERS: Record<string, Call> = {
  'ask --draw': (path) => ({ args: ['ask', '--format', 'box', 'the circle', circle, '--draw', path] }),
  'batch -o': (path) => ({ args: ['batch', rows, '-o', path] }),
  'batch --journal': (path) => ({ args: ['batch', rows, '--journal', path] }),
  'batch merge -o': (path) => ({ args: ['batch', 'merge', rows, rows, '-o', path] }),
  'features -o': (path) => ({ args: ['features', circle, '-o', path] }),
  'eval demo --html': (path) => ({ args: ['eval', 'demo', '--scenes', '1', '--html', path] }),
  'eval demo, TMPDIR': (path) => ({ args: ['eval', 'demo', '--scenes', '1'], env: { TMPDIR: path } }),
  'bench, TMPDIR': (path) => ({
    args: ['bench', '--only', 'start', '--runs', '1'],
    env: { TMPDIR: path },
  }),
  'serve --socket': (path) => ({ args: ['serve', '--socket', path] }),
};

/** Folders that serve as such. */
const WRITABLE: Record<string, readonly string[]> = {
  'eval demo, TMPDIR': ['a folder'],
  'bench, TMPDIR': ['a folder'],
};

/** @param named what must be quoted: the path, or a part of one that is too long to be shown */
function expectInWords({ exitCode, stdout, stderr }: LlavaRun, named: string): void {
  expect(exitCode).toBeGreaterThan(1);
  expect(stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n/m);
  expect(stderr).not.toMatch(/\bE[A-Z]{3,}\b|, (open|stat|read|mkdir|scandir|rename)\b|\n {4}at |defect/);
  expect(stderr).toContain(named);
  // The answer is there before its drawing fails.
  if (!stderr.includes('drawn')) expect(stdout).toBe('');
}

const nameOf = (path: string) => basename(path).slice(0, 40);

describe('what cannot be read', () => {
  const calls = Object.entries(READERS).flatMap(([name, call]) =>
    Object.entries(UNREADABLE)
      .filter(([what]) => READABLE[name]?.includes(what) !== true)
      .map(([what, path]) => [name, what, path, call(path)] as const),
  );
  it.concurrent.each(calls)('%s %s', async (_, __, path, { args, env = {} }) => {
    expectInWords(await runLlava(args, { env }), nameOf(path));
  });
});

describe('what cannot be written', () => {
  const calls = Object.entries(WRITERS).flatMap(([name, call]) =>
    Object.entries(UNWRITABLE)
      .filter(([what]) => WRITABLE[name]?.includes(what) !== true)
      .map(([what, path]) => [name, what, path, call(path)] as const),
  );
  it.concurrent.each(calls)('%s %s', async (name, __, path, { args, env = {} }) => {
    const run = await runLlava(args, { env });
    expectInWords(name === 'ask --draw' ? { ...run, stdout: '' } : run, nameOf(path));
  });
});

/* The superuser may do all that is asked here, so that somebody else asks. */
const isRoot = process.getuid?.() === 0;
const somebody = isRoot ? { uid: 65_534, gid: 65_534 } : {};

describe.skipIf(process.platform === 'win32')('permissions', () => {
  const locked = join(folder, 'locked');
  mkdirSync(locked);
  copyFileSync(circle, join(locked, 'in.png'));
  const secret = join(folder, 'secret');
  copyFileSync(circle, secret);
  chmodSync(locked, 0o555);
  chmodSync(secret, 0);
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0);
  afterAll(() => {
    for (const path of [locked, closed, secret]) chmodSync(path, 0o755);
  });

  it.concurrent.each(
    Object.entries(READERS).flatMap(([name, call]) => [
      ...(name === 'mcp --allow' ? [] : [[name, 'a file', secret, call(secret)] as const]),
      [name, 'below a folder', join(closed, 'below'), call(join(closed, 'below'))] as const,
    ]),
  )('to read: %s %s', async (_, __, path, { args, env = {} }) => {
    expectInWords(await runLlava(args, { env, ...somebody }), nameOf(path));
  });

  it.concurrent.each(
    Object.entries(WRITERS).map(([name, call]) => [name, call(join(locked, 'new'))] as const),
  )('to write into a folder that may be read only: %s', async (name, { args, env = {} }) => {
    const run = await runLlava(args, { env, ...somebody });
    expectInWords(
      name === 'ask --draw' ? { ...run, stdout: '' } : run,
      name.includes('TMPDIR') ? 'new' : 'locked/new',
    );
  });
});

/** Runs llava with its streams as a shell's redirections put them; LLAVA stands for the program. */
async function inShell(line: string): Promise<LlavaRun> {
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['-c', line.replace('LLAVA', `"${process.execPath}" "${LLAVA}"`)],
    { reject: false, stripFinalNewline: false, env: TEST_ENVIRONMENT },
  );
  return { exitCode, stdout, stderr };
}

describe.runIf(process.platform === 'linux')('streams', () => {
  it.each([
    ['ask', `LLAVA ask "What is it?" "${circle}" > /dev/full`],
    ['ask --json', `LLAVA ask --json "What is it?" "${circle}" > /dev/full`],
    ['batch', `LLAVA batch "${rows}" --image-folder "${projectFile('examples')}" > /dev/full`],
    ['chat', `echo "What is it?" | LLAVA chat "${circle}" > /dev/full`],
    ['models', 'LLAVA models list > /dev/full'],
    ['features', `LLAVA features "${circle}" -o - > /dev/full`],
    ['eval list', 'LLAVA eval list > /dev/full'],
  ])('stdout on a disk that is full: %s', async (_, line) => {
    const run = await inShell(line);
    expectInWords(run, 'stdout');
    expect(run.stderr).toContain('the disk is full');
  });

  it.each([
    ['ask -', `LLAVA ask "What is it?" - < "${folder}"`],
    ['ask --files-from -', `LLAVA ask "What is it?" --files-from - < "${folder}"`],
    ['batch', `LLAVA batch < "${folder}"`],
    ['chat', `LLAVA chat "${circle}" < "${folder}"`],
    ['mcp', `LLAVA mcp < "${folder}"`],
  ])('stdin that is a folder: %s', async (_, line) => {
    const run = await inShell(line);
    expectInWords(run, 'stdin');
    expect(run.stderr).toContain('it is a folder');
  });

  it.each([
    ['ask', `LLAVA ask --format detailed "What is it?" "${circle}" | true; exit "\${PIPESTATUS[0]}"`],
    ['models', 'LLAVA models list | true; exit "${PIPESTATUS[0]}"'],
    ['help', 'LLAVA --help | true; exit "${PIPESTATUS[0]}"'],
  ])('a reader that has all it wants is no failure: %s', async (_, line) => {
    const run = await inShell(line);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).not.toMatch(/error|defect|\n {4}at /);
  });

  it('stderr that cannot be written changes nothing', async () => {
    const run = await inShell(`LLAVA ask "What color is the circle?" "${circle}" --stats 2> /dev/full`);
    expect(run).toMatchObject({ exitCode: 0, stdout: 'The circle is red.\n' });
  });
});

/** A disk of 64 KiB; undefined where this user may not make one. */
function smallDisk(): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'llava-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'llava-test', path], { stdio: 'ignore' });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
}

const disk = process.platform === 'linux' ? smallDisk() : undefined;
afterAll(() => {
  if (disk === undefined) return;
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

describe.runIf(disk !== undefined)('a disk that is full', () => {
  const full = disk ?? '';
  const fill = (bytes: number) => {
    writeFileSync(join(full, 'filler'), Buffer.alloc(bytes));
  };

  it.each([
    ['features -o', (path: string) => ({ args: ['features', circle, '-o', join(path, 'f.npy')] })],
    [
      'ask --draw',
      (path: string) => ({ args: ['ask', '-f', 'box', 'x', circle, '--draw', join(path, 'f.png')] }),
    ],
    [
      'eval demo, TMPDIR',
      (path: string) => ({ args: ['eval', 'demo', '--scenes', '9'], env: { TMPDIR: path } }),
    ],
  ])('%s', async (_, call: Call) => {
    fill(64 * 1024);
    const { args, env = {} } = call(full);
    const run = await runLlava(args, { env });
    expectInWords({ ...run, stdout: '' }, full);
    expect(run.stderr).toContain('the disk is full');
  });

  it('ask --cache goes on without the cache', async () => {
    fill(64 * 1024);
    const run = await runLlava(['ask', 'What color is the circle?', circle, '--cache', join(full, 'cache')]);
    expect(run).toMatchObject({ exitCode: 0, stdout: 'The circle is red.\n' });
    expect(run.stderr).toMatch(/^warning: Cannot write to the cache folder .*: the disk is full\.\n$/);
  });

  it('batch -o keeps what it could write, and tells how to go on', async () => {
    const many = join(folder, 'many.jsonl');
    const row = JSON.stringify({ image: circle, question: 'What is it?', note: 'n'.repeat(2000) });
    writeFileSync(many, `${row}\n`.repeat(40));
    fill(40 * 1024);
    const run = await runLlava(['batch', many, '-o', join(full, 'out.jsonl')]);
    expectInWords(run, 'out.jsonl');
    expect(run.stderr).toMatch(/the disk is full\.\ntry: .*--resume/);
  });
});

it('a question too long for the context is told what helps with ask, not with a chat', async () => {
  const run = await runLlava(['ask', 'word '.repeat(3000), circle, '--context', '1024']);
  expect(run).toMatchObject({ exitCode: 4, stdout: '' });
  expect(run.stderr).toMatch(
    /^error: The context is full: .*\ntry: Ask a shorter question, or --context \d+\n$/,
  );
});
