import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gqa } from '../../src/eval/benchmarks/gqa.js';
import { mmbench } from '../../src/eval/benchmarks/mmbench.js';
import { pope } from '../../src/eval/benchmarks/pope.js';
import { scienceqa } from '../../src/eval/benchmarks/scienceqa.js';
import { seed } from '../../src/eval/benchmarks/seed.js';
import { textvqa } from '../../src/eval/benchmarks/textvqa.js';
import { vqav2Val } from '../../src/eval/benchmarks/vqav2.js';
import type { Benchmark } from '../../src/eval/benchmark.js';
import { readAnswers } from '../../src/eval/files/read-answers.js';

/** How long scorers take for 100,000 answers, files read included; processor time counts all cores: `npx tsx test/eval/scorer-speed.ts` */
const ROWS = 100_002;
const folder = mkdtempSync(join(tmpdir(), 'llava-scorers-'));
const numbers = Array.from({ length: ROWS }, (_, index) => index);
const words = ['yes', 'No.', 'a red car', "somebody'd, 1,000!", 'B', 'A. this', 'the nokia', '3'];
const text = (index: number) => words[index % words.length]!;
const people = (index: number) => numbers.slice(0, 10).map((one) => text(index + (one % 3)));
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

interface Case {
  readonly benchmark: Benchmark;
  readonly files: Readonly<Record<string, string>>;
  readonly answer: (index: number) => object;
}

const popeIds = [0, 10_000_000, 20_000_000];
const popeRow = (index: number) => ({
  question_id: Math.floor(index / 3) + 1,
  image: 'a.jpg',
  text: 'Is there a dog in the image?',
  label: index % 2 === 0 ? 'yes' : 'no',
});
const popeFile = (rest: number) => lines(numbers.filter((index) => index % 3 === rest).map(popeRow));
const cases: readonly Case[] = [
  {
    benchmark: pope,
    files: {
      'coco_pope_adversarial.json': popeFile(0),
      'coco_pope_random.json': popeFile(1),
      'coco_pope_popular.json': popeFile(2),
    },
    answer: (index) => ({ question_id: Math.floor(index / 3) + 1 + popeIds[index % 3]! }),
  },
  {
    benchmark: scienceqa,
    files: {
      'llava_test_CQM-A.json': JSON.stringify(
        numbers.map((id) => ({
          id: String(id),
          image: 'x.png',
          conversations: [
            { from: 'human', value: '<image>\nWhich?\nA. this\nB. that' },
            { from: 'gpt', value: 'B' },
          ],
        })),
      ),
    },
    answer: (index) => ({ question_id: String(index) }),
  },
  {
    benchmark: gqa,
    files: {
      'testdev_balanced_questions.json': JSON.stringify(
        Object.fromEntries(
          numbers.map((id) => [
            id,
            { question: 'Is it?', imageId: 'n1', answer: 'yes', types: { structural: 'query' } },
          ]),
        ),
      ),
    },
    answer: (index) => ({ question_id: String(index) }),
  },
  {
    benchmark: textvqa,
    files: {
      'TextVQA_0.5.1_val.json': JSON.stringify({
        data: numbers.map((id) => ({ image_id: String(id), question: 'what?', answers: people(id) })),
      }),
    },
    answer: (index) => ({ question_id: String(index), prompt: 'What?\nAnswer' }),
  },
  {
    benchmark: vqav2Val,
    files: {
      'v2_mscoco_val2014_annotations.json': JSON.stringify({
        annotations: numbers.map((id) => ({
          question_id: id,
          answer_type: 'other',
          answers: people(id).map((answer) => ({ answer })),
        })),
      }),
    },
    answer: (index) => ({ question_id: index }),
  },
  {
    benchmark: mmbench,
    files: {
      'mmbench_dev_20230712.tsv': `index\tquestion\thint\tA\tB\tanswer\tcategory\timage\n${numbers
        .map((id) => `${id}\tWhich?\t\tthis\tthat\tB\tkind\t${'A'.repeat(200)}\n`)
        .join('')}`,
    },
    answer: (index) => ({ question_id: index }),
  },
  {
    benchmark: seed,
    files: {
      'SEED-Bench.json': JSON.stringify({
        question_type: { Scene: 1 },
        questions: numbers.map((id) => ({
          question_id: String(id),
          question_type_id: 1,
          data_type: 'image',
          data_id: 'x',
          question: 'How?',
          ...{ choice_a: '1', choice_b: '2', choice_c: '3', choice_d: '4', answer: 'B' },
        })),
      }),
    },
    answer: (index) => ({ question_id: index }),
  },
];

try {
  for (const { benchmark, files, answer } of cases) {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const path = join(folder, 'answers.jsonl');
    writeFileSync(
      path,
      lines(numbers.map((index) => ({ prompt: '', ...answer(index), text: text(index), metadata: {} }))),
    );
    const [start, before] = [performance.now(), process.cpuUsage()];
    await benchmark.score?.(folder, await readAnswers(path));
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    const cpu = ((user + system) / 1e6).toFixed(2);
    process.stdout.write(
      `${benchmark.name}: ${ROWS} answers in ${seconds.toFixed(2)} s, ${cpu} s of processor\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
