import { addRows, applyLinear, type Rows } from './arithmetic.js';
import { floatsOf, numberOf, numbersOf, tensorOf, type GgufFile } from './gguf-reader.js';
import type { TowerFault } from './tower-faults.js';

/**
 * What enters CLIP's first norm: [1 + patches, width]. Each patch is a convolution window whose stride is
 * its size, so it is one linear layer over the window's numbers in the order channel, y, x.
 */
export function embedPatches(file: GgufFile, pixels: Uint8Array, fault?: TowerFault): Rows {
  const { shape } = tensorOf(file, 'v.patch_embd.weight');
  const [side = 0, , channels = 0, width = 0] = shape;
  const weight = floatsOf(file, 'v.patch_embd.weight');
  const windows = patchWindows(file, pixels, side, fault);
  const patches = applyLinear(windows, { inputs: channels * side * side, outputs: width, weight });
  const classRow = Float64Array.from(floatsOf(file, 'v.class_embd'));
  const positions = positionRows(file, fault);

  if (fault === 'class-token-dropped') {
    return addRows(patches, { width, data: positions.data.slice(width) });
  }
  const parts = fault === 'class-token-last' ? [patches.data, classRow] : [classRow, patches.data];
  const rows: Rows = { width, data: Float64Array.from(parts.flatMap((part) => Array.from(part))) };
  return fault === 'positions-missing' ? rows : addRows(rows, positions);
}

/** Row 0 belongs to the class token, row 1 + p to patch p. */
function positionRows(file: GgufFile, fault?: TowerFault): Rows {
  const [width = 0] = tensorOf(file, 'v.position_embd.weight').shape;
  const data = Float64Array.from(floatsOf(file, 'v.position_embd.weight'));
  if (fault === 'positions-off-by-one') {
    return { width, data: Float64Array.from([...data.slice(width), ...data.slice(0, width)]) };
  }
  return { width, data };
}

/** Normalised pixel values of every patch, patches row by row from the top left: [patches, 3·side²]. */
function patchWindows(file: GgufFile, pixels: Uint8Array, side: number, fault?: TowerFault): Rows {
  const size = numberOf(file, 'clip.vision.image_size');
  const across = Math.floor(size / side);
  const { mean, deviation } = normalisation(file, fault);
  const data = new Float64Array(across * across * 3 * side * side);
  for (let patch = 0; patch < across * across; patch++) {
    const outer = Math.floor(patch / across);
    const inner = patch % across;
    const [row, column] = fault === 'column-major-patches' ? [inner, outer] : [outer, inner];
    for (let i = 0; i < 3 * side * side; i++) {
      const channel = Math.floor(i / (side * side));
      const first = Math.floor(i / side) % side;
      const second = i % side;
      const [dy, dx] = fault === 'transposed-kernel' ? [second, first] : [first, second];
      const pixel = ((row * side + dy) * size + column * side + dx) * 3;
      const byte = pixels[pixel + (fault === 'blue-first' ? 2 - channel : channel)]!;
      data[patch * 3 * side * side + i] = (byte / 255 - mean[channel]!) / deviation[channel]!;
    }
  }
  return { width: 3 * side * side, data };
}

function normalisation(file: GgufFile, fault?: TowerFault): { mean: number[]; deviation: number[] } {
  if (fault === 'no-normalisation') {
    return { mean: [0, 0, 0], deviation: [1, 1, 1] };
  }
  if (fault === 'imagenet-mean-and-deviation') {
    return { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
  }
  if (fault === 'half-mean-and-deviation') {
    return { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
  }
  return {
    mean: numbersOf(file, 'clip.vision.image_mean'),
    deviation: numbersOf(file, 'clip.vision.image_std'),
  };
}
