/*
 * node-llama-cpp's grammar of a JSON Schema, with an end of our own: its public one closes with four line breaks for a
 * trigger to see, where LLaVA ends its sentence. The version is pinned (release.ts).
 */

interface Generator {
  generateGbnfFile(rootGrammar: string): string;
}

interface Modules {
  readonly GbnfGrammarGenerator: new () => Generator;
  readonly GbnfJsonScopeState: new (settings: { allowNewLines: boolean; scopePadSpaces: number }) => object;
  readonly getGbnfJsonTerminalForGbnfJsonSchema: (
    schema: object,
    generator: Generator,
    scope: object,
  ) => { resolve(generator: Generator, isRoot: boolean): string };
}

const FILES = [
  'utils/gbnfJson/GbnfGrammarGenerator.js',
  'utils/gbnfJson/utils/GbnfJsonScopeState.js',
  'utils/gbnfJson/utils/getGbnfJsonTerminalForGbnfJsonSchema.js',
];

/** Would make whole numbers of fractions (`1e-5`), and numbers that no double can hold. */
const EXPONENT = ` ([eE] [-+]? ("0" | [1-9] [0-9]{0,15}))?`;
/** Would allow halves of characters, and texts shorter than they are counted. */
const ESCAPED_CODE = String.raw` | "\\u" [0-9a-fA-F]{4}`;
/** Would allow bytes that are no character, each of which is read as one of its own. */
const ANY_CHARACTER = String.raw`[^"\\\x7F\x00-\x1F]`;
const REAL_CHARACTER = String.raw`[\x20-\x21\x23-\x5B\x5D-\x7E\u0080-\uD7FF\uE000-\uFFFC\U00010000-\U0010FFFF]`;

/**
 * A JSON Schema of the kind that node-llama-cpp knows as GBNF.
 * @param schema checked before: what node-llama-cpp does not know, it passes over
 */
export async function schemaGrammar(schema: object): Promise<string> {
  const { GbnfGrammarGenerator, GbnfJsonScopeState, getGbnfJsonTerminalForGbnfJsonSchema } = await load();
  const generator = new GbnfGrammarGenerator();
  const scope = new GbnfJsonScopeState({ allowNewLines: false, scopePadSpaces: 0 });
  const root = getGbnfJsonTerminalForGbnfJsonSchema(schema, generator, scope).resolve(generator, true);
  const grammar = generator.generateGbnfFile(`" "? (${root})`);
  return grammar
    .replaceAll(EXPONENT, '')
    .replaceAll(ESCAPED_CODE, '')
    .replaceAll(ANY_CHARACTER, REAL_CHARACTER);
}

async function load(): Promise<Modules> {
  const index = import.meta.resolve('node-llama-cpp');
  const modules = await Promise.all(
    FILES.map((file) => import(new URL(file, index).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Modules;
}
