/*
 * Do two builds behave the same, to the byte?
 *
 *   npm run bench:same-bytes -- BEFORE_FOLDER [AFTER_FOLDER] [--filter TEXT] [--reworded]
 *
 * Each folder is a built checkout; AFTER_FOLDER is this one unless it is named. Every line of same-bytes/commands.txt
 * (with --filter, every line that contains TEXT) runs on the demo model in both, side by side, each in a fresh folder
 * made by same-bytes/prepare.sh. Standard output, standard error, the exit code and every file left behind must be
 * equal, apart from what MASKS lists. With --reworded, sentences may differ: standard error, help, and the messages of
 * error rows are left out. Prints each difference; exits with 1 if there is one.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { projectFile } from '../test/helpers/run-llava.js';

/** What differs between two runs of one build: times, dates, free memory and process ids. Folders are masked in `settle`. */
const MASKS: readonly [pattern: RegExp, instead: string][] = [
  [/\b\d+(\.\d+)? ms\b/g, '# ms'],
  [/\b\d+(\.\d+)?\/s\b/g, '#/s'],
  [/"ms":\s*\{[^}]*\}/g, '"ms":{#}'],
  [/"(created|savedAt)":\s*\d+/g, '"$1":#'],
  [/\b[\d.]+ (MB|GB)( of [\d.]+ GB)? free\b/g, '# free'],
  [/ of [\d.]+ [MG]B of memory\b/g, ' of # of memory'],
  [/\.\d+\.part\b/g, '.#.part'],
  [/"hostFreeBytes":\s*\d+/g, '"hostFreeBytes":#'],
];

/** Messages and hints in error rows and in JSON. */
const SENTENCES: typeof MASKS = [[/"(message|hint|note)":\s*"(?:[^"\\]|\\.)*"/g, '"$1":"#"']];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: 'string', default: '' }, reworded: { type: 'boolean', default: false } },
});
const [before, after = projectFile('.')] = positionals.map((folder) => resolve(folder));
if (before === undefined) {
  process.stderr.write(
    'Usage: npm run bench:same-bytes -- BEFORE_FOLDER [AFTER_FOLDER] [--filter TEXT] [--reworded]\n',
  );
  process.exit(2);
}
const lines = readFileSync(projectFile('bench/same-bytes/commands.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#') && line.includes(values.filter))
  .filter((line) => !(values.reworded && /--help|\bllava$/.test(line)));

const workplace = mkdtempSync(join(tmpdir(), 'same-bytes-'));
try {
  const template = await makeTemplate();
  const checkouts = [makeCommand(before, 'before'), makeCommand(after, 'after')] as const;
  let different = 0;
  for (const [index, line] of lines.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${lines.length}`);
    const [one, other] = await Promise.all(checkouts.map((checkout) => run(line, checkout, template)));
    const differences = compare(one!, other!);
    if (differences.length > 0) {
      different++;
      process.stdout.write(`${process.stderr.isTTY ? '\n' : ''}different: ${line}\n${differences.join('')}`);
    }
  }
  const commands = lines.join('\n').match(/\bllava (?!-)?/g)?.length ?? 0;
  process.stdout.write(`${lines.length} lines, ${commands} commands: ${different} lines differ\n`);
  process.exitCode = different > 0 ? 1 : 0;
} finally {
  rmSync(workplace, { recursive: true, force: true });
}

interface Checkout {
  readonly folder: string;
  /** A folder with the program `llava` alone. */
  readonly bin: string;
}

/** What a line of commands left behind, by name: its streams, its exit code and its files. */
type Traces = ReadonlyMap<string, Buffer>;

/** The folder that each line starts in. */
async function makeTemplate(): Promise<string> {
  const folder = join(workplace, 'template');
  cpSync(projectFile('examples'), join(folder, 'examples'), { recursive: true });
  cpSync(projectFile('test/fixtures/pictures'), join(folder, 'pictures'), { recursive: true });
  await execa('sh', ['-e', projectFile('bench/same-bytes/prepare.sh')], { cwd: folder });
  return folder;
}

function makeCommand(folder: string, name: string): Checkout {
  const bin = join(workplace, `bin-${name}`);
  mkdirSync(bin);
  const program = join(folder, 'bin', 'llava.js');
  writeFileSync(join(bin, 'llava'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
    mode: 0o755,
  });
  return { folder, bin };
}

async function run(line: string, checkout: Checkout, template: string): Promise<Traces> {
  const folder = mkdtempSync(join(workplace, 'run-'));
  cpSync(template, folder, { recursive: true });
  const home = join(folder, 'home');
  const { stdout, stderr, exitCode, timedOut } = await execa('sh', ['-c', line], {
    cwd: folder,
    reject: false,
    stripFinalNewline: false,
    encoding: 'buffer',
    stdin: 'ignore',
    timeout: 180_000,
    extendEnv: false,
    env: {
      PATH: `${checkout.bin}${delimiter}${process.env['PATH'] ?? ''}`,
      NO_COLOR: '1',
      LLAVA_MODEL: 'demo',
      LLAVA_DEVICE: 'cpu',
      HOME: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      HF_HOME: join(home, 'hub'),
      HF_ENDPOINT: 'http://127.0.0.1:9',
    },
  });
  const traces = new Map<string, Buffer>([
    ['stdout', Buffer.from(stdout)],
    ['stderr', Buffer.from(stderr)],
    ['exit code', Buffer.from(timedOut ? 'timed out' : String(exitCode))],
  ]);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? readFileSync(path) : Buffer.from('not a file');
    traces.set(`file ${path.slice(folder.length + 1)}`, content);
  }
  rmSync(folder, { recursive: true, force: true });
  return new Map([...traces].map(([name, bytes]) => [name, settle(bytes, folder, checkout.folder)]));
}

/** The bytes with folders and all of MASKS masked; those of a file that is no text as they are. */
function settle(bytes: Buffer, folder: string, checkout: string): Buffer {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return bytes;
  const masks = values.reworded ? [...MASKS, ...SENTENCES] : MASKS;
  const masked = masks.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
  return Buffer.from(masked.replaceAll(folder, 'FOLDER').replaceAll(checkout.replace(/\/$/, ''), 'CHECKOUT'));
}

/** One short text for each trace that differs. */
function compare(before: Traces, after: Traces): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    if (values.reworded && name === 'stderr') return [];
    const [one, other] = [before.get(name), after.get(name)];
    if (one !== undefined && other !== undefined && one.equals(other)) return [];
    return [`  ${name}\n${firstDifference(one, other)}`];
  });
}

/** The first lines that differ, or the first byte. */
function firstDifference(before: Buffer | undefined, after: Buffer | undefined): string {
  if (before === undefined) return '    is there after only\n';
  if (after === undefined) return '    is there before only\n';
  const [ones, others] = [before, after].map((bytes) => bytes.toString('utf8').split('\n'));
  const at = ones!.findIndex((line, index) => line !== others![index]);
  const first = at === -1 ? ones!.length : at;
  const show = (lines: readonly string[], sign: string) =>
    lines
      .slice(first, first + 3)
      .map((line) => `    ${sign} ${line.slice(0, 300)}\n`)
      .join('');
  return show(ones!, '-') + show(others!, '+');
}
