// The simulated world as executions and attempts see it: the clock, AWS's limits, the functions, and the counts.

import type { Clock } from './clock.ts';
import type { Lambda } from './lambda.ts';
import type { Peak, Queue } from './rates.ts';
import type { S3Requests } from './s3.ts';
import type { Aws, Work } from './scenario.ts';

/** How an invocation ended, without its times. */
export type Ending = { ok: true; result: unknown } | { ok: false; error: { name: string; message: string } };

/** An invocation that is yet to be accepted. */
export interface Invocation {
  /** Bytes of its payload. */
  bytes: number;
  start(onEnded: (ending: Ending, bytes: number) => void): void;
  /** Record that the caller knows that it succeeded. */
  told(): void;
}

export interface World {
  readonly clock: Clock;
  readonly aws: Aws;
  readonly work: Work;
  readonly lambda: Lambda;
  readonly executions: Queue;
  readonly checkpoints: Queue;
  readonly states: Queue;
  readonly checkpointPeak: Peak;
  readonly reads: S3Requests;
  readonly writes: S3Requests;
  readonly counts: {
    executions: number;
    resumes: number;
    orchestratorMs: number;
    operations: number;
    maxOperations: number;
    maxBytes: number;
  };
  prepare(functionName: string, payload: unknown, attempt: number): Invocation;
  /** An attempt has written its task's objects, or found them there. */
  written(task: number): void;
  /** An invocation took this many milliseconds. */
  ran(functionName: string, ms: number): void;
}
