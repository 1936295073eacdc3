/** Why a file is no GGUF file, completing `Weights file "x.gguf" …`, and what to do. */
export interface Stranger {
  readonly problem: string;
  readonly hint: string;
}

const AGAIN = 'Download the file itself.';
const CONVERT = 'Convert it to GGUF, or download a GGUF file of the model.';

/** How files begin that are found where weights should be. */
const STRANGERS: readonly (readonly [start: RegExp, problem: string, hint: string])[] = [
  [/^$/, 'is empty', AGAIN],
  [/^version https:\/\/git-lfs/, 'is a git-lfs pointer, not the file itself', 'Run: git lfs pull'],
  [/^\s*(?:<!doctype|<html|<\?xml)/i, 'is a web page, not a GGUF file', AGAIN],
  [/^\s*\{/, 'is JSON, not a GGUF file', AGAIN],
  [/^(?:lmgg|fmgg|tjgg|algg)/, 'is of the GGML format that GGUF replaced in 2023', CONVERT],
  [/^[^]{8}\{"/, 'is a safetensors file, not GGUF', CONVERT],
  [/^PK\x03\x04/, 'is a PyTorch or ZIP file, not GGUF', CONVERT],
  [/^\x1f\x8b/, 'is compressed with gzip', 'Unpack it first.'],
];

/** Undefined for what starts as GGUF files do. */
export function sniffWeights(head: Uint8Array): Stranger | undefined {
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (start.startsWith('GGUF')) return undefined;
  const found = STRANGERS.find(([pattern]) => pattern.test(start));
  if (found !== undefined) return { problem: found[1], hint: found[2] };
  const bytes = Buffer.from(head.subarray(0, 4)).toString('hex');
  return { problem: `is not a GGUF file: it starts with the bytes ${bytes}`, hint: AGAIN };
}
