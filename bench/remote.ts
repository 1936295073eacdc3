/*
 * llava batch at a server that answers at once: the client's memory over a long run, and what a row costs beside the engine.
 * npm run build && npm run bench:remote -- [rows] [pictures] [photo]
 *
 * Pictures are drawn scenes, whose PNGs are small, or noise that is as hard to compress as photos. Linux only: memory and CPU
 * time are the kernel's (VmRSS, VmHWM, utime and stime of /proc). The last argument's NODE_OPTIONS go to the client alone.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawScenes } from '../src/eval/demo/demo-scenes.js';
import { LLAVA, TEST_ENVIRONMENT } from '../test/helpers/run-llava.js';

const [given = '1000000', pictures = '4', kind = 'scene', ...nodeOptions] = process.argv.slice(2);
const rows = Number(given);
/** Clock ticks of /proc a second: fixed in Linux's interface. */
const TICKS = 100;
const MARKS = [0.1, 0.5, 1];

const folder = mkdtempSync(join(tmpdir(), 'llava-bench-remote-'));
try {
  await measure();
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const images = kind === 'photo' ? await drawPhotos() : await drawn();
  const input = join(folder, 'in.jsonl');
  await writeRows(input, images);
  const server = fork(fileURLToPath(new URL('remote/instant-server.ts', import.meta.url)));
  const [address] = (await once(server, 'message')) as [string];
  const output = join(folder, 'out.jsonl');
  const start = performance.now();
  const client = spawn(
    process.execPath,
    [...nodeOptions, LLAVA, 'batch', input, '-o', output, '--server', address],
    { env: { ...process.env, ...TEST_ENVIRONMENT }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  process.stdout.write(`${rows} rows about ${images.length} pictures (${kind}), node ${process.version}\n`);
  process.stdout.write('    rows  memory, MB  ms a row\n');
  let last = { memory: 0, peak: 0, cpuMs: 0 };
  const marks = MARKS.map((share) => Math.ceil(rows * share));
  while (client.exitCode === null) {
    last = usageOf(client) ?? last;
    const answered = await askedOf(server);
    while (marks[0] !== undefined && answered >= marks[0]) {
      const columns = [
        String(marks.shift()).padStart(8),
        last.memory.toFixed(0).padStart(10),
        ((performance.now() - start) / answered).toFixed(3).padStart(8),
      ];
      process.stdout.write(`${columns.join('  ')}\n`);
    }
    await sleep(100);
  }
  const wallMs = performance.now() - start;
  server.disconnect();
  await checkOutput(output);
  process.stdout.write(
    `peak memory ${last.peak.toFixed(0)} MB; a row takes ${(wallMs / rows).toFixed(3)} ms, ` +
      `of the client's CPU ${(last.cpuMs / rows).toFixed(3)} ms; ` +
      `journal ${(statSync(`${output}.journal`).size / 1e6).toFixed(0)} MB\n`,
  );
}

async function drawn(): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of drawScenes(folder, 7, Number(pictures))) paths.push(path);
  return paths;
}

async function drawPhotos(): Promise<readonly string[]> {
  const paths: string[] = [];
  for (let number = 0; number < Number(pictures); number++) {
    const path = join(folder, `${number}.jpg`);
    const noise = { type: 'gaussian', mean: 100 + number, sigma: 40 } as const;
    await sharp({ create: { width: 1024, height: 768, channels: 3, background: 'gray', noise } })
      .blur(1.5)
      .jpeg()
      .toFile(path);
    paths.push(path);
  }
  return paths;
}

async function writeRows(path: string, images: readonly string[]): Promise<void> {
  const file = await open(path, 'w');
  let text = '';
  for (let id = 0; id < rows; id++) {
    const question = `What color is the circle of row ${id}?`;
    text += `${JSON.stringify({ id, image: images[id % images.length], question, format: 'short' })}\n`;
    if (text.length < 1 << 20 && id < rows - 1) continue;
    await file.write(text);
    text = '';
  }
  await file.close();
}

/** Megabytes now and at most, and milliseconds of CPU time; undefined when it has just ended. */
function usageOf({ pid }: ChildProcess): { memory: number; peak: number; cpuMs: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, now] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
    const [, most] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    if (now === undefined || most === undefined) return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold spaces: utime and stime are the 12th and the 13th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return {
      memory: (Number(now) * 1024) / 1e6,
      peak: (Number(most) * 1024) / 1e6,
      cpuMs: (ticks * 1000) / TICKS,
    };
  } catch {
    return undefined;
  }
}

async function askedOf(server: ChildProcess): Promise<number> {
  server.send('asked');
  const [answered] = (await once(server, 'message')) as [number];
  return answered;
}

/** @throws when a row is missing, twice there, out of order or without an answer */
async function checkOutput(path: string): Promise<void> {
  let next = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { id, answer } = JSON.parse(line) as { id: number; answer?: string };
    if (id !== next++ || answer === undefined) throw new Error(`Row ${next - 1} is wrong: ${line}`);
  }
  if (next !== rows) throw new Error(`${next} of ${rows} rows are there.`);
}
