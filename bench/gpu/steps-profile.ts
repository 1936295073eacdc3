import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { onDevice, pairFlags } from './inputs.js';
import type { Finding, Kit, Step } from './kit.js';

/** What `llava ask --json` says of times and tokens. */
export interface AskAnswer {
  readonly ms: {
    readonly answer: number;
    readonly look: number;
    readonly encode: number;
    readonly question: number;
  };
  readonly tokens: { readonly answer: number };
}

/** What JavaScript's thread does during an answer of many tokens, by function. */
export const PROFILE: Step = { name: 'where the time goes', seconds: 30, run: profile };

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

async function profile(kit: Kit): Promise<Finding> {
  const folder = kit.path('profile');
  mkdirSync(folder, { recursive: true });
  const ended = await kit.run(process.execPath, [
    ...['--cpu-prof', '--cpu-prof-dir', folder, kit.path('app/bin/llava.js')],
    ...[
      'ask',
      '--json',
      '--max-tokens',
      '256',
      ...onDevice(kit),
      ...pairFlags(kit),
      'What is in the picture?',
      kit.picture,
    ],
  ]);
  const files = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
  const { nodes, samples, timeDeltas } = JSON.parse(
    files.sort((a, b) => b.length - a.length)[0] ?? '',
  ) as CpuProfile;
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [
      id,
      `${functionName} ${url.split('/').at(-1) ?? ''}`,
    ]),
  );
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  }
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, 25);
  const { ms, tokens } = JSON.parse(ended.stdout) as AskAnswer;
  const outside = ended.seconds - (ms.answer + ms.look + ms.encode + ms.question) / 1000;
  return {
    say: `${tokens.answer} tokens in ${(ms.answer / 1000).toFixed(2)} s; start, loading and end ${outside.toFixed(2)} s, of which leaving ${ended.leavingSeconds.toFixed(2)} s; most of JavaScript's time: ${top
      .slice(0, 5)
      .map(([name, time]) => `${name.trim()} ${time.toFixed(0)} ms`)
      .join(', ')}`,
    data: { ms, tokens, milliseconds: Object.fromEntries(top) },
  };
}
