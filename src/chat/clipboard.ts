import { spawn } from 'node:child_process';
import { ExpectedError } from '../llava/expected-error.js';
import { MAX_PICTURE_BYTES } from '../llava/picture-bytes.js';

/** A program with its arguments; never a line for a shell. */
export type ToolCall = readonly [program: string, ...args: string[]];

type Environment = Readonly<Record<string, string | undefined>>;

/** Longest wait for a tool, in milliseconds. */
const PATIENCE_MS = 10_000;

const POWERSHELL_PICTURE = [
  'Add-Type -AssemblyName System.Windows.Forms, System.Drawing',
  '$image = [System.Windows.Forms.Clipboard]::GetImage()',
  'if ($image -eq $null) { exit 1 }',
  '$stream = New-Object System.IO.MemoryStream',
  '$image.Save($stream, [System.Drawing.Imaging.ImageFormat]::Png)',
  '[Console]::OpenStandardOutput().Write($stream.ToArray(), 0, $stream.Length)',
].join('; ');

/** What can write the clipboard's picture to its stdout here, the likeliest first. */
export function pictureTools(platform: NodeJS.Platform, env: Environment): readonly ToolCall[] {
  if (platform === 'darwin') return [['pngpaste', '-']];
  const powershell: ToolCall = ['powershell.exe', '-NoProfile', '-Sta', '-Command', POWERSHELL_PICTURE];
  if (platform === 'win32') return [powershell];
  const wayland: ToolCall = ['wl-paste', '--no-newline', '--type', 'image/png'];
  const x11: ToolCall = ['xclip', '-selection', 'clipboard', '-target', 'image/png', '-out'];
  return [
    ...(isSet(env, 'WAYLAND_DISPLAY') ? [wayland] : []),
    ...(isSet(env, 'DISPLAY') ? [x11] : []),
    ...(isSet(env, 'WSL_DISTRO_NAME') ? [powershell] : []),
  ];
}

/** What can put its stdin on the clipboard here, the likeliest first. */
export function copyTools(platform: NodeJS.Platform, env: Environment): readonly ToolCall[] {
  if (platform === 'darwin') return [['pbcopy']];
  if (platform === 'win32') return [['clip.exe']];
  return [
    ...(isSet(env, 'WAYLAND_DISPLAY') ? [['wl-copy'] as const] : []),
    ...(isSet(env, 'DISPLAY') ? [['xclip', '-selection', 'clipboard', '-in'] as const] : []),
    ...(isSet(env, 'WSL_DISTRO_NAME') ? [['clip.exe'] as const] : []),
  ];
}

/**
 * The picture on the clipboard, as the first tool that is here gives it.
 * @throws ExpectedError('input') when there is no tool, or no picture
 */
export async function readClipboardPicture(
  tools: readonly ToolCall[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  let isToolHere = false;
  for (const tool of tools) {
    const output = await run(tool, undefined, signal);
    if (output === 'not here') continue;
    isToolHere = true;
    if (output instanceof Buffer && output.length > 0) return output;
  }
  if (isToolHere)
    throw new ExpectedError('input', 'There is no picture on the clipboard.', {
      hint: 'Copy a picture first, or name a file',
    });
  throw new ExpectedError('input', 'No program here can read pictures from the clipboard.', {
    hint: 'Install wl-clipboard (Wayland), xclip (X11) or pngpaste (macOS)',
  });
}

/** Puts text on the clipboard; false when no tool here can. */
export async function copyText(
  text: string,
  tools: readonly ToolCall[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const tool of tools) if ((await run(tool, text, signal)) instanceof Buffer) return true;
  return false;
}

/** The tool's stdout, or how it came to nothing. */
function run(
  [program, ...args]: ToolCall,
  input: string | undefined,
  signal: AbortSignal,
): Promise<Buffer | 'failed' | 'not here'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      // A copying tool may stay to serve the clipboard; its output must not keep this waiting.
      stdio: ['pipe', input === undefined ? 'pipe' : 'ignore', 'ignore'],
      windowsHide: true,
      timeout: PATIENCE_MS,
      signal,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_PICTURE_BYTES) child.kill();
      else chunks.push(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') reject(error);
      else resolve('not here');
    });
    child.on('close', (code) => {
      resolve(code === 0 ? Buffer.concat(chunks) : 'failed');
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '') !== '';
}
