/** Longest side, in pixels, that drawings and pages without pixels of their own are drawn at. */
export const DRAWING_SIDE = 1024;
