import { describe } from 'vitest';
import { itCompletesLines } from './completes-lines.js';

describe.each(['zsh', 'fish'] as const)('in %s', (shell) => {
  itCompletesLines(shell);
});
