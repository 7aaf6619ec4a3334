// Everything that can be known to be wrong is refused before anything starts, in the words of the command line.

import { InputError } from '../../lib/base/errors.ts';
import { PARAM_NAMES, type ParamName, parseRunParams, type RunParams } from '../../lib/plan/params.ts';
import { checkRunnable } from '../../lib/plan/plan-run.ts';
import { toFlag } from '../output/flags.ts';
import { wordForNull } from './run-options.ts';

/**
 * @param nameOf how to call a parameter in a message
 * @throws {InputError} naming the options; what depends on a user's data is found when they are read
 */
export function checkParams(given: Record<string, unknown>, nameOf = toFlag): RunParams {
  return inFlags(() => {
    const params = parseRunParams(given, nameOf);
    checkRunnable(params);
    return params;
  }, nameOf);
}

/**
 * Do what speaks of parameters by their names in the API.
 *
 * @param nameOf how to call a parameter in a message
 * @throws {InputError} naming the options
 */
export function inFlags<T>(work: () => T, nameOf = toFlag): T {
  try {
    return work();
  } catch (error) {
    throw inWordsOfFlags(error, nameOf);
  }
}

/** Replace names of parameters in an error's message with flags. */
export function inWordsOfFlags(error: unknown, nameOf = toFlag): unknown {
  if (!(error instanceof InputError)) return error;
  const [said, known] = error.message.split(/(?<=, which takes )/); // a list of names follows
  const subject = (name: ParamName) => said.startsWith(`${name} `);
  const named = PARAM_NAMES.find((name) => said.startsWith(`${nameOf(name)} `)); // already replaced
  // a parameter whose name is one word may be an ordinary word
  const names = named ? [] : PARAM_NAMES.filter((name) => /[A-Z]/.test(name) || subject(name));
  const inWords = names.length > 0 ? said.replace(new RegExp(`\\b(${names.join('|')})\\b`, 'g'), nameOf) : said;
  const first = named ?? PARAM_NAMES.find(subject);
  // each option has its own word for null
  const withNull = first ? inWords.replace(/, or null(?: for [\w ]+)?/, `, or ${wordForNull(first)}`) : inWords;
  return new InputError(`${withNull}${known?.replace(/\w+/g, toFlag) ?? ''}`);
}
