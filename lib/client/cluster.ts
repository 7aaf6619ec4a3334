// The connection of a client to a cluster: the emulator on this machine, or a stack on AWS.

import type { Target } from '../aws/target.ts';
import { CancelledError, InputError } from '../base/errors.ts';

/** What a client needs from a cluster. */
export interface Connection {
  target: Target;
  /** Maximum number of concurrent worker invocations; undefined if the cluster sets none. */
  workers?: number;
  /** Time between two polls of a run. */
  pollMs: number;
  /** Translate a path or location to locations in S3; a local cluster copies local files there. */
  locate(location: string): Promise<string[]>;
  /** Aborted, with an error as the reason, when the cluster closes. */
  signal: AbortSignal;
}

/** A cluster for a `Client`: a `LocalCluster`. For a stack on AWS use `Client.connect`. */
export interface Cluster {
  /** @internal */
  readonly connection: Connection;
}

/** @throws {InputError} on a local path: functions on AWS cannot read it */
export async function locateInS3(location: string): Promise<string[]> {
  if (location.startsWith('s3://')) return [location];
  throw new InputError(
    `${location}: on AWS data must be in S3; copy it there with: aws s3 cp ${location} s3://BUCKET/data/, into the stack's bucket`,
  );
}

/** @throws {CancelledError} when the signal is aborted; the signal's reason itself if it is a CancelledError, or else as the cause */
export function throwIfAborted(signal: AbortSignal, what: string): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof CancelledError) throw signal.reason;
  throw new CancelledError(`${what} was cancelled`, { cause: signal.reason });
}

/** Hide a property in a REPL and in console.log. */
export function hide<T extends object>(owner: T, name: keyof T & string): void {
  Object.defineProperty(owner, name, { enumerable: false });
}
