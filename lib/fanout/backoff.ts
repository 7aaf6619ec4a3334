// The pause before another attempt.

import { createHash } from 'node:crypto';

export interface BackoffOptions {
  /** Median pause before the second attempt; it doubles with each attempt. */
  backoffMs: number;
  /** Maximum of the median pause. */
  maxBackoffMs: number;
  /** Seed of the jitter. */
  seed: number;
}

/**
 * Exponential backoff with jitter, from 0.5 to 1.5 times the median, so that tasks that failed together do not return
 * together. Seed, task and attempt determine the pause.
 *
 * @param attempt number of the next attempt, ≥ 2
 */
export function backoffMs({ backoffMs, maxBackoffMs, seed }: BackoffOptions, taskId: string, attempt: number): number {
  const middle = Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 2));
  const share = createHash('sha256').update(`${seed} ${taskId} ${attempt}`).digest().readUInt32LE() / 2 ** 32;
  return Math.round(middle * (0.5 + share));
}
