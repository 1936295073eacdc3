import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeImatrix, writeOldImatrix } from '../helpers/imatrix.js';
import { projectFile } from '../helpers/run-llava.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeGguf } from '../reference/gguf-writer.js';
import { randomText } from '../reference/random-text.js';

/* SHA-256 of what llama.cpp v0.5.0's llama-quantize makes of the same file, with the same importance matrices. */
const PLAIN = {
  iq4_xs: 'f95681492bd38142fe79beeb539eb4a11244de8c8ca325db4d2ee8284b1fdc83',
  q2_k: '49164dda206eac51be38dd5c16ccd925171127a6a6cf7e4922081c4f1f9dc6d4',
  q3_k_m: '91657d82b0f6ccffbaed7ae4001059c1e5f99c236e8ee256af66c597e9565099',
  q4_k_m: '9e0a21908730d710fbf458f3e7f32303280835f7020a4ff728777c7fd39bc777',
  q5_k_m: 'e9d2c51c51fdc6f16dc2c4bdefb503373b698605f5d2daf377c1e0eb22312812',
  q6_k: '8fead4ae9faa3391a7710b760a7c98ab310d9f02590185036bb72c385a0d5af0',
  q8_0: 'ef824104d538a8e7312c5609f3e9be5678907e6b56c146c14e61ae4ffebbd4c8',
};
const NEW_IMATRIX = {
  iq2_xxs: 'ab8cb96c371d4b418edcb28efc2c4c268ea4c6e1857477648043f92b2f479ef6',
  q4_k_m: '9ea231691782c6f210e55e5d520b0f2da170f17e6cc24c617346b1c96aa36284',
};
const OLD_IMATRIX = {
  iq3_xxs: '0144a6fb865cd9407add4493f1d6cc8ef9fc436ecd87454c87be30adb38f1b41',
};

const PLAIN_TYPES = Object.entries(PLAIN).map(([type, hash]) => [`wide.gguf,${type}`, hash] as const);
const NEW_TYPES = Object.entries(NEW_IMATRIX).map(
  ([type, hash]) => [`wide.gguf,${type},new.imatrix`, hash] as const,
);
const OLD_TYPES = Object.entries(OLD_IMATRIX).map(
  ([type, hash]) => [`wide.gguf,${type},old.imatrix`, hash] as const,
);
const ALL = [...PLAIN_TYPES, ...NEW_TYPES, ...OLD_TYPES];

const REFUSED: readonly (readonly [string, RegExp])[] = [
  [
    'wide.gguf,iq1_s',
    /^ExpectedError: llama\.cpp cannot quantise "wide\.gguf": this quantization requires an imatrix!\.$/,
  ],
  ['none.gguf,q4_0', /^ExpectedError: llama\.cpp cannot quantise "none\.gguf": .+\.$/],
  ['new.imatrix,q4_0', /^ExpectedError: llama\.cpp cannot quantise "new\.imatrix": .+\.$/],
];

const folder = temporaryFolder();
const source = join(folder, 'wide.gguf');
let outcomes: Readonly<Record<string, string>>;

beforeAll(async () => {
  writeGguf(source, randomText({ textWidth: 256, textHidden: 512, textType: 'F16' }));
  writeImatrix(join(folder, 'new.imatrix'), source);
  writeOldImatrix(join(folder, 'old.imatrix'), source);
  // A process of its own, so that those which it starts read TypeScript too.
  const script = projectFile('test/native/quantise-files.ts');
  const tsx = projectFile('node_modules/tsx/dist/loader.mjs');
  const wanted = [...ALL, ...REFUSED].map(([name]) => name);
  const { stdout } = await execa(process.execPath, ['--import', tsx, script, ...wanted], { cwd: folder });
  outcomes = JSON.parse(stdout) as Record<string, string>;
}, 200_000);

describe('a quantised file', () => {
  it.each(ALL)('is that of llama-quantize: %s', (name, hash) => {
    expect(outcomes[name]).toBe(hash);
  });

  it.each(REFUSED)('is not written, not even half, where llama.cpp refuses: %s', (name, message) => {
    expect(outcomes[name]).toMatch(message);
  });
});
