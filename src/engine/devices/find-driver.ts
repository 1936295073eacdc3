import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DEVICE_NAMES, type GpuKind } from './device-kind.js';

/** What a kind of GPU needs of a machine, and which of it was found. */
export interface DriverSearch {
  /** Whether node-llama-cpp is made for this kind on this platform at all. */
  readonly isPossible: boolean;
  /** What a driver is recognised by, for people. */
  readonly driverName: string;
  /** Where the driver's library lies; undefined when it was not found. */
  readonly driver: string | undefined;
  /** The package with node-llama-cpp's binaries for it. */
  readonly package: string;
  readonly packageIsInstalled: boolean;
}

interface Driver {
  readonly name: string;
  readonly files: readonly string[];
}

/** The library that each driver brings along, by platform. Metal is a part of macOS. */
const DRIVERS: Readonly<Record<GpuKind, Partial<Record<NodeJS.Platform, Driver>>>> = {
  cuda: {
    linux: { name: "NVIDIA's driver (libcuda.so.1)", files: ['libcuda.so.1'] },
    win32: { name: "NVIDIA's driver (nvcuda.dll)", files: ['nvcuda.dll'] },
  },
  vulkan: {
    linux: { name: 'the Vulkan loader (libvulkan.so.1)', files: ['libvulkan.so.1'] },
    win32: { name: 'the Vulkan loader (vulkan-1.dll)', files: ['vulkan-1.dll'] },
  },
  metal: { darwin: { name: 'macOS', files: [''] } },
};

const PLATFORM_IN_PACKAGES: Partial<Record<NodeJS.Platform, string>> = { win32: 'win', darwin: 'mac' };

/** Looks for the driver and the binaries of a kind of GPU; loads neither. Takes a millisecond. */
export function findDriver(kind: GpuKind): DriverSearch {
  const { platform, arch } = process;
  const driver = DRIVERS[kind][platform];
  const name = `@node-llama-cpp/${PLATFORM_IN_PACKAGES[platform] ?? platform}-${arch}-${kind}`;
  return {
    isPossible: driver !== undefined && arch === (kind === 'metal' ? 'arm64' : 'x64'),
    driverName: driver?.name ?? DEVICE_NAMES[kind],
    driver: driver === undefined ? undefined : findLibrary(driver.files),
    package: name,
    packageIsInstalled: isInstalled(name),
  };
}

function findLibrary(files: readonly string[]): string | undefined {
  const folders = libraryFolders();
  const paths = files.flatMap((file) => folders.map((folder) => path.join(folder, file)));
  return paths.find((file) => existsSync(file));
}

/** Where the system's loader looks, as far as that can be told without asking it. */
function libraryFolders(): readonly string[] {
  if (process.platform === 'darwin') return ['/System/Library/Frameworks/Metal.framework'];
  if (process.platform === 'win32')
    return [path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32')];
  const given = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  // The last but one is that of WSL, the last that of NVIDIA's containers.
  const usual = [`/usr/lib/${triple}`, `/lib/${triple}`, '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  return [...given, ...usual, '/usr/lib/wsl/lib', '/usr/local/nvidia/lib64'];
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.resolve('node-llama-cpp')).resolve(name);
    return true;
  } catch {
    return false;
  }
}
