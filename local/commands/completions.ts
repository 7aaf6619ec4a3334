// arvoredo completions: what a shell needs to complete commands, options and their values.

import { Argument, Command } from 'commander';
import { bashCompletions } from '../completions/bash.ts';
import { type CompletableProgram, describeCommand } from '../completions/completable.ts';
import { fishCompletions } from '../completions/fish.ts';
import { zshCompletions } from '../completions/zsh.ts';

const SHELLS: Record<string, (program: CompletableProgram) => string> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

export function completionsCommand(): Command {
  const command = new Command('completions')
    .description('Print completions for a shell; for this one: source <(arvoredo completions bash)')
    .addArgument(new Argument('<SHELL>', 'the shell').choices(Object.keys(SHELLS)));
  return command.action((shell: string) => {
    process.stdout.write(SHELLS[shell](describeCommand(command.parent!)));
  });
}
