import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBackend, type Backend } from '../../src/engine/local/runtime/backend.js';
import type { NativeTower } from '../../src/engine/local/runtime/native-addon.js';
import { llamaCppRelease, nodeLlamaCppVersion } from '../../src/engine/local/runtime/release.js';
import { entry, gguf, text, u32 } from '../helpers/gguf-bytes.js';
import { relativeError } from '../reference/compare.js';
import { writeRandomVision } from '../reference/random-pair.js';
import { SLOW_VISION } from '../reference/random-vision.js';
import { Seeded } from '../reference/seeded.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const STRING = 8;
const folder = mkdtempSync(join(tmpdir(), 'llava-addon-'));
const small = writeRandomVision(join(folder, 'small'));
const slow = writeRandomVision(join(folder, 'slow'), SLOW_VISION);
const smallPixels = new Seeded(1).bytes(56 * 56 * 3);
const slowPixels = new Seeded(1).bytes(336 * 336 * 3);
const options = { device: null, threads: 1 };
let backend: Backend;
let tower: NativeTower;

beforeAll(async () => {
  backend = await loadBackend({ device: 'cpu', threads: 1 });
  tower = await backend.addon.openTower(small, options);
});
afterAll(async () => {
  await tower.close();
  await backend[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('the addon', () => {
  it('is built for what is installed', () => {
    expect(backend.addon.release).toBe(llamaCppRelease());
    expect(backend.addon.engineVersion).toBe(nodeLlamaCppVersion());
  });

  it('attaches to one loaded llama.cpp', () => {
    const attach = (path: unknown) => () => {
      backend.addon.attach(path as string);
    };
    expect(attach('/nowhere/libllama.so')).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE' }));
    expect(attach(undefined)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('lists the CPU', () => {
    const cpu = backend.addon.listDevices().find(({ type }) => type === 'cpu');
    expect(cpu).toMatchObject({ name: 'CPU' });
    expect(cpu?.totalBytes).toBeGreaterThan(2 ** 28);
  });
});

describe('opening a tower', () => {
  it('tells its shape', () => {
    expect(tower).toMatchObject({
      imageSize: 56,
      patchSize: 14,
      tokens: 16,
      width: 128,
      blocks: 3,
      storedBlocks: 3,
    });
    expect(tower.weightBytes).toBeGreaterThan(100_000);
  });

  it.each([
    ['no path', [undefined, options]],
    ['no options', [small]],
    ['a device that is no name', [small, { device: 1, threads: 1 }]],
    ['no threads', [small, { device: null }]],
    ['threads that are no number', [small, { device: null, threads: '2' }]],
    ['no thread at all', [small, { device: null, threads: 0 }]],
    ['half a thread', [small, { device: null, threads: 1.5 }]],
  ])('refuses %s', async (_, args) => {
    const { addon } = backend as unknown as {
      addon: { openTower(...args: unknown[]): Promise<NativeTower> };
    };
    await expect(addon.openTower(...args)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([
    ['a device that is not there', small, { device: 'Abacus0', threads: 1 }, /Abacus0.*CPU/],
    ['a file that is not there', join(folder, 'none.gguf'), options, /none\.gguf/],
    ['a folder', folder, options, /no such file/],
  ])('refuses %s', async (_, path, opened, message) => {
    const attempt = backend.addon.openTower(path, opened);
    await expect(attempt).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(message) as string,
    });
  });

  const clip = entry('general.architecture', STRING, text('clip'));
  const projector = (type: string) => entry('clip.projector_type', STRING, text(type));
  it.each([
    ['an empty file', Buffer.alloc(0), /no GGUF file/],
    ['another format', Buffer.alloc(64, 'x'), /does not start with/],
    ['GGUF of 2023', gguf({ version: 1 }), /version 1/],
    [
      'a language model',
      gguf({ entries: [entry('general.architecture', STRING, text('llama'))] }),
      /"llama".*"clip"/,
    ],
    ['another projector', gguf({ entries: [clip, projector('ldpv2')] }), /"ldpv2".*"mlp"/],
    [
      'a key that is no text',
      gguf({ entries: [clip, entry('clip.projector_type', 4, u32(1))] }),
      /not a text/,
    ],
    ['control characters', gguf({ entries: [clip, projector('\u001b[2J')] }), /"\?\[2J"/],
    ['a file without keys', gguf({ entries: [clip] }), /no key clip\.vision\.image_size/],
    ['a count that lies', gguf({ tensorCount: 2n ** 63n }), /claims/],
  ])('refuses %s', async (_, bytes, message) => {
    const path = join(folder, 'bad.gguf');
    writeFileSync(path, bytes);
    const attempt = backend.addon.openTower(path, options);
    await expect(attempt).rejects.toMatchObject({
      code: 'INVALID_WEIGHTS',
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses a LLaVA-1.6', async () => {
    const path = writeRandomVision(join(folder, 'tiles'), { llava16: true });
    await expect(backend.addon.openTower(path, options)).rejects.toMatchObject({ code: 'INVALID_WEIGHTS' });
  });

  it('can be made by nobody else', () => {
    const make = tower.constructor as new () => NativeTower;
    expect(() => new make()).toThrow('openTower');
  });
});

describe('encoding', () => {
  it.each([
    ['nothing', undefined],
    ['an array', [1, 2, 3]],
    ['bytes of another type', new Int8Array(smallPixels.length)],
    ['too few bytes', smallPixels.subarray(1)],
    ['too many bytes', new Uint8Array(smallPixels.length + 3)],
  ])('refuses %s', async (_, pixels) => {
    await expect(tower.encode(pixels as Uint8Array)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('gives the same values every time, whatever becomes of the pixels meanwhile', async () => {
    const first = await tower.encode(smallPixels);
    const pixels = Uint8Array.from(smallPixels);
    const running = tower.encode(pixels);
    pixels.fill(0);
    expect(await running).toEqual(first);
  });

  it('takes one picture at a time', async () => {
    const running = tower.encode(smallPixels);
    await expect(tower.encode(smallPixels)).rejects.toMatchObject({ code: 'BUSY' });
    expect((await running).features).toHaveLength(16 * 128);
    expect((await tower.encode(smallPixels)).features).toHaveLength(16 * 128);
  });

  it('ends soon when cancelled, and works again', async () => {
    const cancelled = await backend.addon.openTower(slow, options);
    const whole = await cancelled.encode(slowPixels);
    const running = cancelled.encode(slowPixels);
    setTimeout(() => {
      cancelled.cancel();
    }, 20);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(relativeError((await cancelled.encode(slowPixels)).features, whole.features)).toBe(0);
    cancelled.cancel();
    expect(relativeError((await cancelled.encode(slowPixels)).features, whole.features)).toBe(0);
    await cancelled.close();
  });

  it('finishes when the tower is closed meanwhile', async () => {
    const closing = await backend.addon.openTower(slow, options);
    const running = closing.encode(slowPixels);
    await closing.close();
    await closing.close();
    expect((await running).features).toHaveLength(576 * 128);
    await expect(closing.encode(slowPixels)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
