// Errors that a caller acts on differently. Names survive the trip through JSON (a function's errorType).

/** The input was wrong: nothing was spent, and trying again will not help. Exit code 2, HTTP 400. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Stored bytes are damaged or of another version. Trying again will not help. */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** Something was asked for that does not exist. HTTP 404. */
export class NotFoundError extends Error {
  override name = 'NotFoundError';
}

/** The same name is taken by something else. HTTP 409. */
export class ConflictError extends Error {
  override name = 'ConflictError';
}

/** A permission is missing. Trying again will not help before it is given. */
export class AccessDeniedError extends Error {
  override name = 'AccessDeniedError';
}

/** The run was cancelled. Exit code 130. */
export class CancelledError extends Error {
  override name = 'CancelledError';
}

/** The deadline passed. Finished work is kept; the run can be resumed. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** A task failed on every attempt that it was given. */
export class TaskFailedError extends Error {
  override name = 'TaskFailedError';
  readonly taskId: string;
  readonly attempts: number;

  /** @param rest what follows in the message, with its punctuation */
  constructor(taskId: string, attempts: number, cause: { name: string; message: string }, rest = '') {
    const times = attempts === 1 ? 'once' : `${attempts} times`;
    super(`task ${taskId} failed ${times}; last: ${cause.name}: ${cause.message}${rest}`, { cause });
    this.taskId = taskId;
    this.attempts = attempts;
  }
}

/** A fan-out ended without what was asked for. */
export class FanOutFailedError extends Error {
  override name = 'FanOutFailedError';
  readonly reason: string;

  /** @param cause the first of the tasks that failed, in their order */
  constructor(name: string, reason: string, counts: { tasks: number; done: number; failed: number }, cause?: Error) {
    const { tasks, done, failed } = counts;
    const first = cause ? `; first: ${cause.message}` : '';
    super(`fan-out ${name} ended as ${reason}: ${done} of ${tasks} tasks done, ${failed} failed${first}`, { cause });
    this.reason = reason;
  }
}

/**
 * Names of errors after which no further attempt can succeed, including the SDKs' names for missing permissions. `TypeError`
 * and its kin are faults of the code. lib/fanout/error-class.ts adds errors that are final for a task only.
 */
const FINAL_ERRORS = new Set([
  'InputError',
  'FormatError',
  'AccessDeniedError',
  'AccessDenied',
  'AccessDeniedException',
  'NotFoundError',
  'RangeError',
  'TypeError',
  'SyntaxError',
  'ReferenceError',
]);

/** Whether another attempt may succeed: crashes, timeouts and throttles may, wrong input and missing permissions do not. */
export function isRetryable(errorName: string): boolean {
  return !FINAL_ERRORS.has(errorName);
}

// minifying renames classes, and Node prints the name of an error's class
const types = {
  ...{ InputError, FormatError, NotFoundError, ConflictError, AccessDeniedError, CancelledError, DeadlineError },
  ...{ TaskFailedError, FanOutFailedError },
};
for (const [name, type] of Object.entries(types)) Object.defineProperty(type, 'name', { value: name });
