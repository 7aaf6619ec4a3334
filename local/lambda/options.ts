// What the local Lambda service is started with, and the events that it reports.

import type { Authorize } from '../iam/authorizer.ts';
import type { DuplicateOptions } from './duplicates.ts';
import type { LambdaFaults } from './faults.ts';

/** A function as the service runs it: a folder with a bundle, and its limits. */
export interface LocalFunction {
  name: string;
  /** Folder that holds the bundle; the working directory of its sandboxes. */
  codeDir: string;
  /** File and export, such as `index.handler` for `handler` in `index.mjs`, `index.js` or `index.cjs`. */
  handler: string;
  memoryMiB: number;
  timeoutMs: number;
  /** Maximum size of a sandbox's TMPDIR, from 512 to 10,240. @default 512 */
  ephemeralStorageMiB?: number;
  environment: Record<string, string>;
  /** Role of its sandboxes, which their access key names; see `authorize`. @default none: the owner of the account */
  role?: { arn: string; accessKeyId: string };
  /** Whether it is a durable function, which suspends and resumes. */
  durable: boolean;
  /** Names for version 1, such as `live`. */
  aliases: string[];
  /** Reserved concurrency, which is also the function's limit. @default shares the unreserved concurrency */
  reservedConcurrency?: number;
  /** Retries of a failed asynchronous invocation, from 0 to 2. @default 2 */
  maxRetries?: number;
  /** Age at which an asynchronous invocation is dropped, on AWS's clock, from a minute to 6 hours. @default 6 hours */
  maxEventAgeMs?: number;
  /** Destination of dropped asynchronous invocations: the ARN of a function or of an SQS queue. @default none */
  onFailure?: string;
  /** Timeout of a whole durable execution, suspended time included. @default one day */
  executionTimeoutMs?: number;
}

export interface LambdaServiceOptions {
  functions: LocalFunction[];
  /** Journal, process list and sandbox folders; one service at a time. Created when missing. */
  dataDir: string;
  /** @default 0, any free port */
  port?: number;
  /** Added to the environment of every sandbox. */
  environment?: Record<string, string>;
  /** @default 'us-east-1' */
  region?: string;
  /** @default '000000000000' */
  accountId?: string;
  /** Maximum concurrent invocations over all functions. @default 10, the limit of a new AWS account */
  maxConcurrency?: number;
  /** Processes kept while idle, over all functions; invocations in flight may exceed it. @default maxConcurrency */
  maxSandboxes?: number;
  /** New sandboxes that each function may get in 10 s, ≥ 1; AWS gives 1,000. @default no limit */
  sandboxesPer10s?: number;
  /** Asynchronous and chained invocations to deliver twice. @default none */
  duplicates?: DuplicateOptions;
  /** Faults to inject. @default none */
  faults?: LambdaFaults;
  /** Which unfinished durable executions of the journal to resume at once. @default all */
  resumes?: (executionName: string) => boolean;
  /** The loop that sandboxes run. @default runtime.mjs next to this file */
  runtimePath?: string;
  /** Called before each request, and for each function that a durable one invokes. @default everything is allowed */
  authorize?: Authorize;
  onEvent?: (event: LambdaEvent) => void;
  /** Called once, when the journal can no longer be written: close the service then. @default nothing */
  onBroken?: (error: Error) => void;
  /** @internal */
  testHooks?: LambdaTestHooks;
}

/**
 * Times that tests shorten.
 *
 * @internal
 */
export interface LambdaTestHooks {
  /** Factor on AWS's times for asynchronous invocations: 1 and 2 minutes between tries, 6 hours of age. @default 1/60 */
  asyncDelayScale?: number;
  /** First pause after a durable function crashed; it doubles up to 50 times that. @default 100 */
  crashDelayMs?: number;
}

export interface LambdaService {
  /** Base address, for AWS_ENDPOINT_URL_LAMBDA. */
  url: string;
  port: number;
  functionArn(name: string, qualifier?: string): string;
  /** Kill every sandbox and stop listening; durable executions stay in the journal and resume at the next start. */
  close(): Promise<void>;
}

export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded';
/**
 * `reaped`: ended to make room for another function; `closed`: ended with the service; `killed`: an injected fault;
 * `crashed`: any other end.
 */
export type SandboxExitReason =
  | 'crashed'
  | 'killed'
  | 'timedOut'
  | 'outOfMemory'
  | 'outOfStorage'
  | 'reaped'
  | 'closed';
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

interface SandboxFields {
  sandboxId: string;
  functionName: string;
  pid: number;
}

interface InvokeFields extends SandboxFields {
  requestId: string;
  coldStart: boolean;
}

interface ExecutionFields {
  executionArn: string;
  executionName: string;
  functionName: string;
}

/** Events for a dashboard and for tests. */
export type LambdaEvent = { atMs: number } & (
  | ({ type: 'sandboxStarted' } & SandboxFields)
  | ({ type: 'sandboxReady'; initMs: number } & SandboxFields)
  | ({ type: 'sandboxExited'; reason: SandboxExitReason } & SandboxFields)
  | ({ type: 'log'; text: string } & SandboxFields)
  /** `input` is omitted when it is longer than 300 bytes. */
  | ({ type: 'invokeStarted'; input?: string } & InvokeFields)
  | ({
      type: 'invokeFinished';
      /** Only of a cold start. */
      initMs?: number;
      durationMs: number;
      billedMs: number;
      maxMemoryMiB: number;
      error?: { type: string; message: string };
    } & InvokeFields)
  | { type: 'throttled'; functionName: string; reason: ThrottleReason }
  /** An asynchronous invocation was dropped. `destination` is omitted when its record, of over 1 MiB, was not sent. */
  | { type: 'eventDropped'; functionName: string; requestId: string; condition: DropCondition; destination?: string }
  | ({ type: 'executionStarted' } & ExecutionFields)
  | ({ type: 'executionFinished'; status: ExecutionStatus } & ExecutionFields)
);

type WithoutTime<T> = T extends unknown ? Omit<T, 'atMs'> : never;
/** Reports an event; the time is added. */
export type Emit = (event: WithoutTime<LambdaEvent>) => void;
export type DropCondition = 'RetriesExhausted' | 'EventAgeExceeded';
