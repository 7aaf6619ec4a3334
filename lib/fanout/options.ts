// The options of a fan-out: what may be asked for, the defaults, and the check.

import {
  boolean,
  check,
  integer,
  integerOrFraction,
  numberAbove,
  numberFrom,
  oneOf,
  orNull,
  type Rule,
} from '../base/check.ts';
import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';

export interface FanOutOptions {
  /** Most invocations in flight at once, ≥ 1. @default 100 */
  maxInFlight?: number;
  /** Attempts of a task that may fail, ≥ 1; speculative ones and moves to more memory are besides. @default 3 */
  maxAttempts?: number;
  /** Middle of the pause before a second attempt, in ms, ≥ 0; doubles each time. @default 1000 */
  backoffMs?: number;
  /** Longest middle of a pause, in ms, ≥ 0. @default 30,000 */
  maxBackoffMs?: number;
  /** Decides where in its range each pause lies: an integer ≥ 0. @default 0 */
  seed?: number;
  /** Tasks that may fail: a count ≥ 0, or a share in (0, 1). @default 0 */
  toleratedFailures?: number;
  /** End at the first task too many that fails; by default the others are done, so that a redo has the failed ones only. @default false */
  failFast?: boolean;
  /** End when so many tasks are done: a count ≥ 1, or a share in (0, 1); null for all. @default null */
  enough?: number | null;
  /** Share of failed attempts, in (0, 1], beyond which the fan-out gives up. @default 0.4 */
  breakerRate?: number;
  /** Attempts that must have ended before that, ≥ 1. @default 20 */
  breakerAttempts?: number;
  /** Start a second attempt of a straggler; the first answer wins. @default true */
  speculate?: boolean;
  /** A straggler has run longer than this many times the time within which half of all tasks finished, above 1. @default 3 */
  stragglerFactor?: number;
  /** The function's own time limit, in ms, beyond which no attempt that started can be running; null when not known. @default null */
  attemptTimeoutMs?: number | null;
  /** How much longer an attempt may be without a sign of life from anyone before it counts as never started, in ms. @default 900,000 */
  startWithinMs?: number;
  /** Longest time of one task, from its first attempt, in ms; null for none. @default null */
  taskDeadlineMs?: number | null;
  /** Longest time of the whole fan-out, in ms; null for none. @default null */
  deadlineMs?: number | null;
  /** Shortest pause between two looks at what is slow, in ms, from 1,000 up. @default 2000 */
  lookEveryMs?: number;
  /** Whether the results are kept one by one, or only the sums of their numbers by field. @default 'all' */
  results?: 'all' | 'sum';
  /** Tasks of one execution at most, from 1 to 1000; more are divided over executions of their own. @default 1000 */
  shardAbove?: number;
}

export type ResolvedOptions = { [Name in keyof FanOutOptions]-?: Exclude<FanOutOptions[Name], undefined> };

/** Tasks of one durable execution: its state is replayed at every resume, 0.1 s for 1,000 and growing faster. */
export const MAX_TASKS = 1000;

export const FAN_OUT_DEFAULTS = {
  maxInFlight: 100,
  maxAttempts: 3,
  backoffMs: 1000,
  maxBackoffMs: 30_000,
  seed: 0,
  toleratedFailures: 0,
  failFast: false,
  enough: null,
  breakerRate: 0.4,
  breakerAttempts: 20,
  speculate: true,
  stragglerFactor: 3,
  attemptTimeoutMs: null,
  startWithinMs: 900_000,
  taskDeadlineMs: null,
  deadlineMs: null,
  lookEveryMs: 2000,
  results: 'all',
  shardAbove: MAX_TASKS,
} as const satisfies ResolvedOptions;

const RULES: Record<keyof ResolvedOptions, Rule<unknown>> = {
  maxInFlight: integer(1),
  maxAttempts: integer(1),
  backoffMs: numberFrom(0),
  maxBackoffMs: numberFrom(0),
  seed: integer(0),
  toleratedFailures: integerOrFraction(0),
  failFast: boolean,
  enough: orNull(integerOrFraction(1)),
  breakerRate: numberAbove(0, 1),
  breakerAttempts: integer(1),
  speculate: boolean,
  stragglerFactor: numberAbove(1),
  attemptTimeoutMs: orNull(numberFrom(1)),
  startWithinMs: numberFrom(1),
  taskDeadlineMs: orNull(numberFrom(1)),
  deadlineMs: orNull(numberFrom(1)),
  lookEveryMs: numberFrom(1000),
  results: oneOf('all', 'sum'),
  shardAbove: integer(1, MAX_TASKS),
};

/**
 * Fill in the defaults; an explicit `undefined` means the default.
 *
 * @throws {InputError} with the option, the allowed values and the received one
 */
export function resolveOptions(options: FanOutOptions): ResolvedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(RULES, name)) {
      throw new InputError(`unknown fan-out option ${quote(name)}; known are ${Object.keys(RULES).join(', ')}`);
    }
    check(name, value, RULES[name as keyof ResolvedOptions]);
  }
  return { ...FAN_OUT_DEFAULTS, ...given };
}

/**
 * A count, or a share of the tasks: rounded down for what is tolerated, up for what is enough. As a person would count it:
 * 0.29 of 100 is 29, though the product of the two numbers is a little less.
 */
export function toCount(value: number, numTasks: number, round: (value: number) => number): number {
  return value < 1 && value > 0 ? round(Number((value * numTasks).toPrecision(12))) : value;
}
