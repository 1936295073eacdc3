import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawScenes } from '../../src/eval/demo/demo-scenes.js';
import { runLlava } from '../helpers/run-llava.js';
import { askAbout, RunningServer } from '../helpers/running-server.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** More for a campaign: `LLAVA_SERVED_ROWS=1000`. */
const ROWS = Number(process.env['LLAVA_SERVED_ROWS'] ?? 120);
const ROWS_OF_A_SCENE = 20;
const folder = temporaryFolder();

interface Row {
  readonly id: number;
  readonly image: string;
  readonly question: string;
  readonly [field: string]: unknown;
}

/** Rows about drawn scenes in all formats; every fifth has labels or a schema. */
async function drawRows(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const { path, questions } of drawScenes(folder, 3, Math.ceil(ROWS / ROWS_OF_A_SCENE)))
    for (const { question, format, choices } of questions.slice(0, ROWS_OF_A_SCENE)) {
      const id = rows.length;
      const kinds = [
        { labels: ['red', 'blue', 'green'], probabilities: true },
        { schema: { enum: ['red', 'blue', 'green'] } },
      ];
      const kind =
        id % 5 === 0 ? kinds[(id / 5) % 2] : { format, ...(choices === undefined ? {} : { choices }) };
      rows.push({ id, image: path, question, ...kind });
    }
  return rows.slice(0, ROWS);
}

/** Answers of the server to all rows, asked by so many clients. */
async function serve(server: RunningServer, rows: readonly Row[], clients: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  let next = 0;
  const client = async () => {
    for (let row = rows[next++]; row !== undefined; row = rows[next++]) {
      const { id, image, question, ...llava } = row;
      const response = await server.post({ messages: askAbout(readFileSync(image), question), llava });
      const { llava: record, error } = (await response.json()) as { llava?: object; error?: object };
      answers[id] = record ?? error;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
}

describe('llava serve', () => {
  it('gives the answers of llava batch, whoever asks beside', { timeout: 600_000 }, async () => {
    const rows = await drawRows();
    const input = join(folder, 'rows.jsonl');
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { stdout } = await runLlava(['batch', input]);
    const batched = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(batched).toHaveLength(ROWS);
    await using server = await RunningServer.start('--parallel', '4');
    for (const clients of [1, 8, 32]) {
      const served = await serve(server, rows, clients);
      // A row repeats what was asked; all that the server tells is in it.
      for (const [id, record] of served.entries()) expect(batched[id]).toMatchObject(record as object);
    }
  });

  it('goes on with conversations as llava chat does, whoever asks beside', { timeout: 600_000 }, async () => {
    const conversations: { picture: string; questions: string[]; answers: string[] }[] = [];
    for await (const { path, questions } of drawScenes(folder, 4, Math.ceil(ROWS / ROWS_OF_A_SCENE))) {
      const asked = questions.filter(({ format }) => format === 'free').slice(0, 3);
      const texts = asked.map(({ question }) => question);
      const { stdout } = await runLlava(['chat', path], { input: texts.join('\n'), stdin: 'pipe' });
      conversations.push({ picture: path, questions: texts, answers: stdout.trimEnd().split('\n') });
    }
    await using server = await RunningServer.start('--parallel', '4');
    for (const clients of [1, 8, 32]) {
      const left = [...conversations];
      const client = async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop())
          expect(await talk(server, next.picture, next.questions)).toEqual(next.answers);
      };
      await Promise.all(Array.from({ length: clients }, client));
    }
  });
});

/** The answers to questions asked one after the other, each with those before it. */
async function talk(server: RunningServer, picture: string, questions: readonly string[]): Promise<string[]> {
  const messages: object[] = [];
  const answers: string[] = [];
  for (const question of questions) {
    const turn = { role: 'user', content: question };
    messages.push(...(messages.length === 0 ? askAbout(readFileSync(picture), question) : [turn]));
    const response = await server.post({ messages });
    const { llava } = (await response.json()) as { llava: { answer: string } };
    answers.push(llava.answer);
    messages.push({ role: 'assistant', content: llava.answer });
  }
  return answers;
}
