import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readDataUrl } from '../../src/batch/pictures/data-url.js';
import { fingerprintOf, type AnswerSource } from '../../src/batch/journal/fingerprint.js';
import { RowFailure } from '../../src/batch/rows/row-error.js';
import {
  checkPixels,
  findPicture,
  loadFoundPicture,
  type PictureRules,
} from '../../src/batch/pictures/row-picture.js';
import { readSchema } from '../../src/forms/answer-schema.js';
import { parseMark } from '../../src/llava/mark.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const folder = temporaryFolder();
const inside = join(folder, 'in');
mkdirSync(join(inside, 'deep'), { recursive: true });
const png = await sharp({ create: { width: 9, height: 5, channels: 3, background: 'red' } })
  .png()
  .toBuffer();
for (const path of ['outside.png', 'in/a.png', 'in/deep/b.png', 'in/..c.png'])
  writeFileSync(join(folder, path), png);
symlinkSync(join(folder, 'outside.png'), join(inside, 'way-out.png'));
symlinkSync(folder, join(inside, 'way-up'));
symlinkSync(join(inside, 'a.png'), join(inside, 'deep', 'way-in.png'));
const rules: PictureRules = { imageFolder: inside, wishes: {} };

const outcome = (image: string, more: Partial<PictureRules> = {}) =>
  findPicture({ image }, { ...rules, ...more }).then(
    ({ width, height }) => `${width}×${height}`,
    (error: unknown) => (error as RowFailure).code,
  );

describe('pictures of rows', () => {
  it('are known by their bytes and size', async () => {
    const sha256 = createHash('sha256').update(png).digest('hex');
    const dataUrl = `data:image/png;base64,${png.toString('base64')}`;
    expect(await findPicture({ image: 'a.png' }, rules)).toEqual({ sha256, width: 9, height: 5 });
    expect(await findPicture({ image: dataUrl }, rules)).toEqual({ sha256, width: 9, height: 5 });
    expect(await findPicture({ image: join(folder, 'outside.png') }, { wishes: {} })).toMatchObject({
      sha256,
    });
  });

  it.each([
    ['a.png', '9×5'],
    ['deep/b.png', '9×5'],
    ['deep/../a.png', '9×5'],
    ['deep/way-in.png', '9×5'],
    ['..c.png', '9×5'],
    ['nowhere.png', 'bad_picture'],
    ['../outside.png', 'path_refused'],
    ['../nowhere.png', 'path_refused'],
    [join(folder, 'outside.png'), 'path_refused'],
    ['way-out.png', 'path_refused'],
    ['way-up/outside.png', 'path_refused'],
    ['.', 'bad_picture'],
    ['/etc/passwd', 'path_refused'],
    ['a\u0000.png', 'bad_picture'],
  ])('in a restricted folder: %j is %s', async (image, expected) => {
    expect(await outcome(image, { restrictPaths: true })).toBe(expected);
  });

  it('may be anywhere without that', async () => {
    expect(await outcome('../outside.png')).toBe('9×5');
    expect(await outcome('way-out.png')).toBe('9×5');
  });

  it('are not waited for where nobody writes', async () => {
    execFileSync('mkfifo', [join(inside, 'pipe')]);
    expect(await outcome('pipe')).toBe('bad_picture');
    expect(await outcome('/dev/zero')).toBe('bad_picture');
    expect(await outcome('deep')).toBe('bad_picture');
  });

  it('are fetched only when that is allowed', async () => {
    expect(await outcome('http://127.0.0.1:1/a.png')).toBe('url_refused');
  });

  it('become the pixels that ask makes of them', async () => {
    const found = await findPicture({ image: 'a.png' }, rules);
    const pixels = await loadFoundPicture({ image: 'a.png' }, found, { imageSize: 28, marks: [] }, rules);
    const reference = await loadPixels({ kind: 'bytes', label: 'a', bytes: png }, { imageSize: 28 });
    expect(Buffer.from(pixels.rgb).equals(reference.rgb)).toBe(true);
  });

  it('are refused when they changed meanwhile, and when they are damaged', async () => {
    const found = await findPicture({ image: 'a.png' }, rules);
    const changed = { ...found, sha256: 'another' };
    await expect(checkPixels({ image: 'a.png' }, changed, rules)).rejects.toMatchObject({
      code: 'picture_changed',
    });
    const noise = {
      width: 60,
      height: 60,
      channels: 3,
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    } as const;
    const noisy = await sharp({ create: { ...noise, background: 'red' } })
      .png()
      .toBuffer();
    writeFileSync(join(inside, 'cut.png'), noisy.subarray(0, noisy.length / 2));
    const cut = await findPicture({ image: 'cut.png' }, rules);
    await expect(checkPixels({ image: 'cut.png' }, cut, rules)).rejects.toMatchObject({
      code: 'bad_picture',
    });
  });
});

describe('readDataUrl', () => {
  it.each([
    ['data:;base64,aGk=', 'hi'],
    ['data:image/png;base64,aGk', 'hi'],
    ['DATA:image/png;charset=x; BASE64 ,aG\nk=', 'hi'],
    ['data:;base64,-_8=', '\ufffd\ufffd'],
    ['data:image/svg+xml,%3Csvg%3E', '<svg>'],
    ['data:,a,b', 'a,b'],
  ])('%j holds %j', (url, text) => {
    expect(Buffer.from(readDataUrl(url)).toString()).toBe(text);
  });

  it.each(['data:image/png;base64', 'data:;base64,a*b=', 'data:;base64,aG=k', 'data:,%ff', 'data:;base64,a'])(
    '%j is none',
    (url) => {
      expect(() => readDataUrl(url)).toThrow(RowFailure);
    },
  );
});

describe('fingerprintOf', () => {
  const sampling = { temperature: 0.5, topP: 0.9, seed: 1, maxTokens: 9 };
  const asked: AnswerSource = {
    request: 'Q',
    sampling,
    choosing: undefined,
    form: {},
    marks: [],
    sha256: 's',
    part: undefined,
    wishes: {},
    weights: 'w',
    line: 1,
  };
  const choices = [{ name: 'a', answer: 'a', spellings: ['a'] }];
  const other = (change: Partial<AnswerSource>) => fingerprintOf({ ...asked, ...change });

  it('changes with all that the answer depends on', () => {
    const changes: Partial<AnswerSource>[] = [
      {},
      { request: 'R' },
      { choosing: { choices, probabilities: undefined } },
      { choosing: { choices, probabilities: 'none' } },
      { choosing: { choices, probabilities: 'length' } },
      { sampling: { ...sampling, logprobs: true } },
      { sampling: { ...sampling, grammar: 'root ::= "a"' } },
      { form: { schema: readSchema({ type: 'string', maxLength: 3 }) } },
      { form: { schema: readSchema({ type: 'string', maxLength: 4 }) } },
      { marks: [parseMark('box:1,2,3,4')] },
      { marks: [parseMark('box:1,2,3,4:blue')] },
      { sha256: 't' },
      { part: 2 },
      { part: 3 },
      { wishes: { exif: false } },
      { wishes: { repair: true } },
      { wishes: { colourManaged: true } },
      { weights: 'v' },
      { sampling: { ...sampling, temperature: 0.6 } },
      { sampling: { ...sampling, temperature: 0 } },
      { sampling: { ...sampling, topP: 1 } },
      { sampling: { ...sampling, seed: 2 } },
      { sampling: { ...sampling, seed: undefined } },
      { sampling: { ...sampling, maxTokens: 8 } },
    ];
    expect(new Set(changes.map(other)).size).toBe(changes.length);
  });

  it('stays where the answer is bound to be the same', () => {
    const greedy = { ...sampling, temperature: 0 };
    expect(other({ line: 2 })).toBe(other({}));
    expect(other({ sampling: { ...greedy, topP: 0.1, seed: 7 }, line: 3 })).toBe(other({ sampling: greedy }));
    const unseeded = { ...sampling, seed: undefined };
    expect(other({ sampling: unseeded, line: 2 })).not.toBe(other({ sampling: unseeded }));
  });
});
