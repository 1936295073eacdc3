/** How a picture can be shown in a terminal; `auto` is the best that this terminal is known to do. */
export const PREVIEW_KINDS = ['auto', 'kitty', 'iterm2', 'sixel', 'blocks', 'none'] as const;

export type PreviewChoice = (typeof PREVIEW_KINDS)[number];
export type PreviewKind = Exclude<PreviewChoice, 'auto'>;
