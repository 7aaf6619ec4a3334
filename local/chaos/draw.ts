// Which request meets which fault: a function of the seed and of what is asked for, never of the order of arrival.

import { createHash } from 'node:crypto';

export interface ChaosOptions {
  /** Picks the faults. Whole number from 0. */
  seed: number;
  /** Share of the requests that meet one, from 0 to 1. */
  rate: number;
}

/** What can go wrong at each place. Where it does, each of these is as likely as the others. */
export const FAULTS = {
  /**
   * The orchestrator invokes a worker: its sandbox is killed in the middle, the work is done but its answer is lost, it is
   * refused with 429, it is delivered twice, or its sandbox stands still for a while.
   */
  invoke: ['workerKill', 'lostResponse', 'throttle', 'doubledDelivery', 'slowTask'],
  /** The orchestrator itself is called, at its start or to go on. */
  resume: ['orchestratorKill'],
  /** A durable execution is started, checkpointed or looked at: the connection breaks before or after that was done. */
  call: ['droppedCall', 'lostCall'],
  /** S3: 503, a connection that breaks before anything was done, or in the middle of the bytes that are read. */
  read: ['slowDown', 'droppedConnection', 'tornDownload'],
  /** The same, or it breaks in the middle of the bytes that are sent, or after they were stored. */
  write: ['slowDown', 'droppedConnection', 'tornUpload', 'lostWrite'],
  /** What else is asked of S3: lists and removals. */
  other: ['slowDown', 'droppedConnection'],
} as const;

export type InjectionPoint = keyof typeof FAULTS;
/** The emulator of a command stops and starts again: `restart`, once. */
export type FaultKind = (typeof FAULTS)[InjectionPoint][number] | 'restart';

/** A fault, and a number from 0 to 1 (exclusive) that says when or where in the request. */
export interface Fault<Kind extends FaultKind = FaultKind> {
  kind: Kind;
  fraction: number;
}

/**
 * Most faults that one request meets over all the times that it is made, so that trying again helps: tasks have 3
 * attempts, clients of S3 and Lambda 3 to 5.
 */
export const MOST_FAULTS = 2;

/**
 * The fault that a request draws, whatever it has met before.
 *
 * @param identity what is asked for, the same in every run of the same job
 * @param n how often it has been asked for, this time included, from 1 up
 */
export function drawFault<P extends InjectionPoint>(
  { seed, rate }: ChaosOptions,
  place: P,
  identity: string,
  n: number,
): Fault<(typeof FAULTS)[P][number]> | undefined {
  const [chance, which, fraction] = draw(seed, place, identity, String(n));
  if (chance >= rate) return undefined;
  const kinds: readonly (typeof FAULTS)[P][number][] = FAULTS[place];
  return { kind: kinds[Math.floor(which * kinds.length)], fraction: fraction };
}

/** At which of `count` moments of a run its emulator is restarted: an index. */
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
