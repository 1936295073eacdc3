/** What must be done around a stop, so that the shell finds the terminal as it left it. */
export interface Stoppable {
  /** Gives the terminal back; called once before each stop that was asked for. */
  leave(): void;
  /** Takes it again, whatever was done to it meanwhile. */
  comeBack(): void;
}

/** How a program stops and goes on under a shell's job control. */
export interface JobControl extends Disposable {
  /** As Ctrl-Z does outside raw mode. */
  suspend(): void;
}

/** Without a shell that could continue it, nothing stops the process; then it goes on after so long, in milliseconds. */
const IGNORED_AFTER_MS = 300;

/** Obeys Ctrl-Z, `kill -TSTP`, `fg`, and being continued after a stop that nobody can see coming. */
export function obeyJobControl(stoppable: Stoppable): JobControl {
  // Windows has no jobs.
  if (process.platform === 'win32') return { suspend: () => undefined, [Symbol.dispose]: () => undefined };
  let ignored: NodeJS.Timeout | undefined;
  const suspend = () => {
    if (ignored !== undefined) return;
    stoppable.leave();
    ignored = setTimeout(onContinued, IGNORED_AFTER_MS);
    // With a listener, the signal would not stop anything.
    process.off('SIGTSTP', suspend);
    // The whole job, as the terminal does it: npx and the like wait for this process and must stop as well.
    process.kill(0, 'SIGTSTP');
  };
  const onContinued = () => {
    clearTimeout(ignored);
    if (ignored !== undefined) process.on('SIGTSTP', suspend);
    ignored = undefined;
    stoppable.comeBack();
  };
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', onContinued);
  return {
    suspend,
    [Symbol.dispose]() {
      clearTimeout(ignored);
      process.off('SIGTSTP', suspend);
      process.off('SIGCONT', onContinued);
    },
  };
}
