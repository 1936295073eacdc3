/** The pickle is refused; the message completes `Checkpoint file "x.bin" …`. */
export class BadPickle extends Error {
  override readonly name = 'BadPickle';
}
