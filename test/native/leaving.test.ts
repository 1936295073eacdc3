import { execaNode } from 'execa';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeRandomVision } from '../reference/random-pair.js';
import { SLOW_VISION } from '../reference/random-vision.js';

it('a tower that encodes does not keep the process from leaving', async () => {
  const slow = writeRandomVision(temporaryFolder(), SLOW_VISION);
  const script = fileURLToPath(new URL('leave-while-encoding.ts', import.meta.url));
  const { exitCode, stdout } = await execaNode(script, [slow], {
    nodeOptions: ['--import', 'tsx'],
    reject: false,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: 'leaving' });
});
