import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a terminal writes when a file is dropped on it, or a user types for one. */
export interface PathContext {
  readonly home: string;
  readonly isWindows: boolean;
}

const HERE: PathContext = { home: homedir(), isWindows: process.platform === 'win32' };

/**
 * The ways `text` can be meant as one path, the likeliest first: quoted, with backslashes before special characters,
 * as a `file://` address, from `~`, or as it stands. Whether a file is there is for the caller to see.
 */
export function readPaths(text: string, context: PathContext = HERE): readonly string[] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.includes('\n')) return [];
  const address = fromFileAddress(unquote(trimmed) ?? trimmed, context);
  if (address !== undefined) return [address];
  const quoted = unquote(trimmed);
  if (quoted !== undefined) return [quoted, trimmed];
  const unescaped = context.isWindows ? trimmed : trimmed.replace(/\\(.)/gu, '$1');
  return [...new Set([unescaped, trimmed].map((path) => fromHome(path, context)))];
}

/** Whether `text` is the address of a picture on the web. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text.trim());
}

/** The inside of one pair of quotes around it all; `'\''` is the shell's way to have a quote inside. */
function unquote(text: string): string | undefined {
  if (/^'.*'$/s.test(text) && text.length > 1) {
    const inside = text.slice(1, -1).replaceAll(`'\\''`, '\0');
    return inside.includes("'") ? undefined : inside.replaceAll('\0', "'");
  }
  const double = /^"((?:[^"\\]|\\.)*)"$/s.exec(text)?.[1];
  return double?.replace(/\\(["\\$`])/g, '$1');
}

function fromHome(path: string, { home }: PathContext): string {
  return /^~(?=[/\\]|$)/.test(path) ? join(home, path.slice(1)) : path;
}

/** The path of a `file://` address of this machine: a host is a share that nobody named. */
export function fromFileAddress(text: string, { isWindows }: PathContext = HERE): string | undefined {
  if (!/^file:/i.test(text)) return undefined;
  try {
    const address = new URL(text);
    if (address.hostname !== '' && address.hostname !== 'localhost') return undefined;
    return fileURLToPath(`file://${address.pathname}`, { windows: isWindows });
  } catch {
    return undefined;
  }
}
