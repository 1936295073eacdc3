/** What stands before and after something in a conversation. */
export interface Frame {
  readonly before: string;
  readonly after: string;
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
  /** Around the user's turn. */
  readonly user: Frame;
  /** Around an answer that was given; the model answers where `before` ends. */
  readonly assistant: Frame;
  /** Between `assistant.before` and an answer that was given. The model says this itself, as part of its answer. */
  readonly answerLead: string;
  /** Between the picture and the first question. */
  readonly imageEnd: string;
  /** The token that ends an answer; its text is how the authors' `get_prompt()` writes it. */
  readonly endOfAnswer: { readonly token: 'eos'; readonly text: string };
}

/** One question and its answer, as already said in a chat. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
}

/** Text left of the picture; the tokenizer adds BOS before it. A space at its end is part of the prompt. */
export function textBeforeImage(form: ConversationForm, systemText = form.systemText): string {
  const { system, user } = form;
  return systemText === '' ? user.before : `${system.before}${systemText}${system.after}${user.before}`;
}

/** Text right of the picture: the first question, ready for the answer. */
export function textAfterImage({ imageEnd, user, assistant }: ConversationForm, question: string): string {
  return `${imageEnd}${question}${user.after}${assistant.before}`;
}

/** A later question, to be evaluated after the token that ends an answer; it shows the picture no second time. */
export function textOfNextTurn({ user, assistant }: ConversationForm, question: string): string {
  return `${assistant.after}${user.before}${question}${user.after}${assistant.before}`;
}

/** Texts right of the picture, an end-of-answer token between each: the turns said, then the open question. */
export function textsAfterImage(
  form: ConversationForm,
  turns: readonly Turn[],
  question: string,
): readonly string[] {
  const open = (asked: string, index: number) =>
    index === 0 ? textAfterImage(form, asked) : textOfNextTurn(form, asked);
  const said = turns.map((turn, index) => `${open(turn.question, index)}${form.answerLead}${turn.answer}`);
  return [...said, open(question, turns.length)];
}

/**
 * The whole prompt as one string with `<image>` for the picture: what `get_prompt()` of the authors' code returns. For
 * showing and checking; the engine evaluates the parts.
 */
export function renderPrompt(form: ConversationForm, turns: readonly Turn[], question: string): string {
  const after = textsAfterImage(form, turns, question).join(form.endOfAnswer.text);
  return `${textBeforeImage(form)}<image>${after}`;
}
