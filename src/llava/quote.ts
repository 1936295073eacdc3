const LINE_BREAKING = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** `text` between double quotes, on one line: control characters become `\xNN`, long text is cut in the middle. */
export function quote(text: string, longest = 200): string {
  const half = Math.floor((longest - 1) / 2);
  const cut = text.length <= longest ? text : `${text.slice(0, half)}…${text.slice(-half)}`;
  const escaped = cut.replace(LINE_BREAKING, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}
