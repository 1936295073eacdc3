import { ExpectedError } from '../llava/expected-error.js';

/** What a grammar's own root is called behind ours. */
const INNER_ROOT = 'answer-of-root';

/** Texts, character classes and comments, in which nothing is a name; then names. */
const PARTS = /"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|#[^\n]*|[a-zA-Z0-9-]+/g;

/**
 * A user's GBNF as one that lets the answer begin with a space, as LLaVA's do.
 * @throws ExpectedError('usage') when it has no rule called root; the rest of it is read when the weights are loaded
 */
export function openGrammar(text: string): string {
  const renamed = text.replace(PARTS, (part) => (part === 'root' ? INNER_ROOT : part));
  if (new RegExp(String.raw`^\s*${INNER_ROOT}\s*::=`, 'm').test(renamed))
    return `root ::= " "? ${INNER_ROOT}\n${renamed}`;
  throw new ExpectedError('usage', 'The grammar has no rule called root.', {
    hint: 'It takes GBNF, as llama.cpp describes it: root ::= "left" | "right"',
  });
}

/** A JSON object of any kind, as GBNF; its root allows a space in front. */
export const JSON_OBJECT = String.raw`root ::= " "? object
object ::= "{" space ( pair ( "," space pair )* )? "}" space
pair ::= string ":" space value
array ::= "[" space ( value ( "," space value )* )? "]" space
value ::= object | array | string | number | ( "true" | "false" | "null" ) space
string ::= "\"" ( [^"\\\x00-\x1F] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] ) )* "\"" space
number ::= "-"? ( "0" | [1-9] [0-9]* ) ( "." [0-9]+ )? ( [eE] [-+]? [0-9]+ )? space
space ::= " "?
`;
