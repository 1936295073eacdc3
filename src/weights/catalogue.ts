import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { ExpectedError } from '../llava/expected-error.js';

const text = v.pipe(v.string(), v.minLength(1));

/** `path` is relative to the project's folder. */
const fileSchema = v.strictObject({ path: text });

const modelSchema = v.strictObject({
  about: text,
  licence: text,
  files: v.strictObject({ model: fileSchema, mmproj: fileSchema }),
});

/** `default` is the model used when none is named. */
const catalogueSchema = v.strictObject({ default: text, models: v.record(text, modelSchema) });

export type Catalogue = v.InferOutput<typeof catalogueSchema>;

/** A named model's two files on this machine. */
export interface NamedWeights {
  readonly name: string;
  readonly model: string;
  readonly mmproj: string;
}

/** Reads and checks `models.json`; a catalogue of the wrong form is a defect and throws plainly. */
export function readCatalogue(): Catalogue {
  return v.parse(catalogueSchema, JSON.parse(readFileSync(projectFile('models.json'), 'utf8')));
}

/**
 * The files of a model of the catalogue, the default one when no name is given.
 * @throws ExpectedError('usage') when the catalogue has no such model.
 */
export function findWeights(name: string | undefined, catalogue = readCatalogue()): NamedWeights {
  const wanted = name ?? catalogue.default;
  const model = Object.hasOwn(catalogue.models, wanted) ? catalogue.models[wanted] : undefined;
  if (model === undefined)
    throw new ExpectedError('usage', `There is no model "${wanted}" in the catalogue.`, {
      hint: `--model ${Object.keys(catalogue.models).join(' or ')}, or your own files: --gguf FILE --mmproj FILE`,
    });
  return {
    name: wanted,
    model: projectFile(model.files.model.path),
    mmproj: projectFile(model.files.mmproj.path),
  };
}

function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
