/**
 * The bytes as libvips takes them: an animation in AVIF says so in its first brand, which libvips does not know, though it
 * decodes the still picture that such a file holds as well. Source: AVIF v1.1, 6.3.
 */
export function asStillAvif(bytes: Uint8Array): Uint8Array {
  if (Buffer.from(bytes.subarray(4, 12)).toString('latin1') !== 'ftypavis') return bytes;
  const still = Uint8Array.from(bytes);
  still.set(Buffer.from('avif'), 8);
  return still;
}
