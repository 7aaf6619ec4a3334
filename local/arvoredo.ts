// The command line.

import { CommanderError } from 'commander';
import { createProgram } from './commands/program.ts';
import { errorColours } from './output/colours.ts';
import { explain, toExitCode } from './output/error-text.ts';

// the SDK's notice that Node 20 ends in January 2027 is for us, not for the user of a command
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Print the error and return the exit code. */
function report(error: unknown): number {
  const code = toExitCode(error);
  if (error instanceof CommanderError) return code; // commander has printed it
  console.error(`${code === 130 ? errorColours.yellow('cancelled') : errorColours.red('error')} ${explain(error)}`);
  if (process.env.ARVOREDO_DEBUG) console.error(error);
  return code;
}
