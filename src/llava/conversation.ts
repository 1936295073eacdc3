/** A token that stands for no words, by its text in the vocabulary, such as `<|eot_id|>`. */
export interface SpecialToken {
  readonly special: string;
}

/** What stands on either side was made into tokens alone when the model was trained. */
export interface Cut {
  readonly cut: true;
}
export const CUT: Cut = { cut: true };

/** Words, which never become special tokens whatever they say, or something else of a prompt. */
export type PromptPiece = string | SpecialToken | Cut;

/** What stands before and after something in a conversation. */
export interface Frame {
  readonly before: readonly PromptPiece[];
  readonly after: readonly PromptPiece[];
}

/**
 * How a model was trained to talk, as data: the roles' names, what separates turns, and where the picture stands. The
 * first turn is `system.before SYSTEM system.after user.before <image> imageEnd QUESTION user.after assistant.before`.
 */
export interface ConversationForm {
  /** As the authors' code calls it. */
  readonly name: string;
  /** What the model is told at first when nobody says otherwise. */
  readonly systemText: string;
  /** Around the system text; left out with an empty one. */
  readonly system: Frame;
  /** Whether the system text stands in the first user's turn, behind `user.before`. */
  readonly systemInTurn: boolean;
  /** Around the user's turn. */
  readonly user: Frame;
  /** Around an answer that was given; the model answers where `before` ends. */
  readonly assistant: Frame;
  /** Between `assistant.before` and an answer that was given. The model says this itself, as part of its answer. */
  readonly answerLead: string;
  /** Between an answer that was given and its end; the model says this itself as well. */
  readonly answerTail: string;
  /** Between the picture and the first question. */
  readonly imageEnd: string;
  /** The token that ends an answer, as the authors' `get_prompt()` writes it; `isEos`: the vocabulary's own, whatever its text. */
  readonly endOfAnswer: SpecialToken & { readonly isEos: boolean };
  /** Texts that end an answer as well, where the vocabulary does not know its own ends. */
  readonly stopTexts: readonly string[];
  /** Whether special tokens take the white space behind them along, as those of Phi-3 do (`rstrip`). */
  readonly specialsTakeSpace: boolean;
}

/** One question and its answer, as already said in a chat. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
}

/** Left of the picture; the tokenizer adds BOS before it. */
export function piecesBeforeImage(
  form: ConversationForm,
  systemText = form.systemText,
): readonly PromptPiece[] {
  const { system, user } = form;
  if (systemText === '') return user.before;
  const told = [...system.before, systemText, ...system.after];
  return form.systemInTurn ? [...user.before, ...told] : [...told, ...user.before];
}

/** Right of the picture, turn by turn: the turns said, each with the token that ends its answer, then the open question. */
export function piecesAfterImage(
  form: ConversationForm,
  turns: readonly Turn[],
  question: string,
): readonly (readonly PromptPiece[])[] {
  const { imageEnd, user, assistant, answerLead, answerTail, endOfAnswer } = form;
  const open = (asked: string, index: number) => [
    ...(index === 0 ? [imageEnd] : [...assistant.after, ...user.before]),
    asked,
    ...user.after,
    ...assistant.before,
  ];
  const said = turns.map((turn, index) => [
    ...open(turn.question, index),
    answerLead,
    turn.answer,
    answerTail,
    endOfAnswer,
  ]);
  return [...said, open(question, turns.length)];
}

/** The special tokens that a form needs of a vocabulary, each once; not the vocabulary's own end. */
export function specialTokensOf(form: ConversationForm): readonly string[] {
  const { system, user, assistant, endOfAnswer } = form;
  const frames = [system, user, assistant].flatMap(({ before, after }) => [...before, ...after]);
  const pieces = [...frames, ...(endOfAnswer.isEos ? [] : [endOfAnswer])];
  return [
    ...new Set(
      pieces.flatMap((piece) => (typeof piece !== 'string' && 'special' in piece ? piece.special : [])),
    ),
  ];
}

/** Pieces as the authors' code writes them. */
export function textOfPieces(pieces: readonly PromptPiece[]): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'special' in piece ? piece.special : ''))
    .join('');
}

/** Text left of the picture; the tokenizer adds BOS before it. A space at its end is part of the prompt. */
export function textBeforeImage(form: ConversationForm, systemText = form.systemText): string {
  return textOfPieces(piecesBeforeImage(form, systemText));
}

/** Text right of the picture: the turns said, then the question, ready for the answer. */
export function textAfterImage(
  form: ConversationForm,
  question: string,
  turns: readonly Turn[] = [],
): string {
  return textOfPieces(piecesAfterImage(form, turns, question).flat());
}

/**
 * The whole prompt as one string with `<image>` for the picture: what `get_prompt()` of the authors' code returns. For
 * showing and checking; the engine evaluates the parts.
 */
export function renderPrompt(form: ConversationForm, turns: readonly Turn[], question: string): string {
  return `${textBeforeImage(form)}<image>${textAfterImage(form, question, turns)}`;
}
