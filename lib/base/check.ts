// Checks of values from outside. A rule carries the allowed values in words, so that all messages name them alike.

import { InputError } from './errors.ts';
import { either, quote } from './quote.ts';

/** The allowed values of an option or a field, and the test for them. */
export interface Rule<T> {
  /** What follows "must be" in a message: `an integer from 1 to 100`. */
  readonly allowed: string;
  readonly accepts: (value: unknown) => value is T;
}

/** An object with fields, as JSON has them: not null, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A finite number. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** An integer from `min` to `max` that a number holds exactly. */
export function isInteger(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return isNumber(value) && Number.isSafeInteger(value) && value >= min && value <= max;
}

/** A number in (0, 1), ends excluded. */
export function isFraction(value: unknown): value is number {
  return isNumber(value) && value > 0 && value < 1;
}

/** @param max left out of the words when it is the default, 2^53 - 1 */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Rule<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `≥ ${min}` : `from ${min} to ${max}`;
  return { allowed: `an integer ${range}`, accepts: (value) => isInteger(value, min, max) };
}

/** A finite number from `min` to `max`, ends included; without `max`, any that is not less than `min`. */
export function numberFrom(min: number, max = Number.MAX_VALUE): Rule<number> {
  const range = max === Number.MAX_VALUE ? `≥ ${min}` : `from ${min} to ${max}`;
  return {
    allowed: `a number ${range}`,
    accepts: (value): value is number => isNumber(value) && value >= min && value <= max,
  };
}

/** A finite number above `min` and at most `max`. */
export function numberAbove(min: number, max = Number.MAX_VALUE): Rule<number> {
  const range = max === Number.MAX_VALUE ? '' : ` and at most ${max}`;
  return {
    allowed: `a number above ${min}${range}`,
    accepts: (value): value is number => isNumber(value) && value > min && value <= max,
  };
}

/** A count, or a fraction of what is counted. */
export function integerOrFraction(min: number, max = Number.MAX_SAFE_INTEGER): Rule<number> {
  const count = integer(min, max);
  return {
    allowed: `${count.allowed} or a fraction in (0, 1)`,
    accepts: (value): value is number => count.accepts(value) || isFraction(value),
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Rule<T> {
  return { allowed: either(choices), accepts: (value): value is T => choices.some((choice) => choice === value) };
}

export const boolean: Rule<boolean> = {
  allowed: 'true or false',
  accepts: (value): value is boolean => typeof value === 'boolean',
};

export const nonEmptyText: Rule<string> = {
  allowed: 'a non-empty string',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
};

export function orNull<T>({ allowed, accepts }: Rule<T>): Rule<T | null> {
  return { allowed: `${allowed}, or null`, accepts: (value): value is T | null => value === null || accepts(value) };
}

/**
 * The value, when the rule accepts it.
 *
 * @param name the option or field, as the user knows it
 * @throws {InputError} with the name, the allowed values and the received one: `trees must be an integer ≥ 1, got 0`
 */
export function check<T>(name: string, value: unknown, rule: Rule<T>): T {
  if (rule.accepts(value)) return value;
  throw new InputError(`${name} must be ${rule.allowed}, got ${quote(value)}`);
}

/**
 * The fields of an object that may have these and no others; an explicit `undefined` counts as absent.
 *
 * @throws {InputError} when the value is not an object, or has another field
 */
export function checkFields(name: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw new InputError(`${name} must be an object of ${known.join(', ')}, got ${quote(value)}`);
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  const unknown = present.find(([field]) => !known.includes(field));
  if (unknown) throw new InputError(`${name} has no ${quote(unknown[0])}; known are ${known.join(', ')}`);
  return Object.fromEntries(present);
}
