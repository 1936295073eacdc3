#pragma once

/**
 * From now on, graphs that the CPU computes multiply by weights on the panel device (panel_device.h) and attend to float16
 * KV caches with our kernels. The rest stays ggml's, and all of it one graph, whose threads start once.
 *
 * For the life of the process. A second call does nothing.
 * @throws Failure ENGINE when ggml has no CPU device
 */
void compute_own_operations();
