import { execa } from 'execa';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** Has the schemas of all Kubernetes releases in it. */
const CHECKER = 'kubernetes-validate==1.37.0';

const folder = temporaryFolder();
const manifests = readdirSync(projectFile('examples/scale'))
  .map((name) => projectFile(`examples/scale/${name}`))
  .filter((path) => /^apiVersion:/m.test(readFileSync(path, 'utf8')));

beforeAll(async () => {
  await execa('python3', ['-m', 'venv', join(folder, 'venv')]);
  await execa(join(folder, 'venv/bin/pip'), ['install', '--quiet', '--no-compile', CHECKER]);
}, 300_000);

/** What is wrong with a manifest: nothing, if it fits the schema and has no fields beside. */
async function problems(path: string): Promise<string> {
  const { stdout, stderr } = await execa(
    join(folder, 'venv/bin/kubernetes-validate'),
    ['--strict', '--quiet', path],
    {
      reject: false,
    },
  );
  return stdout + stderr;
}

describe('Kubernetes manifests', () => {
  it.each(manifests)('%s fits the schema', async (path) => {
    expect(await problems(path)).toBe('');
  });

  it('that do not fit are found', async () => {
    const wrong = join(folder, 'wrong.yaml');
    const right = readFileSync(projectFile('examples/scale/kubernetes-job.yaml'), 'utf8');
    writeFileSync(wrong, right.replace('completions:', 'completion:'));
    expect(await problems(wrong)).toContain("'completion' was unexpected");
  });
});
