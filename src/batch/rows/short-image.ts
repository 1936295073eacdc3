/** What is kept of a data URL in an output row. */
const KEPT = 48;

/** A picture as messages and output rows name it: as it was given, but a data URL only by its beginning. */
export function shortImage(image: string): string {
  return /^data:/i.test(image) && image.length > KEPT ? `${image.slice(0, KEPT)}…` : image;
}
