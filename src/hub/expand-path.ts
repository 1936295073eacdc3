import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * A path of an environment variable as Python's `expanduser` and `expandvars` read it: `~` and `~/…` become the
 * home folder, `$NAME` and `${NAME}` the variable. What is unknown stays as it stands.
 */
export function expandPath(path: string, env: NodeJS.ProcessEnv): string {
  const home = /^~(?=[/\\]|$)/.test(path) ? join(homeFolder(env), path.slice(1)) : path;
  return home.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    return env[braced ?? bare ?? ''] ?? whole;
  });
}

/** The user's own folder; `env` may name another, as shells and tests do. */
export function homeFolder(env: NodeJS.ProcessEnv): string {
  const named = process.platform === 'win32' ? env['USERPROFILE'] : env['HOME'];
  return named === undefined || named === '' ? homedir() : named;
}
