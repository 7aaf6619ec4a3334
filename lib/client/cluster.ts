// Where a client works: a cluster of this machine, or a stack on AWS.

import type { Target } from '../aws/target.ts';
import { CancelledError, InputError } from '../base/errors.ts';

/** What a client needs of a cluster. */
export interface Connection {
  target: Target;
  /** Most invocations of workers at once, where the cluster says so. */
  workers?: number;
  /** Pause between two looks at a run. */
  pollMs: number;
  /** Where S3 has what a user calls by a path or location; local files are put there, where that can be done. */
  locate(place: string): Promise<string[]>;
  /** Aborted, with an error that says why, when there is nobody to ask any more. */
  signal: AbortSignal;
}

/** Where a `Client` works: a `LocalCluster`. A stack on AWS is found by `Client.connect`. */
export interface Cluster {
  /** @internal */
  readonly connection: Connection;
}

/** @throws {InputError} on a path of this machine: functions on AWS cannot read it */
export async function locateInS3(place: string): Promise<string[]> {
  if (place.startsWith('s3://')) return [place];
  throw new InputError(
    `${place}: on AWS data must be in S3; copy it there with: aws s3 cp ${place} s3://BUCKET/data/, into the stack's bucket`,
  );
}

/** @throws {CancelledError} when a signal is aborted; its reason is the cause, unless it is such an error itself */
export function throwIfAborted(signal: AbortSignal, what: string): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof CancelledError) throw signal.reason;
  throw new CancelledError(`${what} was called off`, { cause: signal.reason });
}

/** Leave a property out where an object is shown: in a REPL, and by console.log. */
export function hide<T extends object>(owner: T, name: keyof T & string): void {
  Object.defineProperty(owner, name, { enumerable: false });
}
