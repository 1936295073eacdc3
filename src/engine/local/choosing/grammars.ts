import type * as NodeLlamaCpp from 'node-llama-cpp';
import type { Llama, LlamaGrammar, LlamaGrammarEvaluationState, LlamaModel } from 'node-llama-cpp';
import { ExpectedError } from '../../../llava/expected-error.js';
import type { Sampling } from '../../engine.js';
import { schemaGrammar } from './schema-grammar.js';

/** Grammars kept compiled: a batch asks for the same few again and again. */
const KEPT = 64;

/** Compiles GBNF, each text once. */
export class Grammars {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #compiled = new Map<string, LlamaGrammar>();

  constructor(llama: Llama, model: LlamaModel) {
    this.#llama = llama;
    this.#model = model;
  }

  /**
   * What keeps one answer to the grammar or schema of its sampling; undefined when there is none.
   * @throws ExpectedError('usage') when the grammar is no GBNF with a rule `root`
   */
  async start({ grammar, schema }: Sampling): Promise<LlamaGrammarEvaluationState | undefined> {
    const text = grammar ?? (schema === undefined ? undefined : await schemaGrammar(schema));
    if (text === undefined) return undefined;
    const compiled = this.#compiled.get(text) ?? (await this.#compile(text));
    const { LlamaGrammarEvaluationState: State } = await importState();
    return new State({ model: this.#model, grammar: compiled });
  }

  async #compile(text: string): Promise<LlamaGrammar> {
    const grammar = await compileGrammar(this.#llama, text);
    this.#compiled.set(text, grammar);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > KEPT && oldest !== undefined) this.#compiled.delete(oldest);
    return grammar;
  }
}

/** @throws ExpectedError('usage') when the text is no GBNF with a rule `root` */
export async function compileGrammar(llama: Llama, text: string): Promise<LlamaGrammar> {
  try {
    return await llama.createGrammar({ grammar: text });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExpectedError('usage', `The grammar cannot be used: ${reason}`, {
      hint: 'It takes GBNF with a rule called root, as llama.cpp describes it',
      cause: error,
    });
  }
}

/** Of node-llama-cpp's index, which takes half a second to import, only this. */
async function importState(): Promise<Pick<typeof NodeLlamaCpp, 'LlamaGrammarEvaluationState'>> {
  const file = new URL('evaluator/LlamaGrammarEvaluationState.js', import.meta.resolve('node-llama-cpp'));
  return (await import(file.href)) as Pick<typeof NodeLlamaCpp, 'LlamaGrammarEvaluationState'>;
}
