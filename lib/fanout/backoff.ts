// How long to wait before another attempt.

import { createHash } from 'node:crypto';

export interface BackoffOptions {
  /** Pause before the second attempt, in the middle; it doubles from attempt to attempt. */
  backoffMs: number;
  /** The pause stops growing there. */
  maxBackoffMs: number;
  /** Decides, with task and attempt, where in its range a pause lies. */
  seed: number;
}

/**
 * Exponential, from half to one and a half of the middle: tasks that failed together do not come back together. The same
 * for the same seed, task and attempt.
 *
 * @param attempt the attempt that comes, ≥ 2
 */
export function backoffMs({ backoffMs, maxBackoffMs, seed }: BackoffOptions, taskId: string, attempt: number): number {
  const middle = Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 2));
  const share = createHash('sha256').update(`${seed} ${taskId} ${attempt}`).digest().readUInt32LE() / 2 ** 32;
  return Math.round(middle * (0.5 + share));
}
