// What a simulated fan-out is and what AWS is taken to be: every number of the simulator, with its source.

import type { FanOutOptions, Task } from '../../lib/fanout/index.ts';
import {
  MAX_CHECKPOINT_BYTES,
  MAX_EXECUTION_BYTES,
  MAX_OPERATIONS,
  MAX_UPDATES_PER_CHECKPOINT,
} from '../../local/lambda/limits.ts';

/** Figures are AWS's documentation of November 2026 where they say *quota*, and ours where they say *measured*. */
export interface Aws {
  /** Invocations of all functions at once. Quota: 1,000 a region, raised on request. */
  concurrency: number;
  /** New sandboxes of one function in 10 s, refilled continuously. Quota: 1,000. */
  sandboxesPer10s: number;
  /** Whether an invocation beyond these waits for its turn, or fails as throttled. Not documented for chained ones. */
  whenThrottled: 'wait' | 'fail';
  /** Durable executions that start in a second. Quota: 300. */
  executionsPerSecond: number;
  /** CheckpointDurableExecution in a second. Quota: 10,000; 20,000 in the three largest regions. */
  checkpointsPerSecond: number;
  /** Quota: 3,000. */
  operationsPerExecution: number;
  /** Bytes that an execution writes: what it sends to functions and what they answer. Quota: 100 MB. */
  bytesPerExecution: number;
  /** Quota: 250, and 750 KB. */
  updatesPerCheckpoint: number;
  bytesPerCheckpoint: number;
  /** Requests in a second to one prefix; beyond, 503 SlowDown. Quota: 3,500 and 5,500. */
  s3WritesPerSecond: number;
  s3ReadsPerSecond: number;
  /** Prefixes over which S3 has spread the keys of the fan-out. Assumed: one, as S3 splits them only in time. */
  s3Prefixes: number;

  /** Milliseconds to replay a state, by its operations. Measured on 2 shared cores: points of a polyline. */
  replayMs: readonly (readonly [operations: number, ms: number])[];
  /** Milliseconds of a checkpoint request. Assumed, as for S3. */
  checkpointMs: number;
  /** Milliseconds from an accepted invocation, or a thing to resume for, to the handler in a warm sandbox. Assumed. */
  invokeMs: number;
  /** Milliseconds that a new sandbox takes. Assumed: Node and a bundle of 0.4 MB. */
  workerColdMs: number;
  orchestratorColdMs: number;
  /** Milliseconds of an S3 request. As in lib/needs.ts. */
  s3Ms: number;
}

export const AWS: Aws = {
  concurrency: 1000,
  sandboxesPer10s: 1000,
  whenThrottled: 'wait',
  executionsPerSecond: 300,
  checkpointsPerSecond: 10_000,
  operationsPerExecution: MAX_OPERATIONS,
  bytesPerExecution: MAX_EXECUTION_BYTES,
  updatesPerCheckpoint: MAX_UPDATES_PER_CHECKPOINT,
  bytesPerCheckpoint: MAX_CHECKPOINT_BYTES,
  s3WritesPerSecond: 3500,
  s3ReadsPerSecond: 5500,
  s3Prefixes: 1,
  replayMs: [
    [0, 5],
    [1000, 109],
    [2900, 260],
    [10_000, 2200],
    [25_000, 17_000],
  ],
  checkpointMs: 20,
  invokeMs: 20,
  workerColdMs: 400,
  orchestratorColdMs: 600,
  s3Ms: 20,
};

/** What the tasks are like. All but the number is assumed: change it to your own. */
export interface Work {
  numTasks: number;
  /** Middle of the lognormal time of a task's work, in ms, and the sigma of its logarithm. */
  taskMs: number;
  sigma: number;
  /** Share of attempts that take `slowFactor` times as long: a slow machine, whose next attempt is not slow. */
  slowShare: number;
  slowFactor: number;
  /** Shares of attempts that crash half way, that hang until the function's time is over; of tasks too large for the first size. */
  crashShare: number;
  timeoutShare: number;
  memoryShare: number;
  /** The function's time limit in ms. */
  timeoutMs: number;
  /** Memory of the function's sizes, and of the orchestrator. Source: cdk/engine.ts. */
  workerMiB: readonly number[];
  orchestratorMiB: number;
  /** S3 requests of an attempt, before its work and after it. As those of `split`, without its partitions. */
  s3Reads: number;
  s3Writes: number;
  /** Bytes of a task's payload as JSON. */
  payloadBytes: number;
}

export const WORK: Work = {
  numTasks: 1000,
  taskMs: 2000,
  sigma: 0.3,
  slowShare: 0.005,
  slowFactor: 10,
  crashShare: 0.001,
  timeoutShare: 0.0001,
  memoryShare: 0,
  timeoutMs: 60_000,
  workerMiB: [1769, 3538],
  orchestratorMiB: 1024,
  s3Reads: 2,
  s3Writes: 2,
  payloadBytes: 200,
};

export interface Scenario {
  aws: Aws;
  work: Work;
  options: FanOutOptions;
  seed: number;
  /** Whether slices are sent their tasks, as those of a list are, instead of their range of a source. */
  sendsTasks?: boolean;
  /** What an attempt's work is, instead of drawing it. */
  attemptOf?: (task: number, attempt: number, sizeIndex: number) => AttemptWork;
}

/** What an attempt does: takes so long, and fails or not. */
export interface AttemptWork {
  ms: number;
  error?: { name: string; message: string };
}

/** Tasks [start, end). A text gives their payloads their bytes: one for all takes less memory here. */
export function makeTasks({ payloadBytes }: Work, start: number, end: number): Task<{ i: number; p: string }>[] {
  return Array.from({ length: end - start }, (_, k) => {
    const i = start + k;
    const bytes = Math.max(0, payloadBytes - 15 - String(i).length);
    const p = pads.get(bytes) ?? 'x'.repeat(bytes);
    pads.set(bytes, p);
    return { taskId: `task-${i}`, payload: { i, p } };
  });
}

const pads = new Map<number, string>();
