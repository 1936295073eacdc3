/** A named share, from 0 to 1. */
export interface Bar {
  readonly name: string;
  readonly share: number;
  /** What stands behind the bar. */
  readonly note: string;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Bars below each other, `width` columns where the share is 1. */
export function formatBars(bars: readonly Bar[], width = 30): string {
  const name = Math.max(0, ...bars.map((bar) => bar.name.length));
  return bars
    .map((bar) => `${bar.name.padEnd(name)}  ${drawBar(bar.share, width).padEnd(width)}  ${bar.note}\n`)
    .join('');
}

function drawBar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '');
}
