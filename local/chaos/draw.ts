// Draws the fault of a request: a function of the seed and the request's target, never of the order of arrival.

import { createHash } from 'node:crypto';

export interface ChaosOptions {
  /** Chooses the faults. Integer ≥ 0. */
  seed: number;
  /** Share of the requests that meet a fault, from 0 to 1. */
  rate: number;
}

/** The faults of each injection point, all equally likely there. */
export const FAULTS = {
  /**
   * The orchestrator invokes a worker: its sandbox is killed in the middle, the work is done but its answer is lost, it is
   * rejected with 429, it is delivered twice, or its sandbox stands still for a while.
   */
  invoke: ['workerKill', 'lostResponse', 'throttle', 'doubledDelivery', 'slowTask'],
  /** The orchestrator itself is called, at its start or to resume. */
  resume: ['orchestratorKill'],
  /** A durable execution is started, checkpointed or read: the connection breaks before or after that was done. */
  call: ['droppedCall', 'lostCall'],
  /** S3: 503, a connection that breaks before anything was done, or in the middle of the bytes that are read. */
  read: ['slowDown', 'droppedConnection', 'tornDownload'],
  /** The same, or it breaks in the middle of the bytes that are sent, or after they were stored. */
  write: ['slowDown', 'droppedConnection', 'tornUpload', 'lostWrite'],
  /** Other requests to S3: lists and removals. */
  other: ['slowDown', 'droppedConnection'],
} as const;

export type InjectionPoint = keyof typeof FAULTS;
/** The emulator of a command stops and starts again: `restart`, once. */
export type FaultKind = (typeof FAULTS)[InjectionPoint][number] | 'restart';

/** A fault, and a number from 0 to 1 (exclusive): when or where in the request it strikes. */
export interface Fault<Kind extends FaultKind = FaultKind> {
  kind: Kind;
  fraction: number;
}

/**
 * Maximum faults of one request over all its attempts, so that retries succeed: tasks have 3 attempts, clients of S3 and
 * Lambda 3 to 5.
 */
export const MAX_FAULTS = 2;

/**
 * Draw the fault of a request, independent of the faults that it met before.
 *
 * @param identity the request's target, the same in every run of the same job
 * @param n how often it was requested, this time included, ≥ 1
 */
export function drawFault<P extends InjectionPoint>(
  { seed, rate }: ChaosOptions,
  point: P,
  identity: string,
  n: number,
): Fault<(typeof FAULTS)[P][number]> | undefined {
  const [chance, which, fraction] = draw(seed, point, identity, String(n));
  if (chance >= rate) return undefined;
  const kinds: readonly (typeof FAULTS)[P][number][] = FAULTS[point];
  return { kind: kinds[Math.floor(which * kinds.length)], fraction };
}

/** Draw the moment at which a run's emulator is restarted: an index below `count`. */
export function drawRestart({ seed }: ChaosOptions, count: number): number {
  return Math.floor(draw(seed, 'restart')[0] * count);
}

/** Independent numbers from 0 to 1, exclusive. */
function draw(seed: number, ...words: string[]): number[] {
  const hash = createHash('sha256')
    .update([seed, ...words].join('\n'))
    .digest();
  return [0, 4, 8].map((at) => hash.readUInt32LE(at) / 2 ** 32);
}
