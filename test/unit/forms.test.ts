import { describe, expect, it } from 'vitest';
import { checkForm } from '../../src/forms/answer-form.js';
import { readBySchema, readSchema } from '../../src/forms/answer-schema.js';
import { openGrammar } from '../../src/forms/gbnf.js';
import { ExpectedError } from '../../src/llava/expected-error.js';

function errorOf(work: () => unknown): ExpectedError {
  try {
    work();
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

const inside = (part: object) => ({ type: 'object', properties: { 'a/b': part } });

describe('a schema', () => {
  it.each<[string, unknown]>([
    ['/pattern', { type: 'string', pattern: '^a' }],
    ['/minimum', { type: 'integer', minimum: 3 }],
    ['/multipleOf', { type: 'number', multipleOf: 2 }],
    ['/if', { if: { type: 'string' }, then: {}, type: 'string' }],
    ['/not', { type: 'string', not: { const: 'a' } }],
    ['/allOf', { allOf: [{ type: 'string' }] }],
    ['/type', { type: 'text' }],
    ['/type', { type: ['string', 'object'] }],
    ['/format', { type: 'string', format: 'email' }],
    ['/uniqueItems', { type: 'array', items: { type: 'null' }, uniqueItems: true }],
    ['/contains', { type: 'array', contains: { type: 'null' } }],
    ['/items/pattern', { type: 'array', items: { type: 'string', pattern: 'a' } }],
    ['/items', { type: 'array', items: false }],
    ['/maxItems', { type: 'array', maxItems: -1 }],
    ['/maxLength', { type: 'string', minLength: 4, maxLength: 3 }],
    ['/maxLength', { type: 'string', maxLength: 1_000_000 }],
    ['/required/0', { type: 'object', properties: {}, required: ['a'] }],
    ['/patternProperties', { type: 'object', patternProperties: {} }],
    ['/properties/a~1b/pattern', inside({ type: 'string', pattern: 'a' })],
    ['/properties/a~1b', inside({})],
    ['/anyOf/1/minimum', { anyOf: [{ type: 'null' }, { type: 'number', minimum: 1 }] }],
    ['/enum', { enum: [] }],
    ['/enum/1', { enum: ['a', { b: 1 }] }],
    ['/const', { const: 'a', type: 'integer' }],
    ['/$ref', { $ref: '#/$defs/none' }],
    ['/$ref', { $ref: 'https://example.com/schema.json' }],
    ['/$defs/a', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }],
    ['/$defs/a/pattern', { type: 'null', $defs: { a: { type: 'string', pattern: 'a' } } }],
  ])('is refused with the part %s named', (pointer, schema) => {
    const error = errorOf(() => readSchema(schema));
    expect(error.kind).toBe('usage');
    expect(error.message).toContain(`"${pointer}"`);
  });

  it.each([[[]], ['text'], [null], [true], [{}]])('is refused as a whole: %j', (schema) => {
    expect(errorOf(() => readSchema(schema)).message).toMatch(/^The schema /);
  });

  it('nested without end is refused, not followed', () => {
    let schema: object = { type: 'null' };
    for (let depth = 0; depth < 5000; depth++) schema = { type: 'array', items: schema };
    expect(errorOf(() => readSchema(schema)).message).toContain('deep');
  });

  it('may have a name and remarks, which change nothing', () => {
    const plain = readSchema({ type: 'string', maxLength: 3 });
    const remarked = readSchema({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/name',
      title: 'Name',
      description: 'A name',
      type: 'string',
      maxLength: 3,
    });
    expect(remarked.forGrammar).toEqual(plain.forGrammar);
    expect(readBySchema('"abc"', remarked)).toBe('abc');
  });

  it('says by itself what is always there, for engines that take it by the letter', () => {
    const pair = { type: 'array', prefixItems: [{ type: 'string' }, { type: 'null' }] };
    const { forGrammar } = readSchema({ type: 'object', properties: { pair, n: { type: 'integer' } } });
    expect(forGrammar).toEqual({
      type: 'object',
      properties: { pair: { ...pair, minItems: 2 }, n: { type: 'integer' } },
      required: ['pair', 'n'],
      additionalProperties: false,
    });
  });

  it('is checked once more when the answer is there', () => {
    const schema = readSchema({ type: 'object', properties: { n: { enum: [1, 2] } }, required: ['n'] });
    expect(readBySchema('{"n": 2}', schema)).toEqual({ n: 2 });
    for (const wrong of ['{"n": 3}', '{}', '[]', '{"n": 2', ''])
      expect(errorOf(() => readBySchema(wrong, schema)).kind).toBe('engine');
  });
});

describe('an answer', () => {
  it('that was cut has no form', () => {
    expect(errorOf(() => checkForm('"a"', 'max-tokens', { grammar: 'root ::= "a"' })).kind).toBe('engine');
    expect(
      errorOf(() => checkForm('1', 'context-full', { schema: readSchema({ type: 'integer' }) })).kind,
    ).toBe('engine');
    expect(checkForm('a', 'max-tokens', {})).toEqual({});
  });

  it('says a value under a schema only', () => {
    expect(checkForm('12', 'end', { schema: readSchema({ type: 'integer' }) })).toEqual({ value: 12 });
    expect(checkForm('12', 'end', { grammar: 'root ::= "12"' })).toEqual({});
  });
});

describe('a grammar', () => {
  it('gets a root that allows a space in front, and keeps its texts', () => {
    const opened = openGrammar(
      '# the root\nroot ::= "root" | [root"] other-root | (root)\nother-root ::= "x"\n',
    );
    expect(opened).toBe(
      'root ::= " "? answer-of-root\n# the root\nanswer-of-root ::= "root" | [root"] other-root | (answer-of-root)\nother-root ::= "x"\n',
    );
  });

  it.each(['', 'yes|no', 'start ::= "a"', '# root ::= "a"'])('without a root is none: %j', (text) => {
    expect(errorOf(() => openGrammar(text)).kind).toBe('usage');
  });
});
