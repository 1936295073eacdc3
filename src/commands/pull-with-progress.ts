import { startTransferDisplay } from '../terminal/show-transfer.js';
import type { Model } from '../weights/catalogue.js';
import type { HubSettings } from '../hub/hub-settings.js';
import { pullModel, type StoredModel } from '../weights/store/index.js';
import type { CommandContext } from './command-context.js';

/** Downloads what is missing of a model, with progress on stderr. */
export async function pullWithProgress(
  model: Model,
  settings: HubSettings,
  { io, signal }: CommandContext,
): Promise<StoredModel> {
  using display = startTransferDisplay(io);
  return await pullModel(model, settings, {
    signal,
    onProgress: (progress) => {
      display.show(progress);
    },
  });
}
