/** `check-child.ts <input> <folder of pictures>`: a dry run in a process of its own, to see the memory it takes. */
import { createReadStream } from 'node:fs';
import { checkBatch } from '../../src/batch/check-batch.js';
import { SAMPLING } from './run-job.js';
import { VICUNA_V1 } from '../../src/llava/conversations/vicuna-v1.js';

const [, , input, imageFolder] = process.argv as [string, string, string, string];
const request = {
  input: createReadStream(input),
  defaults: { sampling: SAMPLING },
  pictures: { imageFolder, wishes: {} },
  imageTokens: 576,
  systemText: VICUNA_V1.systemText,
};
const plan = await checkBatch(request, new AbortController().signal);
process.stdout.write(JSON.stringify({ plan, maxRss: process.resourceUsage().maxRSS }));
