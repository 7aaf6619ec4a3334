// Completions for bash, 3.2 and later.

import { type Completable, type CompletableOption, type CompletableProgram, LIST_RUNS } from './completable.ts';

export function bashCompletions({ name, commands, options }: CompletableProgram): string {
  const names = commands.map((command) => command.name).join(' ');
  const flagsOf = (all: readonly CompletableOption[]) => all.flatMap(({ flags }) => flags).join(' ');
  const offer = (what: Completable) => {
    if (what.kind === 'choices') return `words='${what.choices.join(' ')}'`;
    if (what.kind === 'runs') return `words=$(${LIST_RUNS})`;
    if (what.kind === 'commands') return `words='${names}'`;
    return what.kind === 'files' ? 'files=1' : ':';
  };
  const values = (all: readonly CompletableOption[]) => {
    const byOffer = new Map<string, string[]>();
    for (const { flags, takes } of all) {
      if (takes) byOffer.set(offer(takes), [...(byOffer.get(offer(takes)) ?? []), ...flags]);
    }
    return [...byOffer].map(([what, flags]) => `      ${flags.join('|')}) ${what} ;;`);
  };
  const cases = commands.map((command) => {
    const all = [...command.options, ...options.filter(({ flags }) => !flags.includes('--help'))];
    const words = `words='${flagsOf(all)}'`;
    const other = command.argument ? `if [[ $word == -* ]]; then ${words}; else ${offer(command.argument)}; fi` : words;
    return [`  ${command.name})`, '    case $before in', ...values(all), `      *) ${other} ;;`, '    esac ;;'].join(
      '\n',
    );
  });
  return `# bash completions of ${name}; for this shell: source <(${name} completions bash)
_${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= words= files= i
  # bash divides --on=local into three words
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${names.replaceAll(' ', '|')}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
  '')
    case $before in
${values(options).join('\n')}
      *) words='${names} ${flagsOf(options)}' ;;
    esac ;;
${cases.join('\n')}
  esac
  local IFS=$' \\n'
  if [[ $files ]]; then
    IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$word"))
    compopt -o filenames 2>/dev/null
  else
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
}
complete -F _${name} ${name}
`;
}
