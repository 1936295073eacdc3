import { ExpectedError } from '../../llava/expected-error.js';
import { quote } from '../../llava/quote.js';
import type { Benchmark } from '../benchmark.js';
import { benchlmm } from './benchlmm.js';
import { coloninstCls, coloninstRec, coloninstReg } from './coloninst.js';
import { gqa } from './gqa.js';
import { infimmEval } from './infimm-eval.js';
import { llavaBench } from './llava-bench.js';
import { mmVet } from './mm-vet.js';
import { mmVetV2 } from './mm-vet-v2.js';
import { mmbench, mmbenchCn } from './mmbench.js';
import { mme } from './mme.js';
import { pope } from './pope.js';
import { scienceqa } from './scienceqa.js';
import { seed } from './seed.js';
import { spatialbench } from './spatialbench.js';
import { spatialbotBench } from './spatialbot-bench.js';
import { textvqa } from './textvqa.js';
import { vipBench, vipBenchCoordinates, vipBenchHuman } from './vip-bench.js';
import { vizwiz, vizwizVal } from './vizwiz.js';
import { vqav2, vqav2Val } from './vqav2.js';

/** The paper's twelve in the order of its tables, then the others. */
export const BENCHMARKS: readonly Benchmark[] = [
  vqav2,
  gqa,
  vizwiz,
  scienceqa,
  textvqa,
  pope,
  mme,
  mmbench,
  mmbenchCn,
  seed,
  llavaBench,
  mmVet,
  vqav2Val,
  vizwizVal,
  mmVetV2,
  benchlmm,
  vipBench,
  vipBenchHuman,
  vipBenchCoordinates,
  spatialbench,
  spatialbotBench,
  coloninstCls,
  coloninstReg,
  coloninstRec,
  infimmEval,
];

/** @throws ExpectedError('usage') listing the names */
export function findBenchmark(name: string): Benchmark {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  throw new ExpectedError('usage', `There is no benchmark ${quote(name)}.`, {
    hint: `Choose one of: ${BENCHMARKS.map((benchmark) => benchmark.name).join(', ')}`,
  });
}
