/** A vocabulary as GGUF stores it: one text, score and kind a token. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  /** 1 normal, 2 unknown, 3 control, 6 byte. */
  readonly kinds: readonly number[];
}

const corpus = `A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful,
detailed, and polite answers to the user's questions. USER: ASSISTANT: What is the color of the shirt? Answer the
question using a single word or phrase. Answer with the option's letter from the given choices directly. Describe this
picture in detail. How many people are there? What is this? Is there a dog in the image? Where is the red ball? Please
provide a short description for this region. Provide a one-sentence caption for the provided image. yes no left right
red green blue yellow black white circle square triangle one two three four five`;

const wordStart = '\u2581';

/**
 * A small vocabulary of the kind LLaMA's SentencePiece model has: three specials, 256 bytes, merged pieces
 * scored by the order of their merges (byte pair encoding, Sennrich et al., 2016), single characters last.
 */
export function smallVocabulary(size: number): Vocabulary {
  const specials = ['<unk>', '<s>', '</s>'];
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const characters = [wordStart, ...printable];
  const merged = mergedPieces(size - specials.length - bytes.length - characters.length);
  const normal = [...merged, ...characters];
  return {
    tokens: [...specials, ...bytes, ...normal],
    scores: [...Array<number>(specials.length + bytes.length).fill(0), ...normal.map((_, i) => -i)],
    kinds: [2, 3, 3, ...bytes.map(() => 6), ...normal.map(() => 1)],
  };
}

/** The `count` most useful merges over the corpus; every piece's two halves come before it. */
function mergedPieces(count: number): string[] {
  let words = corpus.split(/\s+/).map((word) => [wordStart, ...Array.from(word)]);
  const pieces = new Set<string>();
  while (pieces.size < count) {
    const [pair] = mostFrequent(
      words.flatMap((word) => word.slice(1).map((piece, i) => [word[i]!, piece] as const)),
    );
    if (pair === undefined) {
      throw new RangeError(`Expected at most ${pieces.size} merged pieces but received ${count}`);
    }
    pieces.add(pair.join(''));
    words = words.map((word) => joinPair(word, pair));
  }
  return [...pieces];
}

function mostFrequent(pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const counts = new Map<string, { pair: readonly [string, string]; count: number }>();
  for (const pair of pairs) {
    const key = pair.join(' ');
    counts.set(key, { pair, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ pair }) => pair);
}

function joinPair(word: readonly string[], [left, right]: readonly string[]): string[] {
  const joined: string[] = [];
  for (const piece of word) {
    if (piece === right && joined.at(-1) === left) {
      joined[joined.length - 1] = `${left}${right}`;
    } else {
      joined.push(piece);
    }
  }
  return joined;
}
