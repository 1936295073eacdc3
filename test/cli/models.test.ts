import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { projectFile, runLlava } from '../helpers/run-llava.js';
import { writeRedCircle } from '../helpers/scene-pictures.js';
import { shapesHub } from '../helpers/shapes-hub.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const circle = await writeRedCircle(folder);
const { hub, machine } = await shapesHub(folder);
let env: Record<string, string> = {};
beforeEach(() => {
  env = machine();
});
const llava = (...args: string[]) => runLlava(args, { env });

describe('llava pull', () => {
  it('shows the licence, downloads both files, and ask uses them', async () => {
    const pull = await llava('pull', 's');
    expect(pull).toMatchObject({ exitCode: 0, stdout: '' });
    expect(pull.stderr).toMatch(
      /^shapes: 6\.3 MB from http.*\nlicence: MIT \(https:\/\/example\.org\/licence\)\n/,
    );
    expect(pull.stderr).toMatch(/downloading model\.gguf: 100 %, 4\.4 MB of 4\.4 MB\n/);
    expect(pull.stderr).toMatch(/shapes is downloaded\.\n$/);
    const ask = await llava('ask', 'What color is the circle?', circle);
    expect(ask).toEqual({ exitCode: 0, stdout: 'The circle is red.\n', stderr: '' });
  });

  it('of what is here asks nobody anything', async () => {
    await llava('pull', 'shapes');
    hub.requests.length = 0;
    const again = await llava('models', 'pull', 'shapes');
    expect(again).toEqual({ exitCode: 0, stdout: '', stderr: 'shapes is already downloaded.\n' });
    expect(hub.requests).toEqual([]);
  });

  it('keeps a part after Ctrl-C, and fetches only the rest', async () => {
    hub.pauseMs = 20;
    const stop = new AbortController();
    const kill = () => {
      if (hub.sentOf('model.gguf') > 1e6) stop.abort();
    };
    hub.onSent = kill;
    const stopped = await runLlava(['pull', 'shapes'], {
      env,
      cancelSignal: stop.signal,
      killSignal: 'SIGINT',
    });
    hub.onSent = () => undefined;
    hub.pauseMs = 0;
    expect(stopped.exitCode).toBe(130);
    const list = JSON.parse((await llava('models', 'list', '--json')).stdout) as ListedModels;
    const listed = list.models.find(({ name }) => name === 'shapes')!;
    expect(listed).toMatchObject({ state: 'partial', files: [{ state: 'partial' }, { state: 'missing' }] });
    const before = hub.sentOf('model.gguf');
    expect((await llava('pull', 'shapes')).exitCode).toBe(0);
    const rest = listed.files[0]!.totalBytes - listed.files[0]!.bytesHere;
    expect(hub.sentOf('model.gguf') - before).toBeLessThan(rest + 1e6);
  });

  it('offline says so, before any request', async () => {
    env['HF_HUB_OFFLINE'] = '1';
    const run = await llava('pull', 'shapes');
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/error: .*HF_HUB_OFFLINE is set.*\ntry: [^\n]+\n$/);
    expect(hub.requests).toEqual([]);
  });

  it('of a file that is not there names it', async () => {
    hub.faults = () => ({ kind: 'status', status: 404, headers: { 'x-error-code': 'EntryNotFound' } });
    const run = await llava('pull', 'shapes');
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/error: .*someone\/Shapes-GGUF\/model\.gguf[^\n]*\ntry: [^\n]+\n$/);
  });

  it('of a wrong endpoint or an unknown name is a mistake of the command line', async () => {
    env['HF_ENDPOINT'] = 'huggingface';
    expect(await llava('pull', 'shapes')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await llava('pull', 'nothing')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

interface ListedModels {
  readonly default: string;
  readonly models: readonly {
    readonly name: string;
    readonly files: readonly { readonly totalBytes: number; readonly bytesHere: number }[];
  }[];
}

describe('llava models', () => {
  it('lists what can be had and what is here, as a table', async () => {
    await llava('pull', 'shapes');
    const { stdout, exitCode } = await llava('models', 'list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^NAME +SHORT +SIZE +HERE +MEMORY +SPEED +MMBENCH +POPE +TEXTVQA +MME +LICENCE\n/);
    expect(stdout).toMatch(
      /^llava-1\.5-7b +7b +4\.7 GB +no +7\.1 GB, (fits|tight|too much) +1\.0× +64\.3 +85\.9 +58\.2 +1510\.7 +Llama 2/m,
    );
    expect(stdout).toMatch(/^shapes +s +6\.3 MB +yes /m);
    expect(stdout).toMatch(/^demo +6\.3 MB +yes /m);
  });

  it('gives the paths to other programs', async () => {
    const missing = await llava('models', 'path', 'shapes');
    expect(missing).toMatchObject({ exitCode: 4, stdout: '' });
    expect(missing.stderr).toMatch(/"shapes" are not on this machine\.\ntry: llava pull shapes\n$/);
    await llava('pull', 'shapes');
    const { stdout } = await llava('models', 'path', 's');
    const paths = stdout.trimEnd().split('\n');
    expect(paths.map((path) => readFileSync(path).length)).toEqual([
      readFileSync(projectFile('models/demo/model.gguf')).length,
      readFileSync(projectFile('models/demo/mmproj.gguf')).length,
    ]);
  });

  it('verifies, finds one changed byte, and pull mends it', async () => {
    await llava('pull', 'shapes');
    expect((await llava('models', 'verify')).stdout).toMatch(
      /^ok +shapes +model .*\nok +shapes +mmproj .*\n$/,
    );
    const [path = ''] = (await llava('models', 'path', 'shapes')).stdout.split('\n');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const bad = await llava('models', 'verify', 'shapes');
    expect(bad.exitCode).toBe(4);
    expect(bad.stdout).toMatch(/^BAD +shapes +model /m);
    expect((await llava('pull', 'shapes')).exitCode).toBe(0);
    expect((await llava('models', 'verify')).exitCode).toBe(0);
  });

  it('removes a model, and not the demo', async () => {
    await llava('pull', 'shapes');
    const run = await llava('models', 'rm', 'shapes');
    expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: 'shapes removed: 6.3 MB freed.\n' });
    expect(readdirSync(join(env['HF_HOME']!, 'hub'), { recursive: true }).join()).not.toContain('.gguf');
    expect((await llava('models', 'rm', 'demo')).exitCode).toBe(2);
  });

  it.each([
    [
      'a name',
      ['demo'],
      /^demo: A LLaVA-1\.5.*\nlicence: MIT\nconversation: vicuna_v1\nlanguage model {2}.*/,
    ],
    ['a folder', [projectFile('models/demo')], /^language model .*\n[^]*The pair fits/],
    ['two files in any order', ['mmproj', 'model'].map(demoFile), /The pair fits/],
    ['a language model', [demoFile('model')], /6 layers, 160 wide, 5 heads/],
    ['a projector', [demoFile('mmproj')], /112 × 112 pixels, 64 tokens/],
  ])('tells what the headers of %s say', async (_, names, says) => {
    const run = await llava('models', 'info', ...names);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(says);
    expect(JSON.parse((await llava('models', 'info', '--json', ...names)).stdout)).toBeTypeOf('object');
  });

  it('tells what is wrong with a file', async () => {
    const cut = join(folder, 'cut.gguf');
    writeFileSync(cut, readFileSync(demoFile('model')));
    truncateSync(cut, 1000);
    for (const name of [cut, join(folder, 'none.gguf'), circle, folder]) {
      const run = await llava('models', 'info', name);
      expect(run).toMatchObject({ exitCode: 4, stdout: '' });
      expect(run.stderr).toMatch(/^error: [^\n]+\ntry: [^\n]+\n$/);
    }
  });

  function demoFile(name: string): string {
    return projectFile(`models/demo/${name}.gguf`);
  }
});
