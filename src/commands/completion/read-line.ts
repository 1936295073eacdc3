import type { Argument, Command, Option } from 'commander';

/** What the cursor stands on: a command's option, the value of one, or a command or argument. */
export type Place =
  | { readonly kind: 'option'; readonly options: readonly Option[] }
  | { readonly kind: 'value'; readonly option: Option }
  | {
      readonly kind: 'operand';
      readonly commands: readonly Command[];
      readonly argument: Argument | undefined;
    };

/** Where the cursor is, and what of the word is there. */
export interface Cursor {
  readonly place: Place;
  readonly typed: string;
}

/** Reads a line up to the cursor as commander would, but for mistakes, which may be half of what comes. */
export function readLine(words: readonly string[], program: Command): Cursor {
  const joined = joinPieces(words);
  const typed = joined.pop() ?? '';
  const [command, operands, open, onlyOperands] = follow(joined, program);
  if (open !== undefined && (open.required || !typed.startsWith('-')))
    return { place: { kind: 'value', option: open }, typed };
  if (!onlyOperands && typed.startsWith('-')) {
    const [name = '', value] = splitAtEquals(typed);
    const option = value === undefined ? undefined : findOption(command, name);
    if (value !== undefined && option !== undefined)
      return { place: { kind: 'value', option }, typed: value };
    return { place: { kind: 'option', options: command.createHelp().visibleOptions(command) }, typed };
  }
  const isFirst = operands === 0 && !onlyOperands;
  const commands = isFirst ? command.createHelp().visibleCommands(command) : [];
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[operands] ?? (last?.variadic === true ? last : undefined);
  return { place: { kind: 'operand', commands, argument }, typed };
}

type Followed = readonly [
  command: Command,
  operands: number,
  /** Whose value may come next. */
  open: Option | undefined,
  /** After `--`. */
  onlyOperands: boolean,
];

function follow(words: readonly string[], program: Command): Followed {
  let command = program;
  let operands = 0;
  let open: Option | undefined;
  for (const [index, word] of words.entries()) {
    if (open?.required === true && !open.variadic) {
      open = undefined;
    } else if (word === '--') {
      return [command, operands + words.length - index - 1, undefined, true];
    } else if (word.startsWith('-') && word !== '-') {
      const [name = '', value] = splitAtEquals(word);
      const option = findOption(command, name);
      open =
        value === undefined && (option?.required === true || option?.optional === true) ? option : undefined;
    } else if (open !== undefined) {
      if (!open.variadic) open = undefined;
    } else {
      const next = operands === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) operands += 1;
      else command = next;
    }
  }
  return [command, operands, open, false];
}

function findOption(command: Command, name: string): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name);
}

function splitAtEquals(word: string): readonly string[] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/**
 * zsh's and PowerShell's scripts cut lines at every space, quoted or not, and bash makes three words of `--format=short`:
 * puts such pieces together again.
 */
function joinPieces(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const before = joined.at(-1) ?? '';
    if (/^(["'])(?!.*\1$)/s.test(before)) joined.splice(-1, 1, `${before} ${word}`);
    else if (before.startsWith('--') && (word === '=' || before.endsWith('=')))
      joined.splice(-1, 1, before + word);
    else joined.push(word);
  }
  return joined;
}
