// The command line.

import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { CancelledError, ConflictError, InputError, NotFoundError } from '../lib/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { localCommand } from './commands/local.ts';
import { runCommand } from './commands/run.ts';

// the SDK's notice that Node 20 ends in January 2027 is for us, not for the user of a command
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const program = new Command('arvoredo')
  .description('Fan a data set and a random forest out over serverless functions, here or on AWS.')
  .version(packageJson.version)
  .showHelpAfterError('run arvoredo --help for the commands and options')
  .exitOverride()
  .addCommand(runCommand())
  .addCommand(localCommand());
for (const command of program.commands) command.copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Tell the error, and give the exit code: 1 the run failed, 2 the command was wrong, 130 cancelled. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has spoken already
  const { message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof CancelledError) {
    console.error(`${pc.yellow('cancelled')} ${message}`);
    return 130;
  }
  console.error(`${pc.red('error')} ${message}`);
  if (error instanceof InputError || error instanceof NotFoundError || error instanceof ConflictError) return 2;
  if (process.env.ARVOREDO_DEBUG) console.error(error);
  return 1;
}
