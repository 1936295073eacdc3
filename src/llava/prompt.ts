/**
 * The `vicuna_v1` prompt of LLaVA-1.5, to the character.
 * Source: haotian-liu/LLaVA `llava/conversation.py` (conv_vicuna_v1, SeparatorStyle.TWO) and
 * `llava/mm_utils.py` (tokenizer_image_token: the text on each side of the image is tokenised alone).
 */

/** The system text of `vicuna_v1`; training and all of the paper's evaluations use this wording. */
export const SYSTEM_TEXT =
  'A chat between a curious user and an artificial intelligence assistant. ' +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

/** Text left of the image features; the tokenizer adds BOS before it. The trailing space is part of the prompt. */
export function textBeforeImage(systemText = SYSTEM_TEXT): string {
  return systemText === '' ? 'USER: ' : `${systemText} USER: `;
}

/** Text right of the image features: the first question, ready for the answer (no trailing space). */
export function textAfterImage(question: string): string {
  return `\n${question} ASSISTANT:`;
}

/** A later question, to be evaluated after the answer's end-of-sequence token; it shows the picture no second time. */
export function textOfNextTurn(question: string): string {
  return `USER: ${question} ASSISTANT:`;
}

/** One question and its answer, as already said in a chat. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
}

/**
 * The whole prompt as one string with `<image>` for the image features and `</s>` between turns:
 * what `get_prompt()` of the reference returns. For showing and checking; the engine evaluates the parts.
 */
export function renderPrompt(turns: readonly Turn[], question: string): string {
  const said = turns.map((turn, index) => {
    const opening = index === 0 ? textAfterImage(turn.question) : textOfNextTurn(turn.question);
    return `${opening} ${turn.answer}</s>`;
  });
  const asked = turns.length === 0 ? textAfterImage(question) : textOfNextTurn(question);
  return `${textBeforeImage()}<image>${said.join('')}${asked}`;
}
