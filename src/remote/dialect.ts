import type { Sampling } from '../engine/engine.js';
import { ExpectedError } from '../llava/expected-error.js';

/** What a kind of server adds to OpenAI's chat API, and how it wants to be told. */
export interface Dialect {
  /** As its makers write it. */
  readonly name: string;
  /**
   * The fields that hold an answer to what its sampling says.
   * @param answerLead what the model says in front of an answer
   * @throws ExpectedError('usage') for what this kind of server cannot do
   */
  constrain(sampling: Sampling, answerLead: string): object;
  /** Whether prompts can be tokenised there, answers continued and told how likely they are, and tokens allowed one by one. */
  readonly hasTokens: boolean;
}

/** Source: docs.vllm.ai, "Structured Outputs": `choice`, `json` and `grammar` of `structured_outputs`. */
export const VLLM: Dialect = {
  name: 'vLLM',
  hasTokens: true,
  constrain({ oneOf, schema, grammar }, answerLead) {
    if (oneOf !== undefined)
      return { structured_outputs: { choice: oneOf.map((text) => `${answerLead}${text}`) } };
    if (schema !== undefined) return { structured_outputs: { json: schema } };
    return grammar === undefined ? {} : { structured_outputs: { grammar } };
  },
};

/** Source: docs.sglang.ai, "Structured Outputs": `regex` and `ebnf` beside OpenAI's `response_format`. */
export const SGLANG: Dialect = {
  name: 'SGLang',
  hasTokens: false,
  constrain({ oneOf, schema, grammar }, answerLead) {
    if (oneOf !== undefined)
      return { regex: `(${oneOf.map((text) => escapeRegExp(`${answerLead}${text}`)).join('|')})` };
    if (schema !== undefined) return responseFormat(schema);
    return grammar === undefined ? {} : { ebnf: grammar };
  },
};

/** Nothing is known but OpenAI's API. */
export const OTHER: Dialect = {
  name: 'this kind of server',
  hasTokens: false,
  constrain({ oneOf, schema, grammar }) {
    if (oneOf !== undefined) throw cannot('hold an answer to choices or labels', this.name);
    if (grammar !== undefined) throw cannot('hold an answer to a grammar', this.name);
    return schema === undefined ? {} : responseFormat(schema);
  },
};

/** What a kind of server cannot do, by name. */
export function cannot(what: string, software: string): ExpectedError {
  return new ExpectedError('usage', `${software} cannot ${what}.`, {
    hint: 'Use vLLM or llava serve, or ask an engine here, without --server',
  });
}

function responseFormat(schema: object): object {
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
