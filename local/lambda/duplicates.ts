// Duplicate deliveries: asynchronous invocations and those of durable functions are delivered at least once.

import { createHash } from 'node:crypto';

export interface DuplicateOptions {
  /** Share of the deliveries to duplicate, from 0 to 1. */
  share: number;
  /** Chooses which. Integer ≥ 0. */
  seed: number;
}

/**
 * Whether to deliver twice. The answer follows from the seed, the function and the payload, not from the order of
 * arrival, so that two runs with the same seed double the same ones.
 */
export function isDoubled({ share, seed }: DuplicateOptions, functionName: string, payload: string | Buffer): boolean {
  if (share === 0) return false;
  const hash = createHash('sha256').update(`${seed}\n${functionName}\n`).update(payload).digest();
  return hash.readUInt32LE() / 2 ** 32 < share;
}
