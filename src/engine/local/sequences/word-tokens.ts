import type { LlamaModel, Token } from 'node-llama-cpp';

/** Looks like a token of its own: `<|end|>`, `<image>`, `[INST]`; not a run of spaces, which words may become. */
const MARKER = /^(?:<.+>|\[.+\])$/s;
/** Stands in front of the rest of a text that was cut, so that it is not taken for a text's beginning. */
const BEFORE_REST = '\n';

/**
 * Text in its usual tokens, as words whatever it says. llama.cpp leaves control tokens alone, and yet finds those in a text that a
 * file calls user-defined, as converters of 2024 called all that were added: such a text is cut inside them.
 */
export function wordTokens(
  model: Pick<LlamaModel, 'tokenize' | 'detokenize' | 'getTokenAttributes'>,
  text: string,
): readonly Token[] {
  const tokens = model.tokenize(text, false);
  const markers = new Set(
    tokens
      .filter((token) => model.getTokenAttributes(token).userDefined)
      .map((token) => model.detokenize([token], true))
      .filter((marker) => MARKER.test(marker)),
  );
  if (markers.size === 0) return tokens;
  const [first = '', ...rest] = cutInside(text, [...markers]);
  return [...wordTokens(model, first), ...rest.flatMap((part) => restTokens(model, part))];
}

/** The tokens of a text that goes on from another. */
function restTokens(model: Parameters<typeof wordTokens>[0], text: string): readonly Token[] {
  const lead = model.tokenize(BEFORE_REST, false);
  return wordTokens(model, `${BEFORE_REST}${text}`).slice(lead.length);
}

/** Cuts behind the first character of each marker, where no word goes across. */
function cutInside(text: string, markers: readonly string[]): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let place = 0; place < text.length; place++) {
    const marker = markers.find((one) => text.startsWith(one, place));
    if (marker === undefined) continue;
    parts.push(text.slice(start, place + 1));
    start = place + 1;
  }
  return [...parts, text.slice(start)];
}
