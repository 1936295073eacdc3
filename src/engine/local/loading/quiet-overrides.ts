import type { Llama } from 'node-llama-cpp';
import type { NativeAddon } from '../runtime/native-addon.js';

/** A class of node-llama-cpp's binding, which makes a model in llama.cpp when it is called. */
type Constructor = new (...settings: readonly unknown[]) => object;

/**
 * Runs what loads a model with metadata of our own, which node-llama-cpp prints to stdout: there stands nothing but the answer.
 * It prints while its object is made, and at no other time.
 */
export async function quietly<Made>(
  llama: Llama,
  addon: NativeAddon,
  load: () => Promise<Made>,
): Promise<Made> {
  const { _bindings: bindings } = llama as unknown as { readonly _bindings: { AddonModel: Constructor } };
  const { AddonModel } = bindings;
  bindings.AddonModel = new Proxy(AddonModel, {
    construct: (made, settings, asked) => {
      const make = () => Reflect.construct(made, settings, asked) as object;
      return addon.withoutStdout?.(make) ?? make();
    },
  });
  try {
    return await load();
  } finally {
    bindings.AddonModel = AddonModel;
  }
}
