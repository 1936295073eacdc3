/*
 * Decodes mutants of pictures in child processes: nothing that a file holds may end one, hold one up, or leave a stack.
 *
 *   npm run build && npx tsx test/pictures/mutants.ts [mutants] [seed]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Seeded } from '../reference/seeded.js';

const FOLDER = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));
const CHILD = fileURLToPath(new URL('decode-child.mjs', import.meta.url));
/** Mutants for each child: starting one takes longer than decoding. */
const FOR_A_CHILD = 40;
const LONGEST_MS = 20_000;

export interface MutantReport {
  readonly decoded: number;
  readonly refused: number;
  /** Signals, stacks, and what took too long. */
  readonly faults: readonly string[];
  readonly longestMs: number;
  readonly peakBytes: number;
}

/** Decodes `count` mutants of all fixtures in turn, the same for the same seed. */
export async function decodeMutants(count: number, seed: number): Promise<MutantReport> {
  const files = readdirSync(FOLDER).filter(
    (name) => !/^(?:expected|cases\.json|p3\.(?:png|tiff))$/.test(name),
  );
  const random = new Seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), 'llava-mutants-'));
  const report = { decoded: 0, refused: 0, faults: [] as string[], longestMs: 0, peakBytes: 0 };
  try {
    for (let done = 0; done < count; done += FOR_A_CHILD) {
      const paths = Array.from({ length: Math.min(FOR_A_CHILD, count - done) }, (_, index) => {
        const name = files[(done + index) % files.length]!;
        const path = join(folder, `${done + index}-${name}`);
        writeFileSync(path, mutate(readFileSync(join(FOLDER, name)), random));
        return path;
      });
      await decodeAll(paths, report);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return report;
}

/** Bytes changed, mostly in the header, or a piece taken out or doubled. */
function mutate(bytes: Buffer, random: Seeded): Buffer {
  const below = (limit: number) => random.below(limit);
  const reach = below(2) === 0 ? Math.min(bytes.length, 200) : bytes.length;
  switch (below(6)) {
    case 0:
      return bytes.subarray(0, below(bytes.length));
    case 1: {
      const from = below(reach);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + below(16))]);
    }
    case 2: {
      const from = below(reach);
      return Buffer.concat([bytes.subarray(0, from + 8), bytes.subarray(from)]);
    }
    default:
      for (let left = 1 + below(4); left > 0; left--)
        bytes[below(reach)] = [0, 1, 0x7f, 0x80, 0xff, below(256)][below(6)]!;
      return bytes;
  }
}

interface Outcome {
  readonly kind: string;
  readonly message: string;
  readonly ms: number;
}

type Counts = { -readonly [Name in keyof MutantReport]: MutantReport[Name] } & { faults: string[] };

async function decodeAll(paths: readonly string[], report: Counts): Promise<void> {
  const { signal, stdout, stderr } = await new Promise<{ signal: string; stdout: string; stderr: string }>(
    (resolve) => {
      execFile(process.execPath, [CHILD, ...paths], { maxBuffer: 1e8 }, (error, out, err) => {
        resolve({ signal: error?.signal ?? String(error?.code ?? ''), stdout: out, stderr: err });
      });
    },
  );
  if (signal !== '') {
    report.faults.push(`${paths[0]!} to ${paths.at(-1)!} ended with ${signal}: ${stderr.slice(0, 400)}`);
    return;
  }
  if (stderr !== '') report.faults.push(`${paths[0]!} to ${paths.at(-1)!} said ${stderr.slice(0, 400)}`);
  const { outcomes, peakBytes } = JSON.parse(stdout) as { outcomes: Outcome[]; peakBytes: number };
  report.peakBytes = Math.max(report.peakBytes, peakBytes);
  for (const [index, { kind, message, ms }] of outcomes.entries()) {
    report.longestMs = Math.max(report.longestMs, ms);
    if (kind === 'decoded') report.decoded++;
    else report.refused++;
    const isFault = (kind !== 'decoded' && kind !== 'input') || message.includes('\n') || ms > LONGEST_MS;
    if (isFault) report.faults.push(`${paths[index]!}: ${kind} after ${Math.round(ms)} ms: ${message}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = 3000, seed = 1] = process.argv.slice(2).map(Number);
  const report = await decodeMutants(count, seed);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}
