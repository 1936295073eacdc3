import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePictures } from '../batch/batch-files.js';
import { runLlava } from '../helpers/run-llava.js';
import { StubServer, type StubOptions } from '../helpers/stub-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const picture = join(await writePictures(temporaryFolder(), 1), '0.png');

async function askAt(options: StubOptions, ...flags: string[]) {
  await using server = await StubServer.start(options);
  const run = await runLlava(['ask', 'row 1', picture, '--server', server.address, ...flags]);
  return { ...run, asked: server.asked.size };
}

describe('the check of a server’s prompt', () => {
  it.each(['openai', 'sglang', 'vllm'] as const)('passes when it is LLaVA-1.5’s: %s', async (owner) => {
    expect(await askAt({ owner })).toMatchObject({ exitCode: 0, stdout: 'To row 1\n', stderr: '' });
  });

  it('says nothing where many servers are asked at once', async () => {
    const servers = await Promise.all(Array.from({ length: 8 }, () => StubServer.start({ owner: 'vllm' })));
    const run = await runLlava([
      'ask',
      'row 1',
      picture,
      ...servers.flatMap(({ address }) => ['--server', address]),
    ]);
    for (const server of servers) await server[Symbol.asyncDispose]();
    expect(run).toMatchObject({ exitCode: 0, stdout: 'To row 1\n', stderr: '' });
  });

  it('refuses another number of tokens, and tells both', async () => {
    const run = await askAt({ moreTokens: 2 });
    expect(run).toMatchObject({ exitCode: 4, stdout: '', asked: 0 });
    expect(run.stderr).toMatch(
      /It writes 624 tokens, not 622, 576 of them the picture’s\.\ntry: .*--any-prompt/,
    );
  });

  it('refuses a template without the system text, and shows both', async () => {
    const run = await askAt({ owner: 'vllm', hasSystemText: false });
    expect(run).toMatchObject({ exitCode: 4, stdout: '', asked: 0 });
    expect(run.stderr).toMatch(
      /It writes "<s> ?USER: ?<image>.*What is this\? ASSISTANT:", not "A chat between .* USER: <image>.*What is this\? ASSISTANT:"\./,
    );
  });

  it.each([{ moreTokens: 2 }, { owner: 'vllm', hasSystemText: false }] as const)(
    'is told but not heeded with --any-prompt: %o',
    async (options) => {
      const run = await askAt(options, '--any-prompt');
      expect(run).toMatchObject({ exitCode: 0, stdout: 'To row 1\n' });
      expect(run.stderr).toMatch(
        /^warning: The server ".*" asks in other words than LLaVA-1\.5 was trained with\. It writes .*, not .* Its answers may be worse\.\n$/,
      );
    },
  );
});
