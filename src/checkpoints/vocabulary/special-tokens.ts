import { isObject } from '../../llava/json.js';
import type { Fields } from '../configuration/fields.js';
import { readAddedTokens, type TokenizerFiles } from './tokenizer-files.js';
import type { SpecialToken, Vocabulary } from './vocabulary.js';

type SpecialTokens = Pick<Vocabulary, 'specialTokens' | 'addedTokens'>;

/** The roles in the order in which they are written; `cls` decides about others and is not written. */
const ROLES = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'];

/** What of them GGUF has a key for. */
const WRITTEN = new Set<string>([
  'bos',
  'eos',
  'unk',
  'sep',
  'pad',
  'mask',
  'eot',
  'eom',
] satisfies SpecialToken[]);
const WRITTEN_ADDED = new Set<string>(['bos', 'eos', 'sep']);

/**
 * Which ids are special and which of them a prompt starts and ends with, found as gguf-py's SpecialVocab does: the
 * template of `tokenizer.json` first, then `tokenizer_config.json`, then the model's `config.json`; the first to name
 * a role counts. Source: llama.cpp v0.5.0, gguf-py/gguf/vocab.py.
 * @param tokenCount ids from it on do not exist; undefined to take all
 */
export function readSpecialTokens(files: TokenizerFiles, tokenCount: number | undefined): SpecialTokens {
  const { tokenizer, settings, config } = files;
  const found = new Finder(settings);
  if (tokenizer !== undefined) found.readTemplates(tokenizer);
  const ids = new Map(
    (tokenizer === undefined ? [] : readAddedTokens(tokenizer))
      .toReversed()
      .map(({ text, id }) => [text, id]),
  );
  if (settings !== undefined) found.readSettings(settings, ids, tokenCount);
  if (config !== undefined) found.readConfig(config, tokenCount);
  return {
    specialTokens: new Map(
      [...found.ids].filter((entry): entry is [SpecialToken, number] => WRITTEN.has(entry[0])),
    ),
    addedTokens: new Map(
      [...found.added].filter((entry): entry is ['bos' | 'eos' | 'sep', boolean] =>
        WRITTEN_ADDED.has(entry[0]),
      ),
    ),
  };
}

class Finder {
  readonly ids = new Map<string, number>();
  readonly added = new Map<string, boolean>();
  /** `<role>_token` of the settings, as they stand there: text or object; undefined without settings. */
  readonly #named: Map<string, unknown> | undefined;
  #roles = ROLES;

  constructor(settings: Fields | undefined) {
    this.#named = settings && new Map(ROLES.map((role) => [role, settings.value(`${role}_token`)]));
  }

  /** What the template puts before and behind a text, and between two. */
  readTemplates(tokenizer: Fields): void {
    let bos = this.#named?.get('bos');
    let eos = this.#named?.get('eos');
    const [cls, sep] = [this.#named?.get('cls'), this.#named?.get('sep')];
    if (isUnset(bos) && !isUnset(cls)) this.#named?.set('bos', (bos = cls));
    if (isUnset(eos) && !isUnset(sep)) this.#named?.set('eos', (eos = sep));
    for (const template of templatesOf(tokenizer)) {
      const { single } = template;
      const first = single.length > 1 ? specialOf(single[0]) : undefined;
      const last = single.length > 1 ? specialOf(single.at(-1)) : undefined;
      if (first !== undefined) this.added.set('bos', this.#isFirst(first));
      if (last !== undefined) this.#takeLast(last);
      this.#readPair(template.pair, first, last);
    }
  }

  readSettings(settings: Fields, ids: ReadonlyMap<string, number>, tokenCount: number | undefined): void {
    for (const role of this.#roles) {
      const isAdded = settings.value(`add_${role}_token`);
      if (typeof isAdded === 'boolean') this.added.set(role, isAdded);
      const named = this.#named?.get(role);
      const text = isObject(named) ? named['content'] : named;
      if (typeof text === 'string') this.#setId(role, ids.get(text), tokenCount);
    }
  }

  readConfig(config: Fields, tokenCount: number | undefined): void {
    for (const role of this.#roles) {
      const key = `${role}_token_id`;
      this.#setId(role, config.value(key) ?? config.object('text_config')?.value(key), tokenCount);
    }
  }

  #setId(role: string, id: unknown, tokenCount: number | undefined): void {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || this.ids.has(role)) return;
    if (tokenCount === undefined || id < tokenCount) this.ids.set(role, id);
  }

  /** Whether a token starts texts; without settings any does, and one that settings do not name becomes theirs. */
  #isFirst(first: string): boolean {
    if (this.#named === undefined) return true;
    const named = this.#named;
    if (first !== named.get('bos') && first !== named.get('cls')) {
      if (isUnset(named.get('bos'))) named.set('bos', first);
      if (isUnset(named.get('cls'))) named.set('cls', first);
    }
    return first === named.get('bos') || first === named.get('cls');
  }

  /** A text's last token is where it ends; what the settings call the end is then the end of a turn. */
  #takeLast(last: string): void {
    const named = this.#named;
    if (named !== undefined && last !== named.get('eos')) {
      const role = ['eot', 'eom'].find((one) => !this.#roles.includes(one));
      if (role !== undefined) {
        this.#roles = [...this.#roles, role];
        named.set(role, named.get('eos'));
      }
      named.set('eos', last);
    }
    this.added.set('eos', true);
  }

  #readPair(pair: readonly unknown[], first: string | undefined, last: string | undefined): void {
    const skipsFirst = first !== undefined && specialOf(pair[0]) === first;
    const skipsLast = last !== undefined && specialOf(pair.at(-1)) === last;
    const inner = pair.slice(skipsFirst ? 1 : 0, skipsLast ? -1 : undefined);
    const between = inner.slice(1, -1);
    if (sequenceOf(inner[0]) !== 'A' || sequenceOf(inner.at(-1)) !== 'B' || between.length === 0) return;
    const ends = [this.#named?.get('sep'), this.#named === undefined ? last : this.#named.get('eos')];
    const isEnd = (item: unknown) => specialOf(item) !== undefined && ends.includes(specialOf(item));
    const isSeparated =
      (isEnd(between[0]) && last === undefined) || (between.length === 2 && isEnd(between[1]));
    this.added.set('sep', isSeparated);
    if (isSeparated && isUnset(this.#named?.get('sep'))) this.#named?.set('sep', this.#named.get('eos'));
  }
}

interface Template {
  readonly single: readonly unknown[];
  readonly pair: readonly unknown[];
}

/** The TemplateProcessing steps, alone or in a sequence. */
function templatesOf(tokenizer: Fields): readonly Template[] {
  const outer = tokenizer.value('post_processor');
  const steps =
    isObject(outer) && Array.isArray(outer['processors']) ? (outer['processors'] as unknown[]) : [outer];
  return steps.flatMap((step) => {
    if (!isObject(step) || step['type'] !== 'TemplateProcessing') return [];
    return [{ single: listOf(step['single']), pair: listOf(step['pair']) }];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function specialOf(item: unknown): string | undefined {
  return idOf(item, 'SpecialToken');
}

function sequenceOf(item: unknown): string | undefined {
  return idOf(item, 'Sequence');
}

function idOf(item: unknown, kind: string): string | undefined {
  const inner = isObject(item) ? item[kind] : undefined;
  const id = isObject(inner) ? inner['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === '';
}
