import { formatBytes, formatDuration } from '../llava/format.js';
import type { Io } from './io.js';
import { printable } from './printable.js';
import { startProgress } from './progress.js';

/** How far a file has come; see `TransferProgress` of the weights. */
export interface ShownTransfer {
  readonly file: string;
  readonly phase: 'downloading' | 'verifying' | 'waiting' | 'writing' | 'quantising';
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}

/** Shows transfers until it is disposed of. */
export interface TransferDisplay extends Disposable {
  show(transfer: ShownTransfer): void;
}

/** Plain lines come this far apart, in milliseconds: a log stays readable. */
const LINE_EVERY_MS = 10_000;
/** A terminal is drawn anew at most this often. */
const FRAME_EVERY_MS = 100;

/** A line that changes on a terminal; elsewhere a plain line now and then, and at each change of what is done. */
export function startTransferDisplay(io: Io): TransferDisplay {
  const progress = startProgress(io);
  const every = io.stderrIsTerminal ? FRAME_EVERY_MS : LINE_EVERY_MS;
  let rate = new TransferRate();
  let topic = '';
  let lastShown = 0;
  return {
    show(transfer) {
      const now = performance.now();
      const nextTopic = `${transfer.file} ${transfer.phase} ${transfer.note ?? ''}`;
      if (nextTopic !== topic) rate = new TransferRate();
      rate.add(now, transfer.done);
      if (nextTopic === topic && now - lastShown < every && transfer.done < transfer.total) return;
      topic = nextTopic;
      lastShown = now;
      const line = describeTransfer(transfer, rate);
      if (io.stderrIsTerminal) progress.say(line);
      else io.stderr.write(`${line}\n`);
    },
    [Symbol.dispose]: () => {
      progress[Symbol.dispose]();
    },
  };
}

/** One line: `downloading a.gguf: 34 %, 1.4 GB of 4.1 GB, 23 MB/s, 1 min 54 s left`. */
export function describeTransfer(transfer: ShownTransfer, rate: TransferRate): string {
  const { phase, file, done, total, note } = transfer;
  if (phase === 'waiting') return printable(`waiting for ${file}: ${note ?? 'no answer yet'}`);
  const perSecond = rate.bytesPerSecond;
  const left = rate.secondsLeft(total);
  const parts = [
    `${Math.floor((100 * done) / Math.max(total, 1))} %`,
    `${formatBytes(done)} of ${formatBytes(total)}`,
    ...(perSecond === undefined ? [] : [`${formatBytes(perSecond)}/s`]),
    ...(left === undefined || done === total ? [] : [`${formatDuration(left)} left`]),
    ...(note === undefined ? [] : [note]),
  ];
  return printable(`${phase} ${file}: ${parts.join(', ')}`);
}

/** Samples older than this no longer count, in milliseconds. */
const WINDOW_MS = 8000;

/** Bytes per second over the last seconds, and the time that is left at that rate. */
export class TransferRate {
  readonly #samples: { readonly at: number; readonly done: number }[] = [];

  /** @param at milliseconds on a steady clock; @param done bytes that are here */
  add(at: number, done: number): void {
    this.#samples.push({ at, done });
    while ((this.#samples[0]?.at ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Undefined until a second has been seen. */
  get bytesPerSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 1000) return undefined;
    return Math.max(0, ((last.done - first.done) * 1000) / (last.at - first.at));
  }

  /** Undefined while nothing moves. */
  secondsLeft(total: number): number | undefined {
    const rate = this.bytesPerSecond;
    const done = this.#samples.at(-1)?.done;
    return rate === undefined || rate === 0 || done === undefined ? undefined : (total - done) / rate;
  }
}
