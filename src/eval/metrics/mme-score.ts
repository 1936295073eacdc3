/** Tasks of MME in the order of its score sheet. Source: `calculation.py` of MME's `eval_tool`. */
export const MME_TASKS = {
  perception: [
    'existence',
    'count',
    'position',
    'color',
    'posters',
    'celebrity',
    'scene',
    'landmark',
    'artwork',
    'OCR',
  ],
  cognition: ['commonsense_reasoning', 'numerical_calculation', 'text_translation', 'code_reasoning'],
} as const;

/**
 * Yes or no as MME reads it: "yes", then "no", among the first four characters in small letters; undefined otherwise,
 * which is wrong. Source: `calculation.py`. Quirk that is kept: "Know" says no.
 */
export function parseMmeAnswer(text: string): 'yes' | 'no' | undefined {
  const start = text.toLowerCase().slice(0, 4);
  if (start.includes('yes')) return 'yes';
  return start.includes('no') ? 'no' : undefined;
}

/** Both shares between 0 and 1; `score` between 0 and 200. */
export interface MmeTaskScore {
  /** Share of questions that are right. */
  readonly accuracy: number;
  /** Share of pictures with both questions right. */
  readonly accuracyPlus: number;
  readonly score: number;
}

/** `100 × acc + 100 × acc+` of one task, from its pictures' two questions each. Source: `calculation.py`. */
export function scoreMmeTask(pictures: readonly (readonly [boolean, boolean])[]): MmeTaskScore {
  if (pictures.length === 0) return { accuracy: 0, accuracyPlus: 0, score: 0 };
  const right = pictures.flat().filter(Boolean).length;
  const both = pictures.filter(([first, second]) => first && second).length;
  const accuracy = right / (2 * pictures.length);
  const accuracyPlus = both / pictures.length;
  return { accuracy, accuracyPlus, score: 100 * accuracy + 100 * accuracyPlus };
}
