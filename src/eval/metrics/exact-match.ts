/**
 * GQA's prediction: small letters, without the full stops at its end.
 * Source: `scripts/convert_gqa_for_eval.py`; the benchmark's `eval.py` then compares it with the answer as it stands.
 */
export function gqaPrediction(text: string): string {
  return text.replace(/\.+$/, '').toLowerCase();
}

/** Whether two texts are the same once their letters are small. Source: ColonINST's and ViP-Bench's choice scorers. */
export function equalsIgnoringCase(answer: string, truth: string): boolean {
  return answer.toLowerCase() === truth.toLowerCase();
}
