import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ExpectedError } from '../llava/expected-error.js';

const fileSchema = z.strictObject({
  /** Relative to the project's folder. */
  path: z.string().min(1),
});

const modelSchema = z.strictObject({
  about: z.string().min(1),
  licence: z.string().min(1),
  files: z.strictObject({ model: fileSchema, mmproj: fileSchema }),
});

const catalogueSchema = z.strictObject({
  /** The model used when none is named. */
  default: z.string(),
  models: z.record(z.string(), modelSchema),
});

export type Catalogue = z.infer<typeof catalogueSchema>;

/** A named model's two files on this machine. */
export interface NamedWeights {
  readonly name: string;
  readonly model: string;
  readonly mmproj: string;
}

/** Reads and checks `models.json`; a catalogue of the wrong form is a defect and throws plainly. */
export function readCatalogue(): Catalogue {
  return catalogueSchema.parse(JSON.parse(readFileSync(projectFile('models.json'), 'utf8')));
}

/**
 * The files of a model of the catalogue, the default one when no name is given.
 * @throws ExpectedError('usage') when the catalogue has no such model.
 */
export function findWeights(name: string | undefined, catalogue = readCatalogue()): NamedWeights {
  const wanted = name ?? catalogue.default;
  const model = catalogue.models[wanted];
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
