import { script } from '@bomb.sh/tab';
import type { Io } from '../../terminal/io.js';
import { COMPLETE_ANYTHING, COMPLETE_BY_ENDING } from './complete.js';
import type { Shell } from './shells.js';

/**
 * The library's own script for bash has the line evaluated, and so file names too: it would run what they say. This one
 * needs no bash-completion either, and works in bash 3.2, which macOS has, but for the space after a folder's name.
 */
const BASH = `# bash completion for llava
_llava() {
  local current=\${COMP_WORDS[COMP_CWORD]} line directive endings
  local -a lines
  COMPREPLY=()
  # What follows --option= is a word of its own here.
  [[ $current == '=' ]] && current=''
  while IFS= read -r line; do
    lines+=("$line")
  done < <(llava complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ \${#lines[@]} -gt 0 ]] || return 0
  directive=\${lines[\${#lines[@]}-1]}
  unset "lines[\${#lines[@]}-1]"
  if [[ $directive == ':${COMPLETE_BY_ENDING}' ]]; then
    endings=" \${lines[*]} "
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
      [[ -d $line || $endings == *" \${line##*.} "* ]] && COMPREPLY+=("$line")
    done < <(compgen -f -- "$current")
  elif [[ $directive != ':${COMPLETE_ANYTHING}' ]]; then
    compopt +o default 2>/dev/null
    for line in "\${lines[@]}"; do
      COMPREPLY+=("\${line%%$'\\t'*}")
    done
  fi
}
complete -o default -F _llava llava
`;

/** Writes what a shell has to read to complete llava's commands. */
export function printScript(shell: Shell, { stdout }: Io): void {
  if (shell === 'bash') stdout.write(BASH);
  // Writes to the console itself, which is stdout.
  else script(shell, 'llava', 'llava');
}
