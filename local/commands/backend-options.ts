// Options of the commands that look at runs: which place, and JSON instead of text.

import { type Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { listRuns } from '../../lib/run/run.ts';
import { type BackendFlags, type OpenTarget, openTarget } from '../backend/backend.ts';
import { addJsonOption, checkJson, print } from './output.ts';

export interface LookFlags extends BackendFlags {
  json?: string;
}

export const DEFAULT_DATA_DIR = '.arvoredo';

/** Options of which account and region of AWS is meant. */
export interface AccountFlags {
  region?: string;
  profile?: string;
}

export function addBackendOptions(command: Command, help = 'where the runs are', helpGroup = 'Options:'): Command {
  command
    .addOption(new Option('--on <WHERE>', help).choices(['local', 'aws']).default('local').helpGroup(helpGroup))
    .addOption(
      new Option('--data-dir <DIR>', 'folder of the local emulator').default(DEFAULT_DATA_DIR).helpGroup(helpGroup),
    );
  return addStackOptions(command, helpGroup);
}

export function addStackOptions(command: Command, helpGroup = 'Options:'): Command {
  command.addOption(new Option('--stack <NAME>', 'deployed stack on AWS').default('Arvoredo').helpGroup(helpGroup));
  return addAccountOptions(command, helpGroup);
}

export function addAccountOptions(command: Command, helpGroup = 'Options:'): Command {
  return command
    .addOption(new Option('--region <NAME>', 'region of AWS (AWS_REGION, or that of the profile)').helpGroup(helpGroup))
    .addOption(
      new Option('--profile <NAME>', 'profile of AWS with the credentials (AWS_PROFILE)').helpGroup(helpGroup),
    );
}

/** Options that one place has, and the other has no use for. */
const PLACES = { stack: 'aws', token: 'aws', dataDir: 'local' } as const;

/**
 * @throws {InputError} on a flag that the chosen place has no use for: whoever gives it means the other. What file and
 *   environment say is for commands of either place.
 */
export function checkBackend(command: Command): void {
  const on: unknown = command.getOptionValue('on');
  if (on === undefined) return;
  for (const [name, place] of Object.entries(PLACES)) {
    if (place === on || command.getOptionValueSource(name) !== 'cli') continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InputError(`${flag} requires --on ${place}, got --on ${on}; change --on, or remove ${flag}`);
  }
}

/** Region and profile become those of the SDK's default chain, for every client that is made from then on. */
export function chooseAccount({ region, profile }: AccountFlags, env = process.env): void {
  if (region !== undefined) env.AWS_REGION = region;
  if (profile === undefined) return;
  env.AWS_PROFILE = profile;
  // what is asked for by name goes before keys that lie about; the SDK thinks so too, but warns
  delete env.AWS_ACCESS_KEY_ID;
  delete env.AWS_SECRET_ACCESS_KEY;
  delete env.AWS_SESSION_TOKEN;
}

export function addLookOptions(command: Command): Command {
  return addJsonOption(addBackendOptions(command));
}

/** Open the place, do the work and close it; then print what the work gave, as text or as JSON. */
export async function look<Result>(
  flags: LookFlags,
  work: (target: OpenTarget['target']) => Promise<Result>,
  describe: (result: Result) => string,
): Promise<void> {
  await checkJson(flags.json);
  const { target, close } = await openTarget(flags);
  let result: Result;
  try {
    result = await work(target);
  } finally {
    await close();
  }
  await print(flags.json, result, describe(result));
}

/**
 * The run that is meant when none is named: the last.
 *
 * @throws {InputError} when there is none
 */
export async function orLastRun(
  { store }: Pick<OpenTarget['target'], 'store'>,
  runId: string | undefined,
): Promise<string> {
  const [last] = runId === undefined ? await listRuns(store) : [runId];
  if (last === undefined) throw new InputError('there are no runs yet; start one with arvoredo run');
  return last;
}
