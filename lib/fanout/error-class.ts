// What a failed attempt means for its task.

import { isRetryable } from '../base/errors.ts';
import { takeLog, withLog } from './log-tail.ts';

export interface Failure {
  /** The error's name, which survives the trip through JSON. */
  name: string;
  message: string;
  /** The end of its log, or where to look for it. */
  log?: string;
}

/**
 * `retry`: another attempt may succeed (throttled, timed out, crashed, S3 slowed down). `final`: none will (wrong input,
 * damaged bytes). `memory`: one with more memory will. `killed`: the process was killed, which on Lambda is nearly always
 * for its memory, though nobody says so. `aborted`: the work was called off.
 */
export type ErrorClass = 'retry' | 'final' | 'memory' | 'killed' | 'aborted';

export function classOf({ name, message }: Failure): ErrorClass {
  if (name === 'CancelledError') return 'aborted';
  if (name === 'OutOfMemoryError') return 'memory';
  if (name === 'NotStartedError' || name === 'DeadlineError') return 'final';
  if (name === 'CrashError' && message.includes('signal: killed')) return 'killed';
  if (name === 'TypeError' && message.startsWith('fetch failed')) return 'retry'; // a connection, not a mistake
  return isRetryable(name) ? 'retry' : 'final';
}

/** Errors that the platform reports by a type of their own, which says more than their message. */
const PLATFORM_ERRORS: Record<string, string> = {
  'Runtime.OutOfMemory': 'OutOfMemoryError',
  'Sandbox.Timedout': 'TimeoutError',
  TooManyRequestsException: 'ThrottledError',
  AccessDeniedException: 'AccessDeniedError',
  ResourceNotFoundException: 'NotFoundError',
};

/** What V8, WebAssembly and worker threads say when there is no more memory: errors that could also mean something else. */
const OUT_OF_MEMORY =
  /heap out of memory|signal: aborted|reaching memory limit|Array buffer allocation failed|could not allocate memory|Out of memory/;

/**
 * Encode an error as the message of a failed invocation, which is often all that comes back from a chained invoke: the
 * error's name in front, the end of the log behind. `parseFailure` decodes it.
 */
export function encodeFailure(error: unknown, log: string): string {
  return withLog(error instanceof Error ? `${error.name}: ${error.message}` : String(error), log);
}

/**
 * Decode the message of a failed invocation: one that `encodeFailure` wrote, or one of the platform itself.
 *
 * @param type the platform's name for the error, where it is known
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

function parseMessage(message: string, type: string | undefined): Failure {
  const platform = type === undefined ? undefined : PLATFORM_ERRORS[type];
  if (platform) return { name: platform, message };
  if (OUT_OF_MEMORY.test(message)) return { name: 'OutOfMemoryError', message };
  const named = /^(?!RequestId)([A-Z]\w+): (.*)$/s.exec(message); // the platform's own begin with the request's id
  if (named) return { name: named[1], message: named[2] };
  if (/timed out after/.test(message)) return { name: 'TimeoutError', message };
  if (/rate exceeded|throttl|TooManyRequests/i.test(message)) return { name: 'ThrottledError', message };
  if (type !== undefined && /^(?!Error$)[A-Z]\w*$/.test(type)) return { name: type, message };
  return { name: 'CrashError', message };
}
