/** What a model's name tells of it: `llava-v1.5-7b` is of size `7B`. */
export interface NameParts {
  readonly fullName: string;
  readonly organisation: string | undefined;
  readonly basename: string | undefined;
  readonly finetune: string | undefined;
  readonly version: string | undefined;
  readonly sizeLabel: string | undefined;
}

type Kind = 'basename' | 'size' | 'finetune' | 'version' | 'type';

interface NamePart {
  text: string;
  readonly kinds: Set<Kind>;
}

/**
 * Takes a name apart as llama.cpp's converter does (`Metadata.get_model_id_components` of gguf-py at v0.5.0), so that both
 * write the same keys.
 * @param id `organisation/name`, or a folder's name
 * @param parameters of the model, or 0: a size far from it is no size
 */
export function takeNameApart(id: string, parameters: number): NameParts {
  if (id.includes(' ')) return { ...NOTHING, fullName: id };
  const slash = id.indexOf('/');
  const fullName = id.slice(slash + 1);
  const organisation = slash > 0 && !id.startsWith('.') ? id.slice(0, slash) : undefined;
  const parts = fullName
    .split('-')
    .filter((text) => text !== '')
    .map((text, index) => classify(text, index, parameters));
  dropWordSizes(parts);
  markBasename(parts);
  const join = (kind: Kind) => parts.filter(({ kinds }) => kinds.has(kind)).map(({ text }) => text);
  const sizeLabel = joined([...new Set(join('size'))]);
  const finetune = joined(join('finetune'));
  const version = joined(
    parts.filter(({ kinds }) => kinds.has('version') && !kinds.has('basename')).map(({ text }) => text),
  );
  const isAmbiguous = sizeLabel === undefined && finetune === undefined && version === undefined;
  const basename = isAmbiguous ? undefined : joined(join('basename'));
  return { fullName, organisation, basename, finetune, version, sizeLabel };
}

const NOTHING = {
  organisation: undefined,
  basename: undefined,
  finetune: undefined,
  version: undefined,
  sizeLabel: undefined,
};

/** `llava-v1.5-7b` → `Llava v1.5 7b`: words in lower case begin with a capital, versions and numbers stay. */
export function titleOf(name: string): string {
  const words = name.trim().replaceAll('-', ' ').split(/\s+/);
  return words
    .map((word) => {
      const isLower = word === word.toLowerCase() && word !== word.toUpperCase();
      if (!isLower || /^(?:v\d+(?:\.\d+)*|\d.*)$/.test(word)) return word;
      return word.replace(/\p{L}+/gu, (run) => run.charAt(0).toUpperCase() + run.slice(1));
    })
    .join(' ');
}

/** A number of parameters as models are called by it: `7.1B`, `13B`, `124M`. */
export function sizeLabelOf(parameters: number): string {
  const [unit, suffix] =
    parameters > 1e12 ? ([1e-12, 'T'] as const)
    : parameters > 1e9 ? ([1e-9, 'B'] as const)
    : parameters > 1e6 ? ([1e-6, 'M'] as const)
    : ([1e-3, 'K'] as const); // prettier-ignore
  const scaled = parameters * unit;
  const digits = Math.max(2 - String(roundToEven(scaled)).replace(/^0+/, '').length, 0);
  return `${digits === 0 ? roundToEven(scaled) : scaled.toFixed(digits)}${suffix}`;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

function classify(text: string, index: number, parameters: number): NamePart {
  const kinds = new Set<Kind>();
  if (/^(?:v|iter)?\d+(?:[.]\d+)*$/i.test(text)) kinds.add('version');
  else if (/^(?:i?q\d(?:_\w)*|b?fp?(?:16|32))$/i.test(text))
    return { text: text.toUpperCase(), kinds: kinds.add('type') };
  else if (
    index > 0 &&
    /^(?:(?:[A]|\d+[x])?\d+(?:[._]\d+)?[KMBT][\d]?|small|mini|medium|large|x?xl)$/i.test(text)
  )
    return classifySize(text, parameters);
  else if (index > 0 && /^(?:chat|instruct|vision|lora)$/i.test(text)) kinds.add('finetune');
  return { text, kinds };
}

function classifySize(given: string, parameters: number): NamePart {
  let text = given.replaceAll('_', '.');
  // Such as 7b1 for 7.1b.
  if (/\d$/.test(text)) text = `${text.slice(0, -2)}.${text.slice(-1)}${text.at(-2) ?? ''}`;
  if (/\d[kmbt]$/.test(text)) text = text.slice(0, -1) + text.slice(-1).toUpperCase();
  const size = Number(text.slice(0, -1)) * 1000 ** ' KMBT'.indexOf(text.slice(-1));
  const isFar = parameters > 0 && Math.abs(size - parameters) > Math.floor((7 * parameters) / 8);
  // Most likely the length of a context.
  if (isFar) return { text: text.slice(0, -1) + text.slice(-1).toLowerCase(), kinds: new Set(['finetune']) };
  return { text, kinds: new Set(['size']) };
}

/** Words for sizes count only where there is no number. */
function dropWordSizes(parts: readonly NamePart[]): void {
  const sizes = parts.filter(({ kinds }) => kinds.has('size'));
  if (!sizes.some(({ text }) => /\d/.test(text))) return;
  for (const { text, kinds } of sizes) if (/^\p{L}+$/u.test(text)) kinds.delete('size');
}

/** The first parts that are nothing else; versions among them, but not at their end. */
function markBasename(parts: readonly NamePart[]): void {
  let isAtStart = true;
  for (const { text, kinds } of parts) {
    const isBasename = (kinds.size === 0 && /^\p{L}/u.test(text)) || kinds.has('version');
    if (isAtStart && isBasename) kinds.add('basename');
    else {
      isAtStart = false;
      if (kinds.size === 0) kinds.add('finetune');
    }
  }
  for (const { kinds } of parts.toReversed()) {
    if (!kinds.has('basename') || kinds.size === 1) return;
    kinds.delete('basename');
  }
}

function joined(parts: readonly string[]): string | undefined {
  return parts.length === 0 ? undefined : parts.join('-');
}
