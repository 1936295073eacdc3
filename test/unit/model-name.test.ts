import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sizeLabelOf, takeNameApart, titleOf } from '../../src/convert/text/model-name.js';
import { projectFile } from '../helpers/run-llava.js';

/** Made by test/fixtures/make_model_name_references.py with llama.cpp's own code. */
const references = JSON.parse(readFileSync(projectFile('test/fixtures/model-names.json'), 'utf8')) as {
  readonly names: readonly (readonly [string, number, readonly (string | null)[], string])[];
  readonly sizes: readonly (readonly [number, string])[];
};

it.each(references.names)(
  '%s of %d parameters is taken apart as by llama.cpp',
  (name, parameters, parts, title) => {
    const own = takeNameApart(name, parameters);
    const { basename, finetune, fullName, organisation, sizeLabel, version } = own;
    const all = [fullName, organisation, basename, finetune, version, sizeLabel];
    expect(all.map((part) => part ?? null)).toEqual(parts);
    expect(titleOf(fullName)).toBe(title);
  },
);

it.each(references.sizes)('%d parameters are %s', (parameters, label) => {
  expect(sizeLabelOf(parameters)).toBe(label);
});
