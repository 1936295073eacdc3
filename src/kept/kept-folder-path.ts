import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../opening/environment.js';

/** `$XDG_RUNTIME_DIR/llava`, which ends with the session, or a folder in the one for temporary files. */
export function keptFolderPath(env: Environment): string {
  if (process.platform === 'win32') return join(env['LOCALAPPDATA'] ?? tmpdir(), 'llava-kept');
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && runtime !== '') return join(runtime, 'llava');
  return join(tmpdir(), `llava-${process.getuid?.() ?? 0}`);
}
