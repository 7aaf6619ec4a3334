// Options of the commands that look at runs: which place, and JSON instead of text.

import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { InputError } from '../../lib/errors.ts';
import { listRuns } from '../../lib/run.ts';
import { type OpenTarget, openTarget, type PlaceFlags } from '../open-target.ts';
import { checkWritable } from './checks.ts';

export interface LookFlags extends PlaceFlags {
  json?: string;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(new Option('--on <WHERE>', 'where the runs are').choices(['local', 'aws']).default('local'))
    .option('--stack <NAME>', 'deployed stack, with --on aws', 'Arvoredo')
    .option('--data-dir <DIR>', 'folder of the local emulator', '.arvoredo');
}

export function addLookOptions(command: Command): Command {
  return addPlaceOptions(command).option('--json <FILE>', 'write the same as JSON there; - for standard output');
}

/** Open the place, do the work and close it; then print what the work gave, as text or as JSON. */
export async function look<Result>(
  flags: LookFlags,
  work: (target: OpenTarget['target']) => Promise<Result>,
  describe: (result: Result) => string,
): Promise<void> {
  if (flags.json && flags.json !== '-') await checkWritable(flags.json);
  const { target, close } = await openTarget(flags);
  let result: Result;
  try {
    result = await work(target);
  } finally {
    await close();
  }
  const json = `${JSON.stringify(result, null, 2)}\n`;
  if (flags.json === '-') process.stdout.write(json);
  else console.log(describe(result));
  if (flags.json && flags.json !== '-') await writeFile(flags.json, json);
}

/**
 * The run that is meant when none is named: the last.
 *
 * @throws {InputError} when there is none
 */
export async function orLastRun({ store }: OpenTarget['target'], runId: string | undefined): Promise<string> {
  const [last] = runId === undefined ? await listRuns(store) : [runId];
  if (last === undefined) throw new InputError('there are no runs yet; start one with arvoredo run');
  return last;
}
