import type { IncomingMessage } from 'node:http';

/** A file that the hub has. */
export interface FakeFile {
  readonly repo: string;
  readonly path: string;
  readonly commit: string;
  readonly bytes: Buffer;
  /** Nothing is said of it without the hub's token. */
  readonly isGated?: boolean;
  /** Not in LFS: the hub itself serves it, and its entity tag is no SHA-256. */
  readonly isSmall?: boolean;
}

/** One request as the servers saw it. */
export interface SeenRequest {
  readonly server: 'hub' | 'cdn';
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Path of the file in its repository. */
  readonly file: string;
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** Requests of this method for this file on this server before. */
  readonly before: number;
  /** What went wrong with the answer. */
  fault: Fault | undefined;
  status: number;
  /** Bytes of the body handed out. */
  sent: number;
}

/** What goes wrong with an answer. */
export type Fault =
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** 200 with the whole file, whatever range was asked. */
  | { readonly kind: 'whole' }
  /** One byte of the body is another, at this offset of the answer. */
  | { readonly kind: 'wrong-bytes'; readonly at: number }
  /** Bytes, and a truthful `Content-Range`, from elsewhere. */
  | { readonly kind: 'wrong-range'; readonly shift: number }
  | { readonly kind: 'wrong-total'; readonly by: number }
  /** The body is so much longer or shorter than its `Content-Range`. */
  | { readonly kind: 'wrong-length'; readonly by: number }
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** All is well, only later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Headers and so many bytes, then silence. */
  | { readonly kind: 'stall'; readonly after: number };

export type FaultScript = (request: SeenRequest) => Fault | undefined;
