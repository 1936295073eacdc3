import { RESPONSE_FORMATS } from '../llava/response-format.js';

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const flag = { type: 'boolean' };
const textOrTexts = { oneOf: [text, texts] };

/** What LLaVA can do beyond OpenAI's API; the fields are those of a batch row. */
const EXTENSION = {
  type: 'object',
  additionalProperties: false,
  properties: {
    format: { type: 'string', enum: Object.keys(RESPONSE_FORMATS) },
    choices: texts,
    labels: texts,
    yes_no: flag,
    unconstrained: flag,
    probabilities: flag,
    normalise: { type: 'string', enum: ['none', 'length'] },
    logprobs: flag,
    ocr: textOrTexts,
    schema: { type: 'object' },
    grammar: text,
    region: { oneOf: [text, { type: 'array', items: { type: 'number' } }] },
    mark: textOrTexts,
    image_tokens: { type: 'integer', minimum: 1 },
  },
};

const MESSAGE = {
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: { type: 'string', enum: ['system', 'developer', 'user', 'assistant'] },
    content: {
      oneOf: [
        text,
        {
          type: 'array',
          items: {
            oneOf: [
              { type: 'object', properties: { type: { const: 'text' }, text }, required: ['type', 'text'] },
              {
                type: 'object',
                properties: {
                  type: { const: 'image_url' },
                  image_url: { type: 'object', properties: { url: text }, required: ['url'] },
                },
                required: ['type', 'image_url'],
              },
            ],
          },
        },
      ],
    },
  },
};

const REQUEST = {
  type: 'object',
  required: ['messages'],
  properties: {
    model: text,
    messages: { type: 'array', items: MESSAGE, minItems: 1 },
    stream: flag,
    stream_options: { type: 'object', properties: { include_usage: flag } },
    temperature: { type: 'number', minimum: 0, maximum: 2 },
    top_p: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    seed: { type: 'integer', minimum: 0 },
    max_tokens: { type: 'integer', minimum: 1 },
    max_completion_tokens: { type: 'integer', minimum: 1 },
    stop: { oneOf: [text, { ...texts, maxItems: 4 }] },
    logprobs: flag,
    top_logprobs: { type: 'integer', minimum: 0, maximum: 20 },
    n: { const: 1 },
    response_format: {
      type: 'object',
      required: ['type'],
      properties: { type: { enum: ['text', 'json_object', 'json_schema'] }, json_schema: { type: 'object' } },
    },
    llava: EXTENSION,
  },
};

/** The API of a server, as OpenAPI 3.1. */
export function describeApi(version: string): object {
  const ok = (description: string, type = 'application/json') => ({
    '200': { description, content: { [type]: {} } },
  });
  return {
    openapi: '3.1.0',
    info: { title: 'llava', version, description: 'LLaVA-1.5 answers questions about pictures.' },
    paths: {
      '/v1/chat/completions': {
        post: {
          summary: 'Ask about a picture, as OpenAI’s API does',
          requestBody: { required: true, content: { 'application/json': { schema: REQUEST } } },
          responses: ok('A chat.completion, or with "stream" its chunks as server-sent events'),
        },
      },
      '/v1/models': { get: { summary: 'The model', responses: ok('A list of one') } },
      '/health': { get: { summary: 'Whether the server lives; needs no key', responses: ok('It does') } },
      '/metrics': {
        get: { summary: 'Counts and times for Prometheus', responses: ok('Text', 'text/plain') },
      },
      '/openapi.json': { get: { summary: 'This description', responses: ok('OpenAPI 3.1') } },
    },
  };
}
