import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { packageFile } from '../files/package-file.js';
import { FORM_NAMES } from '../llava/conversations/named.js';
import { hubFileSchema, type HubFile } from '../hub/hub-file.js';
import { ExpectedError } from '../llava/expected-error.js';
import { quote } from '../llava/quote.js';
import { fileProblem } from '../llava/file-problem.js';

const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const score = v.pipe(v.number(), v.minValue(0));

/** A file on this machine; `path` is relative to the catalogue's folder, absolute once read. */
const builtInFileSchema = v.strictObject({ path: text });

const modelSchema = v.strictObject({
  about: text,
  aliases: v.optional(v.array(text), []),
  licence: v.strictObject({ name: text, url: v.optional(text), note: v.optional(text) }),
  /** How it was trained to talk. Default: what its file says. */
  conversation: v.optional(v.picklist(FORM_NAMES)),
  /** As published of the weights before they were quantised: per cent, and MME's points of perception. */
  scores: v.optional(
    v.strictObject({
      mmbench: v.optional(score),
      pope: v.optional(score),
      textvqa: v.optional(score),
      mme: v.optional(score),
      from: text,
    }),
  ),
  /** Tokens of context that `memoryMiB` counts with. */
  contextTokens: count,
  /** Both files, the KV cache and llama.cpp's working memory, on one device. */
  memoryMiB: count,
  files: v.union([
    v.strictObject({ model: builtInFileSchema, mmproj: builtInFileSchema }),
    v.strictObject({ model: hubFileSchema, mmproj: hubFileSchema }),
  ]),
});

/** `default` is the model used when none is named. */
const catalogueSchema = v.strictObject({ default: text, models: v.record(text, modelSchema) });

export type BuiltInFile = v.InferOutput<typeof builtInFileSchema>;
export type Catalogue = v.InferOutput<typeof catalogueSchema>;
/** A model of the catalogue. */
export type Model = v.InferOutput<typeof modelSchema> & { readonly name: string };

/** Reads the tool's `models.json`; one of the wrong form is a defect and throws plainly. */
export function readCatalogue(): Catalogue {
  const path = packageFile('models.json');
  return withAbsolutePaths(path, v.parse(catalogueSchema, JSON.parse(readFileSync(path, 'utf8'))));
}

/**
 * The tool's catalogue with the models of a file of the user's own, which win; its `default` may be left out.
 * @throws ExpectedError('usage') that says where the file is wrong
 */
export function readCatalogueWith(ownPath: string): Catalogue {
  const builtIn = readCatalogue();
  try {
    const schema = v.strictObject({ ...catalogueSchema.entries, default: v.optional(text, builtIn.default) });
    const own = withAbsolutePaths(ownPath, v.parse(schema, JSON.parse(readFileSync(ownPath, 'utf8'))));
    return { default: own.default, models: { ...builtIn.models, ...own.models } };
  } catch (error) {
    const where = v.isValiError(error) ? ` at ${quote(v.getDotPath(error.issues[0]) ?? '')}` : '';
    const reason = fileProblem(error);
    throw new ExpectedError('usage', `The catalogue ${quote(ownPath)} cannot be used${where}: ${reason}`, {
      hint: 'It has the form of the models.json that comes with llava',
      cause: error,
    });
  }
}

/** Every model, in the catalogue's order. */
export function listModels(catalogue: Catalogue): readonly Model[] {
  return Object.entries(catalogue.models).map(([name, model]) => ({ name, ...model }));
}

/**
 * A model by its name or alias, whatever the case; the default one when no name is given.
 * @throws ExpectedError('usage') when the catalogue has no such model.
 */
export function findModel(name: string | undefined, catalogue: Catalogue): Model {
  const wanted = (name ?? catalogue.default).toLowerCase();
  const models = listModels(catalogue);
  const found = models.find((model) => model.name === wanted || model.aliases.includes(wanted));
  if (found !== undefined) return found;
  throw new ExpectedError('usage', `The catalogue has no model ${quote(wanted)}.`, {
    hint: 'llava models list shows the models; for your own files: --gguf FILE --mmproj FILE',
  });
}

/** Whether a file has to be downloaded before it can be used. */
export function isHubFile(file: HubFile | BuiltInFile): file is HubFile {
  return 'repo' in file;
}

/** The two files of a model that is on this machine by itself; undefined for models of the hub. */
export function builtInFiles({
  files: { model, mmproj },
}: Model): { model: string; mmproj: string } | undefined {
  if (isHubFile(model) || isHubFile(mmproj)) return undefined;
  return { model: model.path, mmproj: mmproj.path };
}

function withAbsolutePaths(cataloguePath: string, catalogue: Catalogue): Catalogue {
  const absolute = (file: BuiltInFile) => ({ path: resolve(dirname(cataloguePath), file.path) });
  const models = Object.entries(catalogue.models).map(([name, model]) => {
    const { files } = model;
    if (isHubFile(files.model) || isHubFile(files.mmproj)) return [name, model] as const;
    return [
      name,
      { ...model, files: { model: absolute(files.model), mmproj: absolute(files.mmproj) } },
    ] as const;
  });
  return { ...catalogue, models: Object.fromEntries(models) };
}
