// Options of the commands that read runs: the backend, and JSON instead of text.

import { type Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { listRuns } from '../../lib/run/run.ts';
import { type BackendFlags, type OpenTarget, openTarget } from '../backend/backend.ts';
import { addJsonOption, checkJson, print } from './output.ts';

export interface BackendAndJsonFlags extends BackendFlags {
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

/** Options that apply to one backend only. */
const BACKEND_OPTIONS = { stack: 'aws', token: 'aws', dataDir: 'local' } as const;

/**
 * @throws {InputError} on a flag that does not apply to the chosen backend. Values from the options file and the environment
 *   are ignored instead, as they serve both backends.
 */
export function checkBackend(command: Command): void {
  const on: unknown = command.getOptionValue('on');
  if (on === undefined) return;
  for (const [name, backend] of Object.entries(BACKEND_OPTIONS)) {
    if (backend === on || command.getOptionValueSource(name) !== 'cli') continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InputError(`${flag} requires --on ${backend}, got --on ${on}; change --on, or remove ${flag}`);
  }
}

/** Make region and profile the defaults of the SDK, for all clients created afterwards. */
export function chooseAccount({ region, profile }: AccountFlags, env = process.env): void {
  if (region !== undefined) env.AWS_REGION = region;
  if (profile === undefined) return;
  env.AWS_PROFILE = profile;
  // a named profile takes precedence over keys in the environment; the SDK agrees, but prints a warning
  delete env.AWS_ACCESS_KEY_ID;
  delete env.AWS_SECRET_ACCESS_KEY;
  delete env.AWS_SESSION_TOKEN;
}

export function addBackendAndJsonOptions(command: Command): Command {
  return addJsonOption(addBackendOptions(command));
}

/** Open the backend, do the work and close it; then print the result as text or as JSON. */
export async function withBackend<Result>(
  flags: BackendAndJsonFlags,
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
 * The id of a run; by default that of the last run.
 *
 * @throws {InputError} when there are no runs
 */
export async function orLastRun(
  { store }: Pick<OpenTarget['target'], 'store'>,
  runId: string | undefined,
): Promise<string> {
  const [last] = runId === undefined ? await listRuns(store) : [runId];
  if (last === undefined) throw new InputError('there are no runs yet; start one with arvoredo run');
  return last;
}
