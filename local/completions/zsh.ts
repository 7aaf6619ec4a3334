// Completions for zsh.

import { type Completable, type CompletableOption, type CompletableProgram, LIST_RUNS } from './completable.ts';

export function zshCompletions({ name, commands, options }: CompletableProgram): string {
  const names = commands.map((command) => command.name).join(' ');
  const action = (what: Completable) => {
    if (what.kind === 'choices') return `(${what.choices.join(' ')})`;
    if (what.kind === 'runs') return `(\${(f)"$(${LIST_RUNS})"})`;
    if (what.kind === 'commands') return `(${names})`;
    return what.kind === 'files' ? '_files' : ' ';
  };
  const specs = (all: readonly CompletableOption[]) =>
    all.flatMap(({ flags, description, value, takes }) =>
      flags.map((flag) => {
        const rest = takes ? `:${escapeSpec(value!)}:${action(takes)}` : '';
        return quote(`*${flag}${takes && flag.startsWith('--') ? '=' : ''}[${escapeSpec(description)}]${rest}`);
      }),
    );
  const list = (words: readonly string[]) => words.map((word) => `        ${word}`).join(' \\\n');
  const cases = commands.map((command) => {
    const all = [...command.options, ...options.filter(({ flags }) => !flags.includes('--help'))];
    const words = [...specs(all), ...(command.argument ? [quote(`*: :${action(command.argument)}`)] : [])];
    return `      ${command.name}) _arguments -s \\\n${list(words)} ;;`;
  });
  const described = commands.map((command) => quote(`${command.name}:${command.description.replaceAll(':', '\\:')}`));
  return `#compdef ${name}
# zsh completions of ${name}; for this shell: source <(${name} completions zsh)
_${name}() {
  local line state
  local -a commands
  commands=(
${described.map((word) => `    ${word}`).join('\n')}
  )
  _arguments -C \\
${list(specs(options))} \\
        '1: :->command' '*:: :->words'
  case $state in
    command) _describe command commands ;;
    words)
      case $words[1] in
${cases.join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

/** What has a meaning in a specification. */
function escapeSpec(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
