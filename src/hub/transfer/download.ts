import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExpectedError } from '../../llava/expected-error.js';
import { hashFile } from '../hash-file.js';
import { HubSession } from '../http/hub-session.js';
import { DEFAULT_PACE, type Pace } from '../http/pace.js';
import { gaveUp, nameOfFile } from '../http/refusal.js';
import type { HubFile } from '../hub-file.js';
import type { HubSettings } from '../hub-settings.js';
import { diskError, checkDiskSpace } from './disk.js';
import { FileLocation } from './file-location.js';
import { FrontHash } from './front-hash.js';
import { bytesIn } from './gaps.js';
import { holdLock } from './hold-lock.js';
import { PartFile, readPresent, removePart } from './part-file.js';
import { type OnTransfer, TransferReporter } from './transfer-progress.js';
import { Transfer } from './transfer.js';

export interface DownloadRequest {
  readonly file: HubFile;
  /** Commit to fetch. */
  readonly commit: string;
  readonly bytes: number;
  readonly sha256: string | undefined;
  /** Final path; until it is whole the part lies beside it: `.part`, `.part.log`, and `.lock` while it is written. */
  readonly target: string;
}

export interface DownloadOptions {
  /** 1 to 16; 4 when left out. */
  readonly connections?: number;
  readonly onProgress?: OnTransfer;
  readonly signal?: AbortSignal;
  readonly pace?: Pace;
}

/** A mirror may have damaged a file once; the second time it is the file. */
const MOST_COPIES = 2;

/** Bytes of an unfinished download of `target` that are on disk; 0 when there is none. */
export async function bytesOfPart(target: string): Promise<number> {
  return bytesIn((await readPresent(target)).present);
}

/**
 * Downloads a file, or the rest of it, and puts it at its final path once size and SHA-256 are right. Another
 * process that is at it is waited for, and its result taken. Whatever stops it, the part stays for the next time.
 * @throws ExpectedError('weights') in words for users; the signal's reason on abort
 */
export async function downloadFile(
  request: DownloadRequest,
  settings: HubSettings,
  options: DownloadOptions = {},
): Promise<void> {
  const { target, bytes } = request;
  const { signal, pace = DEFAULT_PACE } = options;
  signal?.throwIfAborted();
  await using session = await HubSession.open(settings, pace);
  await mkdir(dirname(target), { recursive: true }).catch((error: unknown) => {
    throw diskError(target, error);
  });
  const reporter = new TransferReporter(request.file.path, bytes, options.onProgress);
  const onWait = (): void => {
    reporter.wait('another process is downloading it');
  };
  for (;;) {
    await using lock = await holdLock(target, { pace, signal, onWait });
    if (await isThere(request, signal)) {
      // Whoever was killed just after it was whole left the log.
      await removePart(target);
      return;
    }
    try {
      await downloadAlone(
        request,
        session,
        { ...options, pace, signal: joinSignals(lock.lost, signal) },
        reporter,
      );
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // Whoever took the lock over goes on with the part: wait for it.
      if (!lock.lost.aborted) throw gaveUp(request.file, error);
    }
  }
}

async function downloadAlone(
  request: DownloadRequest,
  session: HubSession,
  options: { connections?: number; pace: Pace; signal: AbortSignal },
  reporter: TransferReporter,
): Promise<void> {
  const { file, commit, bytes, sha256, target } = request;
  const { pace, signal, connections = 4 } = options;
  const location = new FileLocation(session, file, commit, bytes, signal);
  for (let copy = 1; ; copy++) {
    const part = await PartFile.open(target, {
      bytes,
      name: sha256 ?? `${file.repo}/${file.path}@${commit}`,
    });
    const hash = new FrontHash(part);
    const onBytes = (): void => {
      hash.follow(signal);
      reporter.come(part.arrived);
    };
    try {
      await checkDiskSpace(target, bytes - part.arrived);
      onBytes();
      const onWait = (note: string): void => {
        reporter.wait(note);
      };
      await new Transfer({ session, location, part, pace, connections, signal, onBytes, onWait }).run();
      const actual = await hash.finish(signal, () => {
        reporter.verify(hash.position);
      });
      if (sha256 === undefined || actual === sha256) {
        signal.throwIfAborted();
        await part.finish();
        reporter.end();
        return;
      }
      await part.discard();
      if (copy === MOST_COPIES) throw damaged(request, actual);
    } finally {
      await hash.settle();
      await part[Symbol.asyncDispose]();
    }
  }
}

/** Whoever put a file of that size there, only its hash tells that it is the one; another is removed. */
async function isThere({ target, bytes, sha256 }: DownloadRequest, signal?: AbortSignal): Promise<boolean> {
  const stats = await stat(target).catch(() => undefined);
  if (stats?.size !== bytes) return false;
  if (sha256 === undefined || (await hashFile(target, { signal })) === sha256) return true;
  await rm(target, { force: true });
  return false;
}

function joinSignals(lost: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? lost : AbortSignal.any([lost, signal]);
}

function damaged({ file, sha256 }: DownloadRequest, actual: string): ExpectedError {
  return new ExpectedError(
    'weights',
    `${nameOfFile(file)} arrived twice with the SHA-256 ${actual} instead of ${sha256 ?? ''}; it was removed.`,
    { hint: 'Try again later; if HF_ENDPOINT or a proxy is set, try without it' },
  );
}
