import type { Ora } from 'ora';
import type { Io } from './io.js';

/** A line on stderr that says what is being waited for; silent when stderr is no terminal. */
export interface Progress extends Disposable {
  say(text: string): void;
}

/**
 * Starts a spinner that shows only after a moment, so that quick work leaves no flicker.
 * stdin stays as it is (`discardStdin: false`): a picture may be coming in there.
 */
export function startProgress(io: Io, delayMs = 400): Progress {
  if (!io.stderrIsTerminal) return { say: () => undefined, [Symbol.dispose]: () => undefined };
  let spinner: Ora | undefined;
  let text = '';
  let isOver = false;
  const timer = setTimeout(() => {
    // Loaded only when something takes long: quick commands start faster without it.
    void import('ora').then(({ default: ora }) => {
      if (!isOver) spinner = ora({ stream: io.stderr, discardStdin: false }).start(text);
    });
  }, delayMs);
  return {
    say(next) {
      text = next;
      if (spinner !== undefined) spinner.text = next;
    },
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      spinner?.stop();
    },
  };
}
