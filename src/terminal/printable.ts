/**
 * Text from outside (file names, answers of a model) without control characters, for a terminal:
 * escape codes could move the cursor or recolour what follows. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
