import sharp from 'sharp';

/** An SVG document at its own size in pixels, as the bytes of a PNG. Only for documents that we wrote ourselves. */
export async function renderSvg(svg: string): Promise<Uint8Array> {
  return await sharp(Buffer.from(svg)).png().toBuffer();
}
