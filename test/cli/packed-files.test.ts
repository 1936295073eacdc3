import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';

/** What a package may hold; each is there for a reason. */
const WANTED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|THIRD-PARTY\.md|models\.json)$/,
  /^bin\/llava\.js$/,
  /^dist\/(page\.html|third-party-licences\.txt|program\/[\w.-]+\.(js|wasm))$/,
  /^models\/demo\/(model\.gguf|mmproj\.gguf|README\.md)$/,
  /^prebuilds\/(linux|darwin|win32)-(x64|arm64)\/llava_native\.node$/,
  // For systems without a prebuilt addon.
  /^native\/(addon|bridge|ggml|gguf|kernels|vision)\/[\w/]+\.(cc|h)$/,
  /^native\/(failure\.h|binding\.gyp|build\.js|build-inputs\.js|run-program\.js|exports\.map)$/,
];

async function packedFiles(): Promise<readonly string[]> {
  const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: projectFile('.'),
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }];
  return files.map(({ path }) => path);
}

it('npm packs what users need, and nothing else', async () => {
  const files = await packedFiles();
  expect(files.filter((file) => !WANTED.some((pattern) => pattern.test(file)))).toEqual([]);
  const sources = [...readFileSync(projectFile('native/binding.gyp'), 'utf8').matchAll(/[\w/]+\.cc/g)];
  for (const [source] of sources) expect(files).toContain(`native/${source.replace(/^\//, '')}`);
  for (const file of ['dist/program/main.js', 'dist/page.html', 'models/demo/model.gguf'])
    expect(files).toContain(file);
});

it('the package runs no scripts when it is installed', () => {
  const { scripts } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
