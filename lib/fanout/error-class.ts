// Classifies failed attempts, and encodes failures as text.

import { InputError, isRetryable } from '../base/errors.ts';
import { takeLog, withLog } from './log-tail.ts';

export interface Failure {
  /** Name of the error, which JSON preserves. */
  name: string;
  message: string;
  /** The end of its log, or where to find it. */
  log?: string;
}

/**
 * `retry`: another attempt may succeed (throttled, timed out, crashed, S3 slowed down). `final`: no attempt can succeed
 * (wrong input, damaged bytes). `memory`: an attempt with more memory may succeed. `killed`: the process was killed without a
 * reason, on Lambda nearly always for its memory. `aborted`: the work was cancelled.
 */
export type ErrorClass = 'retry' | 'final' | 'memory' | 'killed' | 'aborted';

/** Classify a failure; `FINAL_ERRORS` in lib/base/errors.ts has the names of errors that are final for every caller. */
export function classify({ name, message }: Failure): ErrorClass {
  if (name === 'CancelledError') return 'aborted';
  if (name === 'OutOfMemoryError') return 'memory';
  if (name === 'NotStartedError' || name === 'DeadlineError') return 'final';
  if (name === 'CrashError' && message.includes('signal: killed')) return 'killed';
  if (name === 'TypeError' && message.startsWith('fetch failed')) return 'retry'; // a connection, not a mistake
  return isRetryable(name) ? 'retry' : 'final';
}

/** Errors whose type, reported by the platform, is more specific than their message. */
const PLATFORM_ERRORS: Record<string, string> = {
  'Runtime.OutOfMemory': 'OutOfMemoryError',
  'Sandbox.Timedout': 'TimeoutError',
  TooManyRequestsException: 'ThrottledError',
  AccessDeniedException: 'AccessDeniedError',
  ResourceNotFoundException: 'NotFoundError',
};

/** Messages of V8, WebAssembly and worker threads when memory is exhausted; the errors' names are too general. */
const OUT_OF_MEMORY =
  /heap out of memory|signal: aborted|reaching memory limit|Array buffer allocation failed|could not allocate memory|Out of memory/;

/**
 * Encode an error as the message of a failed invocation, often the only part that a chained invoke returns: first the
 * error's name, last the end of the log. `parseFailure` decodes it.
 */
export function encodeFailure(error: unknown, log: string): string {
  return withLog(error instanceof Error ? `${error.name}: ${error.message}` : String(error), log);
}

/**
 * Decode the message of a failed invocation, from `encodeFailure` or from the platform.
 *
 * @param type the platform's name for the error, if known
 */
export function parseFailure(text: string, type?: string): Failure {
  const { message, log } = takeLog(text);
  return { ...parseMessage(message, type), ...(log !== undefined && { log }) };
}

/**
 * The failure behind an error that a run or a prediction has recorded: for a `TaskFailedError`, whose message carries it
 * as text, that of the task's last attempt; otherwise the error itself.
 */
export function parseRootFailure({ name, message }: Failure): Failure {
  const last = /^task \S+ failed .*?; last: (.*)$/s.exec(message)?.[1];
  return last === undefined ? { name, message } : parseFailure(last);
}

/** Restore the error that a run or a prediction has recorded: an `InputError` if its root is one. */
export function restoreError(recorded: Failure): Error {
  const { name, message } = recorded;
  if (parseRootFailure(recorded).name === 'InputError') return new InputError(message);
  return Object.assign(new Error(message), { name });
}

function parseMessage(message: string, type: string | undefined): Failure {
  const platform = type === undefined ? undefined : PLATFORM_ERRORS[type];
  if (platform) return { name: platform, message };
  if (OUT_OF_MEMORY.test(message)) return { name: 'OutOfMemoryError', message };
  const named = /^(?!RequestId)([A-Z]\w+): (.*)$/s.exec(message); // the platform's messages start with the request id
  if (named) return { name: named[1], message: named[2] };
  if (/timed out after/.test(message)) return { name: 'TimeoutError', message };
  if (/rate exceeded|throttl|TooManyRequests/i.test(message)) return { name: 'ThrottledError', message };
  if (type !== undefined && /^(?!Error$)[A-Z]\w*$/.test(type)) return { name: type, message };
  return { name: 'CrashError', message };
}
