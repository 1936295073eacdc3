import type { ImageFeatures } from './image-features.js';

/**
 * The features of the `count` patches that the class token attends to most, in their order; their positions in the prompt
 * close up. Source: FasterVLM (arXiv 2412.01818), at the tower's last used block, before the projector.
 */
export function keepAttended(features: ImageFeatures, count: number): ImageFeatures {
  const { tokens, width, values, attention } = features;
  if (count >= tokens) return features;
  const kept = Array.from(attention, (share, place) => ({ share, place }))
    .sort((a, b) => b.share - a.share || a.place - b.place)
    .slice(0, count)
    .map(({ place }) => place)
    .sort((a, b) => a - b);
  const rows = new Float32Array(count * width);
  for (const [row, place] of kept.entries())
    rows.set(values.subarray(place * width, (place + 1) * width), row * width);
  return {
    tokens: count,
    width,
    values: rows,
    attention: Float32Array.from(kept, (place) => attention[place] ?? 0),
  };
}
