import { formatBytes } from './format-bytes.js';
import { formatDuration } from './format-duration.js';
import type { Io } from './io.js';
import { startProgress } from './progress.js';
import { printable } from './printable.js';
import { TransferRate } from './transfer-rate.js';

/** How far a file has come; see `TransferProgress` of the weights. */
export interface ShownTransfer {
  readonly file: string;
  readonly phase: 'downloading' | 'verifying' | 'waiting';
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
