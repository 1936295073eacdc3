import { execa, type Options } from 'execa';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The real binary of this checkout. */
export const LLAVA = fileURLToPath(new URL('../../bin/llava.js', import.meta.url));

/** A file of the project, by its path from the project's folder. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export interface LlavaRun {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** No folder: what this machine keeps of settings, weights and hashes stays out of the tests. */
const NOWHERE = join(tmpdir(), 'llava-test-nowhere');

/** The demo model, and none of this machine's own settings. */
export const TEST_ENVIRONMENT = {
  NO_COLOR: '1',
  LLAVA_MODEL: 'demo',
  XDG_CONFIG_HOME: NOWHERE,
  // On its own: what chats remember is not what others may find of kept engines.
  XDG_DATA_HOME: join(NOWHERE, 'data'),
  XDG_RUNTIME_DIR: NOWHERE,
  HF_HOME: NOWHERE,
};

/** Runs `llava` as users do and gives back all it said; a failing exit code is a result, not an error. */
export async function runLlava(args: readonly string[], options: Options = {}): Promise<LlavaRun> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [LLAVA, ...args], {
    reject: false,
    stripFinalNewline: false,
    stdin: 'ignore',
    ...options,
    env: { ...TEST_ENVIRONMENT, ...options.env },
  });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}
