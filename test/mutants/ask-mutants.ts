import { execa } from 'execa';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LLAVA, projectFile, TEST_ENVIRONMENT } from '../helpers/run-llava.js';
import { readGguf, tensorOf } from '../reference/gguf-reader.js';
import { tensorToWrite, writeGguf, type TypedValue } from '../reference/gguf-writer.js';
import { Seeded } from '../reference/seeded.js';
import { mutator } from './mutate.js';

/** A mutant that `llava ask` did not survive as it should. */
export interface Casualty {
  readonly seed: number;
  readonly label: string;
  readonly found: string;
}

export interface Tally {
  readonly answered: number;
  readonly refused: number;
  readonly casualties: readonly Casualty[];
}

/** Computing takes a second; what takes longer than this hangs. */
const MOST_CPU_SECONDS = 20;
/** What hangs without computing is found by the clock, which runs on while a busy machine does other things. */
const LONGEST_MS = 180_000;
const MODEL = projectFile('models/demo/model.gguf');
const MMPROJ = projectFile('models/demo/mmproj.gguf');
const PICTURE = projectFile('examples/shapes.png');
const QUESTION = 'What color is the circle?';

/** Ways to answer that take different roads through the engine. */
const WAYS: readonly (readonly string[])[] = [
  [],
  ['--temperature', '1', '--seed', '1'],
  ['--labels', 'red,green', '--probabilities'],
  ['--schema', '{"enum": ["red", "blue"]}'],
];

/**
 * Asks with mutants of the demo's two files and of an adapter to it, each in a process of its own.
 * @param folder where mutants are written; those that did harm stay there
 * @param seeds a mutant each: the same seed makes the same one
 */
export async function askMutants(
  folder: string,
  seeds: readonly number[],
  onDone: (tally: Tally) => void = () => undefined,
): Promise<Tally> {
  const adapter = join(folder, 'adapter.gguf');
  writeAdapter(adapter);
  const kinds = [
    { option: 'model', mutate: mutator(readFileSync(MODEL)) },
    { option: 'mmproj', mutate: mutator(readFileSync(MMPROJ)) },
    { option: 'lora', mutate: mutator(readFileSync(adapter)) },
  ] as const;
  let tally: Tally = { answered: 0, refused: 0, casualties: [] };
  const waiting = [...seeds];
  const work = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const random = new Seeded(seed);
      const { option, mutate } = kinds[seed % kinds.length]!;
      const mutant = mutate(random);
      const file = join(folder, `${seed}.gguf`);
      writeFileSync(file, mutant.bytes);
      const outcome = await ask(option, file, WAYS[random.below(WAYS.length)]!);
      if (outcome !== 'answered' && outcome !== 'refused') {
        const casualty = { seed, label: `${option}, ${mutant.label}`, found: outcome.found };
        tally = { ...tally, casualties: [...tally.casualties, casualty] };
      } else {
        tally = { ...tally, [outcome]: tally[outcome] + 1 };
        writeFileSync(file, '');
      }
      onDone(tally);
    }
  };
  await Promise.all([work(), work()]);
  return tally;
}

type Outcome = 'answered' | 'refused' | { readonly found: string };

async function ask(
  option: 'model' | 'mmproj' | 'lora',
  file: string,
  way: readonly string[],
): Promise<Outcome> {
  const weights = {
    model: ['--gguf', file, '--mmproj', MMPROJ],
    mmproj: ['--gguf', MODEL, '--mmproj', file],
    lora: ['--model', 'demo', '--lora', file],
  }[option];
  const args = ['ask', QUESTION, PICTURE, '--max-tokens', '16', '--device', 'cpu', ...weights, ...way];
  const limited = ['-c', `ulimit -t ${MOST_CPU_SECONDS}; exec "$0" "$@"`, process.execPath, LLAVA, ...args];
  const run = await execa('sh', limited, {
    reject: false,
    stdin: 'ignore',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
    env: TEST_ENVIRONMENT,
  });
  const { exitCode, stderr } = run;
  if (run.timedOut) return { found: 'a hang' };
  if (exitCode === undefined) return { found: `${run.signal ?? 'no exit code'}: ${stderr.slice(-500)}` };
  if (exitCode === 0) return 'answered';
  const isWellSaid = /^error: [^\n]+\ntry: /m.test(stderr) && !/\n {4}at /.test(stderr);
  return isWellSaid && [2, 4].includes(exitCode) ? 'refused' : { found: `exit code ${exitCode}: ${stderr}` };
}

/** A small adapter that changes three matrices of the demo model. */
function writeAdapter(path: string): void {
  const text = readGguf(MODEL);
  const random = new Seeded(5);
  const facts: Record<string, TypedValue> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.type': { type: 'string', value: 'adapter' },
    'adapter.type': { type: 'string', value: 'lora' },
    'adapter.lora.alpha': { type: 'float32', value: 4 },
  };
  const targets = ['blk.1.attn_q.weight', 'blk.2.ffn_down.weight', 'blk.4.attn_output.weight'];
  const tensors = targets.flatMap((target) => {
    const [inputs, outputs] = tensorOf(text, target).shape as [number, number];
    return [
      tensorToWrite(`${target}.lora_a`, [inputs, 2], 'F32', random.normal(inputs * 2, 0.05)),
      tensorToWrite(`${target}.lora_b`, [2, outputs], 'F32', random.normal(2 * outputs, 0.05)),
    ];
  });
  writeGguf(path, { version: 3, metadata: new Map(Object.entries(facts)), tensors });
}
