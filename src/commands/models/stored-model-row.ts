import type { StoredModel } from '../../weights/store/index.js';

/** A model and its files as `--json` shows them. */
export function storedModelRow({ model, state, files }: StoredModel): object {
  return {
    name: model.name,
    aliases: model.aliases,
    about: model.about,
    state,
    licence: model.licence,
    conversation: model.conversation ?? null,
    scores: model.scores ?? null,
    contextTokens: model.contextTokens,
    memoryMiB: model.memoryMiB,
    files: files.map(({ role, file, state: fileState, path, bytes, totalBytes }) => ({
      role,
      ...file,
      state: fileState,
      localPath: path ?? null,
      bytesHere: bytes,
      totalBytes,
    })),
  };
}
