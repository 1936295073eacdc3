import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../helpers/run-llava.js';
import { readElf } from './read-elf.js';
import { readMachO } from './read-mach-o.js';
import { readPe } from './read-pe.js';

/* What the prebuilt addons ask of a system, read from their files: `npm run build:prebuilt` first. */

/** What Node looks for. */
const ENTRIES = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

function prebuilt(target: string): Buffer {
  return readFileSync(projectFile(`prebuilds/${target}/llava_native.node`));
}

describe.each([
  ['linux-x64', 62],
  ['linux-arm64', 183],
])('%s', (target, machine) => {
  const needs = readElf(prebuilt(target));

  it('is for the processor, and shows Node nothing but its entries', () => {
    expect(needs.machine).toBe(machine);
    expect(needs.exports.toSorted()).toEqual(ENTRIES);
  });

  it('needs glibc 2.28 at most, and no library of C++', () => {
    expect(
      needs.libraries.filter((name) => !/^(lib(c|m|dl|pthread)|ld-linux-[\w-]+)\.so/.test(name)),
    ).toEqual([]);
    expect(needs.versions).toContain(target === 'linux-x64' ? 'GLIBC_2.2.5' : 'GLIBC_2.17');
    const others = needs.versions.filter((version) => {
      const [, minor] = /^GLIBC_2\.(\d+)/.exec(version) ?? [];
      return minor === undefined || Number(minor) > 28;
    });
    expect(others).toEqual([]);
  });
});

/** What Apple's library has, as the compiler knows it, and the loader's own function. */
const inSystemLibrary = new Set(['dyld_stub_binder', ...namesIn('libSystem.tbd')]);

/** Of C, without the underscore that they have there. */
function namesIn(list: string): readonly string[] {
  const cache = projectFile('node_modules/.cache/llava-prebuild');
  const zig = readdirSync(cache).find((name) => name.startsWith('zig-'))!;
  const text = readFileSync(`${cache}/${zig}/ziglang/lib/libc/darwin/${list}`, 'utf8');
  return [...text.matchAll(/[\w$]+/g)].map(([name]) => name.replace(/^_/, ''));
}

it.each(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'])(
  '%s says nothing of the machine that built it',
  (target) => {
    expect(prebuilt(target).includes(projectFile(''))).toBe(false);
  },
);

describe.each([
  ['darwin-x64', 0x0100_0007],
  ['darwin-arm64', 0x0100_000c],
])('%s', (target, machine) => {
  const needs = readMachO(prebuilt(target));

  it('is for the processor and macOS 11, and has Node’s entries', () => {
    expect(needs).toMatchObject({ machine, minimum: '11.0' });
    expect(needs.exports).toEqual(expect.arrayContaining(ENTRIES));
  });

  it('needs nothing but the system’s own library, and Node', () => {
    expect(needs.libraries).toEqual(['/usr/lib/libSystem.B.dylib']);
    expect(needs.undefined.filter((name) => name.startsWith('napi_')).length).toBeGreaterThan(50);
    expect(needs.undefined.filter((name) => !name.startsWith('napi_') && !inSystemLibrary.has(name))).toEqual(
      [],
    );
  });

  it('has a signature where arm64 asks for one', () => {
    expect(needs.signature).toBe(target === 'darwin-arm64' ? 'ad-hoc' : needs.signature);
    expect(needs.signature).not.toBe('broken');
  });
});

describe.each([
  ['win32-x64', 0x8664],
  ['win32-arm64', 0xaa64],
])('%s', (target, machine) => {
  const needs = readPe(prebuilt(target));

  it('is for the processor, and has Node’s entries', () => {
    expect(needs.machine).toBe(machine);
    expect(needs.exports).toEqual(expect.arrayContaining(ENTRIES));
  });

  it('needs Windows’ own libraries, and no program by name', () => {
    const others = needs.libraries.filter(
      (name) => !/^(kernel32|psapi|ntdll|api-ms-win-[\w-]+)\.dll$/.test(name),
    );
    expect(others).toEqual([]);
  });
});
