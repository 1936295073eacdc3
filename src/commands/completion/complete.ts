import type { Argument, Command, Option } from 'commander';
import { catalogueOf, hubSettings, type Environment } from '../../opening/environment.js';
import { PICTURE_ENDINGS } from '../../llava/sniff-format.js';
import { listModels } from '../../weights/catalogue.js';
import { inspectModel } from '../../weights/store/index.js';
import { readLine, type Place } from './read-line.js';

/** What a shell may add of its own, as numbers of cobra's protocol, which the scripts speak. */
export const COMPLETE_ANYTHING = 0;
const COMPLETE_NOTHING_ELSE = 4;
export const COMPLETE_BY_ENDING = 8;
const COMPLETE_FOLDERS = 16;

interface Candidate {
  readonly value: string;
  readonly about?: string;
}

/** What may stand at the cursor: these, or files that end so, or folders, or whatever the shell thinks. */
type Proposal =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files'; readonly endings: readonly string[] }
  | { readonly kind: 'folders' | 'anything' };

/**
 * What fits at the cursor: a line each, the value and what it is about with a tab between; then what else the shell may
 * offer, as `:N`.
 * @param words from the one after `llava` to the one with the cursor
 */
export async function complete(
  words: readonly string[],
  program: Command,
  env: Environment,
): Promise<string> {
  const { place, typed } = readLine(words, program);
  const proposal = await propose(place, typed, env);
  switch (proposal.kind) {
    case 'candidates': {
      const fitting = proposal.candidates.filter(({ value }) => value.startsWith(typed));
      const lines = fitting.map(({ value, about = '' }) => `${value}\t${about}\n`);
      return `${lines.join('')}:${COMPLETE_NOTHING_ELSE}\n`;
    }
    case 'files': {
      const upperCase = proposal.endings.map((ending) => ending.toUpperCase());
      return `${[...proposal.endings, ...upperCase].join('\n')}\n:${COMPLETE_BY_ENDING}\n`;
    }
    case 'folders':
      return `:${COMPLETE_FOLDERS}\n`;
    case 'anything':
      return `:${COMPLETE_ANYTHING}\n`;
  }
}

async function propose(place: Place, typed: string, env: Environment): Promise<Proposal> {
  switch (place.kind) {
    case 'option':
      return candidates(place.options.flatMap(namesOf));
    case 'value':
      return await valuesOf(place.option, placeholderOf(place.option), env);
    case 'operand': {
      const { argument } = place;
      const commands = place.commands.map((one) => ({ value: one.name(), about: one.description() }));
      const isCommand = commands.some(({ value }) => value.startsWith(typed));
      if (argument === undefined || isCommand) return candidates(commands);
      return await valuesOf(argument, argument.name(), env);
    }
  }
}

function candidates(all: readonly Candidate[]): Proposal {
  return { kind: 'candidates', candidates: all };
}

function namesOf({ long, short, description }: Option): readonly Candidate[] {
  const names = [long, short].filter((name) => name !== undefined);
  return names.map((value) => ({ value, about: description }));
}

/** What help puts in the place of an option's value, such as `file`; `gguf` where it has to be one. */
function placeholderOf(option: Option): string {
  if (['gguf', 'mmproj', 'lora'].includes(option.attributeName())) return 'gguf';
  return /[<[](.+?)(?:\.{3})?[\]>]/.exec(option.flags)?.[1] ?? '';
}

/** @param placeholder what help calls the value */
async function valuesOf(
  { argChoices }: Option | Argument,
  placeholder: string,
  env: Environment,
): Promise<Proposal> {
  if (argChoices !== undefined) return candidates(argChoices.map((value) => ({ value })));
  switch (placeholder) {
    case 'model':
    case 'name':
      return candidates(await modelNames(env));
    case 'benchmark': {
      const { BENCHMARKS } = await import('../../eval/benchmarks/registry.js');
      return candidates(BENCHMARKS.map(({ name, title }) => ({ value: name, about: title })));
    }
    case 'type': {
      const { FILE_TYPES_BY_NAME } = await import('../../convert/quantising/file-types.js');
      return candidates([...FILE_TYPES_BY_NAME.keys()].map((value) => ({ value })));
    }
    case 'picture':
      return { kind: 'files', endings: PICTURE_ENDINGS };
    case 'gguf':
      return { kind: 'files', endings: ['gguf'] };
    case 'folder':
      return { kind: 'folders' };
    case 'file':
    case 'path':
    case 'input':
    case 'part':
    case 'name|file|folder':
      return { kind: 'anything' };
    default:
      return candidates([]);
  }
}

/** Names of the catalogue and their short forms, and which of them are here. */
async function modelNames(env: Environment): Promise<readonly Candidate[]> {
  const settings = await hubSettings(env);
  const models = await Promise.all(
    listModels(catalogueOf(env)).map(async (model) => {
      const { state } = await inspectModel(model, settings);
      const about = `${state === 'present' ? 'on this machine: ' : ''}${model.about}`;
      return [model.name, ...model.aliases].map((value) => ({ value, about }));
    }),
  );
  return models.flat();
}
