// Completions for fish.

import { type Completable, type CompletableOption, type CompletableProgram, LIST_RUNS } from './completable.ts';

export function fishCompletions({ name, commands, options }: CompletableProgram): string {
  const names = commands.map((command) => command.name).join(' ');
  const words = (what: Completable) => {
    if (what.kind === 'choices') return ` -a ${quote(what.choices.join(' '))}`;
    if (what.kind === 'runs') return ` -a '(${LIST_RUNS})'`;
    return what.kind === 'commands' ? ` -a ${quote(names)}` : '';
  };
  const line = (condition: string, rest: string) =>
    `complete -c ${name}${condition && ` -n ${quote(condition)}`} ${rest}`;
  const toLine =
    (condition: string) =>
    ({ flags, description, takes }: CompletableOption) => {
      const called = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const value = takes === undefined ? '' : takes.kind === 'files' ? ' -r -F' : ` -x${words(takes)}`;
      return line(condition, `${called.join(' ')}${value} -d ${quote(description)}`);
    };
  return `${[
    `# fish completions of ${name}; for this shell: ${name} completions fish | source`,
    `complete -c ${name} -f`,
    ...options.map(toLine('')),
    ...commands.map((command) => line('__fish_use_subcommand', `-a ${command.name} -d ${quote(command.description)}`)),
    ...commands.flatMap((command) => {
      const condition = `__fish_seen_subcommand_from ${command.name}`;
      const { argument } = command;
      return [
        ...command.options.filter(({ flags }) => !flags.includes('--help')).map(toLine(condition)),
        ...(argument ? [line(condition, argument.kind === 'files' ? '-F' : words(argument).trim())] : []),
      ];
    }),
  ].join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
