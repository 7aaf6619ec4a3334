// The command line as a tree of commands, which completions and the file of options are made from too.

import { type Argument, Command, type Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { reword } from '../config/commander-errors.ts';
import { applySettings, readSettings } from '../config/config.ts';
import { readConfig } from '../config/file.ts';
import { errorColours } from '../output/colours.ts';
import { checkBackend, chooseAccount } from './backend-options.ts';
import { cancelCommand } from './cancel.ts';
import { cleanCommand } from './clean.ts';
import { completionsCommand } from './completions.ts';
import { configCommand } from './config.ts';
import { dashboardCommand } from './dashboard.ts';
import { exportCommand } from './export.ts';
import { inspectCommand } from './inspect.ts';
import { localCommand } from './local.ts';
import { logsCommand } from './logs.ts';
import { planCommand } from './plan.ts';
import { predictCommand } from './predict.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { searchCommand } from './search.ts';
import { smokeCommand } from './smoke.ts';
import { statusCommand } from './status.ts';

/** The program with all its commands; nothing is read before it parses. */
export function createProgram(): Command {
  const program = new Command('arvoredo')
    .description('Fan a data set and a random forest out over serverless functions, here or on AWS.')
    .version(packageJson.version)
    .option('--config <FILE>', 'file of options (arvoredo.config.ts or .json)', process.env.ARVOREDO_CONFIG)
    .configureHelp({
      subcommandTerm: showTerm,
      optionDescription: describeOption,
      argumentDescription: describeArgument,
    })
    .configureOutput({ outputError: (text, write) => write(`${errorColours.red('error')} ${reword(text)}\n`) })
    .showHelpAfterError('run arvoredo --help for the commands and options')
    .exitOverride()
    .addCommand(runCommand())
    .addCommand(searchCommand())
    .addCommand(planCommand())
    .addCommand(inspectCommand())
    .addCommand(runsCommand())
    .addCommand(statusCommand())
    .addCommand(logsCommand())
    .addCommand(reportCommand())
    .addCommand(cancelCommand())
    .addCommand(cleanCommand())
    .addCommand(exportCommand())
    .addCommand(predictCommand())
    .addCommand(localCommand())
    .addCommand(dashboardCommand())
    .addCommand(smokeCommand())
    .addCommand(configCommand())
    .addCommand(completionsCommand());
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    command.showHelpAfterError(`run arvoredo ${command.name()} --help for its options`);
  }
  const isHelp = () => program.args.some((word) => word === '--help' || word === '-h');
  program.hook('preSubcommand', async (_, command) => {
    if (command.options.length === 0 || isHelp()) return;
    const file = await readConfig(program.opts().config);
    applySettings(command, readSettings(command, program.commands, file));
  });
  program.hook('preAction', (_, command) => {
    checkBackend(command);
    chooseAccount(command.opts());
  });
  return program;
}

/** Short, so that descriptions fit next to it in 80 columns. */
function showTerm(command: Command): string {
  const toWord = (argument: Argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  };
  return [command.name(), ...command.registeredArguments.map(toWord)].join(' ');
}

/** As the options of a run have it: choices, then the default in brackets; none for a switch or an empty list. */
function describeOption({ description, argChoices, defaultValue }: Option): string {
  const hasDefault = ![undefined, false].includes(defaultValue) && String(defaultValue) !== '';
  return `${description}${listed(argChoices)}${hasDefault ? ` (${defaultValue})` : ''}`;
}

function describeArgument({ description, argChoices }: Argument): string {
  return `${description}${listed(argChoices)}`;
}

function listed(choices: readonly string[] | undefined): string {
  return choices ? `: ${choices.join(', ')}` : '';
}
