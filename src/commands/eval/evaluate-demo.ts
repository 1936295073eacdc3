import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoPage } from '../../eval/demo/demo-page.js';
import { demoResult, judge, type DemoAnswer } from '../../eval/demo/demo-result.js';
import { type DemoScene, drawScenes } from '../../eval/demo/demo-scenes.js';
import type { ExitCode } from '../../exit-codes.js';
import { writeWholeFile } from '../../files/write-whole-file.js';
import { writeJson } from '../../terminal/io.js';
import type { SceneQuestion } from '../../world/index.js';
import { answerBatch, exitCodeOf } from '../batch/answer-rows.js';
import type { CommandContext } from '../command-context.js';
import { describeDemo, showDemo } from './describe-demo.js';
import type { DemoFlags } from './eval-flags.js';

/** Draws scenes, has their questions answered as a batch, and shows how often the answers are right. */
export async function evaluateDemo(flags: DemoFlags, context: CommandContext): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), 'llava-demo-'));
  try {
    const asked: Asked[] = [];
    const output = join(folder, 'answers.jsonl');
    const batchFlags = { ...flags, output, exif: true, temperature: 0, topP: 1, maxTokens: 256 };
    const summary = await answerBatch({ rows: drawAndAsk(flags, folder, asked) }, batchFlags, context);
    if (summary.stopped !== undefined) return exitCodeOf(summary);
    const answers = await readBack(output, asked);
    const result = demoResult(answers);
    if (flags.html !== undefined)
      await writeWholeFile(flags.html, Buffer.from(await demoPage(flags, result, answers)));
    if (flags.json === true) writeJson(context.io, describeDemo(flags, result));
    else context.io.stdout.write(showDemo(flags, result));
    return exitCodeOf(summary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Asked {
  readonly scene: DemoScene;
  readonly question: SceneQuestion;
}

/** Rows of the batch, a line each; what was asked is noted in their order. */
async function* drawAndAsk(flags: DemoFlags, folder: string, asked: Asked[]): AsyncGenerator<Uint8Array> {
  for await (const scene of drawScenes(folder, flags.seed, flags.scenes)) {
    for (const question of scene.questions) {
      asked.push({ scene, question });
      const { question: text, format, choices } = question;
      yield Buffer.from(`${JSON.stringify({ image: scene.path, question: text, format, choices })}\n`);
    }
  }
}

async function readBack(output: string, asked: readonly Asked[]): Promise<readonly DemoAnswer[]> {
  const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
  return asked.map(({ scene, question }, index) => {
    const { answer = '' } = JSON.parse(lines[index] ?? '{}') as { answer?: string };
    return judge(scene, question, answer);
  });
}
