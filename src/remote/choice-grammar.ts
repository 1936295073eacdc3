/** GBNF of one of several texts, with the space in front that LLaVA's answers begin with. */
export function choiceGrammar(choices: readonly string[]): string {
  return `root ::= " "? ( ${choices.map(literal).join(' | ')} )`;
}

function literal(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
  });
  return `"${escaped}"`;
}
