// The options of a fan-out, their defaults and their check.

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
  /** Maximum number of concurrent invocations, ≥ 1. @default 100 */
  maxInFlight?: number;
  /** Maximum number of attempts of a task, ≥ 1, not counting speculative attempts and moves to more memory. @default 3 */
  maxAttempts?: number;
  /** Median pause before the second attempt, in ms, ≥ 0; doubles with each attempt. @default 1000 */
  backoffMs?: number;
  /** Maximum of the median pause, in ms, ≥ 0. @default 30,000 */
  maxBackoffMs?: number;
  /** Seed of the jitter of pauses, an integer ≥ 0. @default 0 */
  seed?: number;
  /** Tasks that may fail: a count ≥ 0, or a share in (0, 1). @default 0 */
  toleratedFailures?: number;
  /** Whether to end as soon as too many tasks have failed; otherwise the others finish, and a redo has only the failed ones. @default false */
  failFast?: boolean;
  /** Number of tasks after which the fan-out ends: a count ≥ 1, or a share in (0, 1); null for all. @default null */
  minSuccessful?: number | null;
  /** Share of failed attempts, in (0, 1], above which the circuit breaker ends the fan-out. @default 0.4 */
  breakerRate?: number;
  /** Attempts that must have ended before the breaker can open, ≥ 1. @default 20 */
  breakerAttempts?: number;
  /** Whether stragglers get a speculative second attempt; the first result wins. @default true */
  speculate?: boolean;
  /** A straggler runs longer than this factor, above 1, times the time within which half of all tasks finished. @default 3 */
  stragglerFactor?: number;
  /** Time limit of the function, in ms; null when unknown. @default null */
  attemptTimeoutMs?: number | null;
  /** With `attemptTimeoutMs`: time in addition to it, in ms, without any ended attempt, after which one counts as never started. @default 900,000 */
  startTimeoutMs?: number;
  /** Deadline of a task, in ms from its first attempt; null for none. @default null */
  taskDeadlineMs?: number | null;
  /** Deadline of the fan-out, in ms; null for none. @default null */
  deadlineMs?: number | null;
  /** Minimum pause between two polls for slow tasks and deadlines, in ms, ≥ 1,000. @default 2000 */
  pollIntervalMs?: number;
  /** Whether to keep all results, or only the sums of their numbers by field. @default 'all' */
  results?: 'all' | 'sum';
  /** Maximum number of tasks per execution, from 1 to 1000; larger fan-outs are divided into shards. @default 1000 */
  maxTasksPerExecution?: number;
}

export type ResolvedOptions = { [Name in keyof FanOutOptions]-?: Exclude<FanOutOptions[Name], undefined> };

/** Maximum tasks of one durable execution: a replay at every resume takes 0.1 s for 1,000, and grows faster than linearly. */
export const MAX_TASKS = 1000;

export const FAN_OUT_DEFAULTS = {
  maxInFlight: 100,
  maxAttempts: 3,
  backoffMs: 1000,
  maxBackoffMs: 30_000,
  seed: 0,
  toleratedFailures: 0,
  failFast: false,
  minSuccessful: null,
  breakerRate: 0.4,
  breakerAttempts: 20,
  speculate: true,
  stragglerFactor: 3,
  attemptTimeoutMs: null,
  startTimeoutMs: 900_000,
  taskDeadlineMs: null,
  deadlineMs: null,
  pollIntervalMs: 2000,
  results: 'all',
  maxTasksPerExecution: MAX_TASKS,
} as const satisfies ResolvedOptions;

const RULES: Record<keyof ResolvedOptions, Rule<unknown>> = {
  maxInFlight: integer(1),
  maxAttempts: integer(1),
  backoffMs: numberFrom(0),
  maxBackoffMs: numberFrom(0),
  seed: integer(0),
  toleratedFailures: integerOrFraction(0),
  failFast: boolean,
  minSuccessful: orNull(integerOrFraction(1)),
  breakerRate: numberAbove(0, 1),
  breakerAttempts: integer(1),
  speculate: boolean,
  stragglerFactor: numberAbove(1),
  attemptTimeoutMs: orNull(numberFrom(1)),
  startTimeoutMs: numberFrom(1),
  taskDeadlineMs: orNull(numberFrom(1)),
  deadlineMs: orNull(numberFrom(1)),
  pollIntervalMs: numberFrom(1000),
  results: oneOf('all', 'sum'),
  maxTasksPerExecution: integer(1, MAX_TASKS),
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
 * Convert a count or a share of the tasks to a count, in decimal arithmetic: 0.29 of 100 is 29, although the product of the
 * two doubles is slightly less.
 */
export function toCount(value: number, numTasks: number, round: (value: number) => number): number {
  return value < 1 && value > 0 ? round(Number((value * numTasks).toPrecision(12))) : value;
}
