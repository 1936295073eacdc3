import type { TransferProgress } from '../hub/transfer/transfer-progress.js';
import type { Model } from '../weights/catalogue.js';
import type { Environment } from './environment.js';

/** A model that could be downloaded now, and what that costs. */
export interface DownloadOffer {
  readonly model: Model;
  readonly downloadBytes: number;
  readonly freeBytes: number;
  /** Address of the hub. */
  readonly from: string;
}

/** Who opens an engine: what may be asked of them, and what they are told. */
export interface OpeningHost {
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Hears what the user should know, in a sentence. */
  note(text: string): void;
  /** Shows what is being waited for, until it is disposed of. */
  startProgress(): Disposable & { say(text: string): void };
  /** Shows a download, until it is disposed of. */
  startTransfer(): Disposable & { show(progress: TransferProgress): void };
  /** Whether to download a model; undefined where nobody can be asked. */
  confirmDownload: ((offer: DownloadOffer) => Promise<boolean>) | undefined;
}
