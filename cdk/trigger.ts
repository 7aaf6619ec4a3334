// What triggers share: the right parameters, checked before they are deployed.

import { InputError } from '../lib/base/errors.ts';
import { parseRunParams, readGiven } from '../lib/plan/params.ts';
import { checkRunnable } from '../lib/plan/plan-run.ts';

/**
 * Check what a trigger starts, as the function that starts it will: a mistake shows now, not at night.
 *
 * @param where what the parameters are called in messages, as in `schedule.params`
 * @throws {InputError} when the run could not be finished
 */
export function checkParams(where: string, params: Record<string, unknown>): void {
  try {
    checkRunnable(parseRunParams(readGiven(params)));
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(`${where}: ${cause.message}`, { cause });
  }
}
