import { createSupportsTerminalGraphics } from 'supports-terminal-graphics';
import type { Io } from '../io.js';
import type { PreviewChoice, PreviewKind } from './preview-kind.js';

/**
 * How to show pictures here: what was asked for, or the best this terminal is known to do.
 * @param colours 0 none, 1 sixteen, 2 of 256, 3 true colour
 */
export function choosePreview(choice: PreviewChoice, { env }: Pick<Io, 'env'>, colours: number): PreviewKind {
  if (choice !== 'auto') return choice;
  // Multiplexers draw the screen themselves and pass no pictures on.
  const isMultiplexed = ['TMUX', 'STY', 'ZELLIJ'].some((name) => (env[name] ?? '') !== '');
  const supports = isMultiplexed ? undefined : createSupportsTerminalGraphics();
  if (supports?.kitty === true) return 'kitty';
  if (supports?.iterm2 === true) return 'iterm2';
  // foot draws sixels and says so nowhere but in its name.
  if (supports?.sixel === true || (!isMultiplexed && /^foot\b/.test(env['TERM'] ?? ''))) return 'sixel';
  return colours >= 2 ? 'blocks' : 'none';
}
