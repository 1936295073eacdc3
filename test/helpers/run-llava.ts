import { execa, type Options } from 'execa';
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

/** Runs `llava` as users do and gives back all it said; a failing exit code is a result, not an error. */
export async function runLlava(args: readonly string[], options: Options = {}): Promise<LlavaRun> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [LLAVA, ...args], {
    reject: false,
    stripFinalNewline: false,
    stdin: 'ignore',
    ...options,
    env: { NO_COLOR: '1', ...options.env },
  });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}
