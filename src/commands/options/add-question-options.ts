import { Option, type Command } from 'commander';
import { QUESTION_FLAGS, splitList, type FlagFacts } from '../../answer/question-flags.js';
import { collect } from './option-parsers.js';

/** Adds all flags that say how a question is put. */
export function addQuestionOptions(command: Command): Command {
  for (const facts of QUESTION_FLAGS) command.addOption(optionOf(facts));
  return command;
}

function optionOf({ flags, about, values, list, conflicts }: FlagFacts): Option {
  const option = new Option(flags, about);
  if (values !== undefined) option.choices(values);
  if (conflicts !== undefined) option.conflicts([...conflicts]);
  if (list === 'repeated') option.argParser(collect);
  if (list === 'commas') option.argParser(splitList);
  return option;
}
