// What of the command line shells can complete.

import type { Argument, Command, Option } from 'commander';

/** What a word can be: one of a few, a file, the id of a run, the name of a command; or nobody knows. */
export type Completable =
  | { kind: 'choices'; choices: readonly string[] }
  | { kind: 'files' | 'runs' | 'commands' | 'unknown' };

export interface CompletableOption {
  /** `--trees`, and a short one where there is one. */
  flags: string[];
  description: string;
  /** Placeholder of the value; none for a switch, and for an option that does without. */
  value?: string;
  /** What the value can be. */
  takes?: Completable;
}

export interface CompletableCommand {
  name: string;
  description: string;
  options: CompletableOption[];
  /** What the words can be that are no options; none where there are none. */
  argument?: Completable;
}

export interface CompletableProgram {
  name: string;
  commands: CompletableCommand[];
  /** Options before a command, in addition to those of each command. */
  options: CompletableOption[];
}

export function describeCommand(program: Command): CompletableProgram {
  return {
    name: program.name(),
    options: describeOptions(program),
    commands: program
      .createHelp()
      .visibleCommands(program)
      .map((command) => ({
        name: command.name(),
        description: command.description(),
        options: describeOptions(command),
        ...(command.registeredArguments[0] && { argument: toArgument(command.registeredArguments[0]) }),
      })),
  };
}

function describeOptions(command: Command): CompletableOption[] {
  return command.createHelp().visibleOptions(command).map(toOption);
}

function toOption({ flags, short, long, description, argChoices }: Option): CompletableOption {
  // one that may be left out is not waited for
  const value = /<([^>]+)/.exec(flags)?.[1];
  return {
    flags: [long, short].filter((flag) => flag !== undefined),
    description,
    ...(value !== undefined && { value, takes: guess(value, argChoices) }),
  };
}

function toArgument(argument: Argument): Completable {
  return guess(argument.name(), argument.argChoices);
}

/** By the placeholder: `<FILE>`, `<PATH>`, `<DIR>`, `[RUN_ID]`. */
function guess(placeholder: string, choices: readonly string[] | undefined): Completable {
  if (choices) return { kind: 'choices', choices };
  if (/FILE|PATH|DIR/.test(placeholder)) return { kind: 'files' };
  if (/RUN_ID/.test(placeholder)) return { kind: 'runs' };
  return { kind: placeholder === 'COMMAND' ? 'commands' : 'unknown' };
}

/** Shell that lists the ids of the runs in the folder that is used unless another is named. */
export const LIST_RUNS = 'ls .arvoredo/runs 2>/dev/null';
