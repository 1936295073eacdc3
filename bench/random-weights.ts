/*
 * A pair of LLaVA-1.5-7B's shapes and vocabulary with random numbers, Q4_0 (4.4 GB) as most people run it or F16
 * (14 GB): npm run bench:weights -- FOLDER [Q4_0|F16]
 */
import { SHAPE_OF_7B, writeRandomWeights } from './write-random-weights.js';

const [folder, type = 'Q4_0'] = process.argv.slice(2);
if (folder === undefined || (type !== 'Q4_0' && type !== 'F16'))
  throw new Error('Usage: npm run bench:weights -- FOLDER [Q4_0|F16]');
writeRandomWeights(folder, SHAPE_OF_7B, type);
