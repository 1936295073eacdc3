import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DownloadRequest } from '../../src/hub/transfer/download.js';
import type { HubSettings } from '../../src/hub/hub-settings.js';
import { QUICK_PACE } from './fixture.js';

export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

const script = fileURLToPath(new URL('download-child.mjs', import.meta.url));

/**
 * Downloads at the same time in a process of its own, by the built tool; many at once are slow, which is no
 * stall. `limit` is the longest file that it may write, in the shell's blocks.
 */
export function startChild(
  requests: readonly DownloadRequest[],
  settings: HubSettings,
  { env = {}, limit = 'unlimited' }: { env?: NodeJS.ProcessEnv; limit?: string } = {},
): { child: ChildProcess; ended: Promise<ChildResult> } {
  const args = [
    '-c',
    `ulimit -f ${limit} && exec "$@"`,
    'sh',
    process.execPath,
    script,
    JSON.stringify([requests, settings, { pace: { ...QUICK_PACE, stalledMs: 4000 } }]),
  ];
  const child = spawn('sh', args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise<ChildResult>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, output });
    });
  });
  return { child, ended };
}
