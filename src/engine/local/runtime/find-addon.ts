import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { packageFile } from '../../../files/package-file.js';
import { ExpectedError } from '../../../llava/expected-error.js';
import { quote } from '../../../llava/quote.js';
import { reportOfProcess } from './process-report.js';
import { llamaCppRelease, nodeLlamaCppVersion } from './release.js';

/** What an addon says of itself. */
export interface AddonIdentity {
  /** llama.cpp release whose headers it was built with, such as `v0.5.0`. */
  readonly release: string;
  /** Version of node-llama-cpp whose C++ classes it was built with. */
  readonly engineVersion: string;
}

export interface FoundAddon {
  readonly addon: AddonIdentity;
  readonly file: string;
  /** `named` by `LLAVA_NATIVE_ADDON`, `built` on this machine, or `prebuilt` and shipped with the tool. */
  readonly origin: 'named' | 'built' | 'prebuilt';
  /** Why it is not one that would have come first. */
  readonly passedOver: readonly string[];
}

type Candidate = Pick<FoundAddon, 'file' | 'origin'>;

const WHAT: Record<FoundAddon['origin'], { readonly name: string; readonly none: string }> = {
  named: { name: 'the one that LLAVA_NATIVE_ADDON names', none: 'LLAVA_NATIVE_ADDON names no file' },
  built: { name: 'the local build', none: 'none is built here' },
  prebuilt: { name: 'the prebuilt one', none: 'there is no prebuilt one' },
};

/**
 * Loads the first addon that fits this system and the installed node-llama-cpp: what was built here, which somebody wanted,
 * before what came with the tool; or only the one that `LLAVA_NATIVE_ADDON` names.
 * @throws ExpectedError('engine') when there is none, with what is wrong with each
 */
export function findAddon(): FoundAddon {
  const passedOver: string[] = [];
  for (const candidate of candidates()) {
    const loaded = tryToLoad(candidate);
    if (typeof loaded !== 'string') return { ...candidate, addon: loaded, passedOver };
    passedOver.push(loaded);
  }
  throw new ExpectedError('engine', `No native addon for ${thisSystem()}: ${passedOver.join('; ')}`, {
    hint: buildCommand(),
  });
}

/** The command that builds the addon, from where the user is. */
export function buildCommand(): string {
  const folder = path.resolve(packageFile('.'));
  const isHere = folder === process.cwd();
  return `npm ${isHere ? '' : `--prefix ${quote(folder)} `}run build:native`;
}

function candidates(): readonly Candidate[] {
  const named = process.env['LLAVA_NATIVE_ADDON'];
  if (named !== undefined) return [{ origin: 'named', file: path.resolve(named) }];
  return [
    { origin: 'built', file: packageFile('native/build/Release/llava_native.node') },
    {
      origin: 'prebuilt',
      file: packageFile(`prebuilds/${process.platform}-${process.arch}/llava_native.node`),
    },
  ];
}

/** The addon, or why not this one. */
function tryToLoad({ origin, file }: Candidate): AddonIdentity | string {
  const { name, none } = WHAT[origin];
  if (!existsSync(file)) return none;
  let addon: AddonIdentity;
  try {
    addon = createRequire(import.meta.url)(file) as AddonIdentity;
  } catch (error) {
    return `${name} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
  }
  const builtFor = versions(addon.engineVersion, addon.release);
  const installed = versions(nodeLlamaCppVersion(), llamaCppRelease());
  return builtFor === installed ? addon : `${name} is for ${builtFor}, and installed is ${installed}`;
}

function versions(engineVersion: string, release: string): string {
  return `node-llama-cpp ${engineVersion}, llama.cpp ${release}`;
}

/** Such as `linux-x64`, or `linux-x64 with musl`. */
function thisSystem(): string {
  const isMusl = process.platform === 'linux' && reportOfProcess().header.glibcVersionRuntime === undefined;
  return `${process.platform}-${process.arch}${isMusl ? ' with musl' : ''}`;
}
