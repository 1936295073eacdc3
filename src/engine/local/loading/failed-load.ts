import type { Llama, LlamaModel } from 'node-llama-cpp';

/** node-llama-cpp's count of the children that a parent has; it waits for none to be left before it is disposed of. */
interface DisposeGuard {
  createPreventDisposalHandle(...settings: readonly boolean[]): { dispose(): void };
}

/**
 * Runs what makes a model in llama.cpp. node-llama-cpp leaves what failed or was aborted to the garbage collector, and
 * still counts it as a child: disposing of llama.cpp would then never end.
 */
export function lettingGoOfModel<Made>(llama: Llama, make: () => Promise<Made>): Promise<Made> {
  const { _backendDisposeGuard: guard } = llama as unknown as { readonly _backendDisposeGuard: DisposeGuard };
  return lettingGo(guard, make);
}

/** The same for what makes a context of a model. */
export function lettingGoOfContext<Made>(model: LlamaModel, make: () => Promise<Made>): Promise<Made> {
  const internals = model as unknown as { readonly _backendModelDisposeGuard: DisposeGuard };
  return lettingGo(internals._backendModelDisposeGuard, make);
}

async function lettingGo<Made>(guard: DisposeGuard, make: () => Promise<Made>): Promise<Made> {
  const children: { dispose(): void }[] = [];
  const createHandle = guard.createPreventDisposalHandle.bind(guard);
  guard.createPreventDisposalHandle = (...settings) => {
    const child = createHandle(...settings);
    children.push(child);
    return child;
  };
  try {
    return await make();
  } catch (error) {
    for (const child of children) child.dispose();
    throw error;
  } finally {
    guard.createPreventDisposalHandle = createHandle;
  }
}
