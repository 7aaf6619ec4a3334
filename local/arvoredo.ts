// The command line.

import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import packageJson from '../package.json' with { type: 'json' };
import { cancelCommand } from './commands/cancel.ts';
import { cleanCommand } from './commands/clean.ts';
import { exportCommand } from './commands/export.ts';
import { inspectCommand } from './commands/inspect.ts';
import { localCommand } from './commands/local.ts';
import { planCommand } from './commands/plan.ts';
import { predictCommand } from './commands/predict.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { searchCommand } from './commands/search.ts';
import { smokeCommand } from './commands/smoke.ts';
import { statusCommand } from './commands/status.ts';
import { exitCodeOf, explain } from './explain.ts';

// the SDK's notice that Node 20 ends in January 2027 is for us, not for the user of a command
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const program = new Command('arvoredo')
  .description('Fan a data set and a random forest out over serverless functions, here or on AWS.')
  .version(packageJson.version)
  .showHelpAfterError('run arvoredo --help for the commands and options')
  .exitOverride()
  .addCommand(runCommand())
  .addCommand(searchCommand())
  .addCommand(planCommand())
  .addCommand(inspectCommand())
  .addCommand(runsCommand())
  .addCommand(statusCommand())
  .addCommand(reportCommand())
  .addCommand(cancelCommand())
  .addCommand(cleanCommand())
  .addCommand(exportCommand())
  .addCommand(predictCommand())
  .addCommand(localCommand())
  .addCommand(smokeCommand());
for (const command of program.commands) command.copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

/** Tell the error; gives the exit code. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has spoken already
  const code = exitCodeOf(error);
  console.error(`${code === 130 ? pc.yellow('cancelled') : pc.red('error')} ${explain(error)}`);
  if (process.env.ARVOREDO_DEBUG) console.error(error);
  return code;
}
