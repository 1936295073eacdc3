import { afterAll, describe, expect, it } from 'vitest';
import { openLlamaEngine } from '../../src/engine/local/llama-engine.js';
import { checkForm, formForEngine } from '../../src/forms/answer-form.js';
import { readSchema } from '../../src/forms/answer-schema.js';
import { loadPixels } from '../../src/llava/pixels.js';
import { projectFile } from '../helpers/run-llava.js';

/** `LLAVA_SCHEMA_RUNS=500` for the figure in docs/answers.md. */
const RUNS = Number(process.env['LLAVA_SCHEMA_RUNS'] ?? 24);

const SCHEMAS: readonly [name: string, schema: object][] = [
  [
    'an object',
    {
      type: 'object',
      properties: {
        shape: { enum: ['circle', 'square', 'triangle', 'star'] },
        colour: { type: 'string', minLength: 1, maxLength: 12 },
        count: { type: 'integer' },
        'odd "name\\': { const: 'a "quoted" \\ text' },
      },
      required: ['shape', 'count'],
      additionalProperties: false,
    },
  ],
  [
    'a list of cases',
    {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: {
        oneOf: [
          { type: 'null' },
          { type: 'object', properties: { area: { type: 'number' } }, required: ['area'] },
        ],
      },
    },
  ],
  [
    'definitions, a fixed beginning and a time',
    {
      $defs: { name: { type: 'string', maxLength: 6 } },
      type: 'array',
      prefixItems: [
        { $ref: '#/$defs/name' },
        { type: ['boolean', 'null'] },
        { type: 'string', format: 'time' },
      ],
      items: { $ref: '#/$defs/name' },
      maxItems: 5,
    },
  ],
];

const engine = await openLlamaEngine({
  model: projectFile('models/demo/model.gguf'),
  mmproj: projectFile('models/demo/mmproj.gguf'),
});
afterAll(() => engine[Symbol.asyncDispose]());
const { imageSize } = engine.info;
const pixels = await loadPixels({ kind: 'file', path: projectFile('examples/shapes.png') }, { imageSize });
const prefix = engine.look(await engine.encode(pixels));

describe.each(SCHEMAS)('answers by a schema of %s', (_, given) => {
  it(`fit it in ${RUNS} of ${RUNS} runs at temperature 1`, { timeout: 600_000 }, async () => {
    const form = { schema: readSchema(given) };
    const answers = new Set<string>();
    for (let seed = 1; seed <= RUNS; seed++) {
      const sampling = { temperature: 1, topP: 1, seed, maxTokens: 256, ...formForEngine(form) };
      let answer = '';
      let stop = '';
      for await (const event of prefix.ask('Describe the shapes.', sampling))
        if (event.type === 'text') answer += event.text;
        else stop = event.reason;
      expect(() => checkForm(answer, stop, form), answer).not.toThrow();
      answers.add(answer);
    }
    expect(answers.size).toBeGreaterThan(RUNS / 4);
  });
});
