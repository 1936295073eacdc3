/** How far one file has come. */
export interface TransferProgress {
  readonly file: string;
  readonly phase: 'downloading' | 'verifying' | 'waiting';
  /** Bytes that are here, those of earlier runs included. */
  readonly done: number;
  readonly total: number;
  /** Why nothing moves, such as `the hub asks to wait 30 s`. */
  readonly note?: string;
}

export type OnTransfer = (progress: TransferProgress) => void;
