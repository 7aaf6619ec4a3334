// Everything that can be known to be wrong is refused before anything starts, in the words of the command line.

import { InputError } from '../../lib/errors.ts';
import { PARAM_NAMES, parseRunParams, type RunParams } from '../../lib/params.ts';
import { checkRunnable } from '../../lib/plan.ts';
import { toFlag, wordForNull } from './run-options.ts';

/** @throws {InputError} naming the options; what depends on a user's data is found when they are read */
export function checkParams(given: Record<string, unknown>): RunParams {
  return inFlags(() => {
    const params = parseRunParams(given, toFlag);
    checkRunnable(params);
    return params;
  });
}

/**
 * Do what speaks of parameters by their names in the API.
 *
 * @throws {InputError} naming the options
 */
export function inFlags<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const names = PARAM_NAMES.filter((name) => /[A-Z]/.test(name) || error.message.startsWith(`${name} `));
    const message = error.message.replace(new RegExp(`\\b(${names.join('|')})\\b`, 'g'), toFlag);
    // null has a word of its own for each option
    throw new InputError(
      message.replace(/^(--[\w-]+)(.*), or null/, (_, flag, text) => `${flag}${text}, or ${wordForNull(flag)}`),
    );
  }
}
