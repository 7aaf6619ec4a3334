// When and where a task was done, for the timeline of the report.

import type { Usage } from '../plan/cost.ts';
import type { StageName } from '../plan/stage-sizes.ts';

/** What a worker tells of its invocation besides what it used. */
export interface TaskTiming {
  /** Name of the sandbox. */
  sandbox: string;
  /** Whether it was the sandbox's first invocation. */
  isColdStart: boolean;
  /** Milliseconds since 1970, on the sandbox's clock. */
  startedAtMs: number;
  finishedAtMs: number;
}

/** A task of the report's timeline: the attempt that succeeded. */
export interface TaskSpan extends TaskTiming {
  taskId: string;
}

export interface StageStatus {
  name: StageName;
  state: 'running' | 'done';
  numTasks: number;
  /** Tasks whose result is in the store. */
  numDone: number;
  startedAtMs: number;
  finishedAtMs?: number;
}

/** A task of a stage. */
export interface StageTask {
  taskId: string;
  payload: unknown;
  /** Where what it works on lies: an object, or a folder. */
  inputKey: string;
  /** Created last by the task: when the object is there, the task is finished. */
  resultKey: string;
}

/** What a worker answers. */
export type WorkerAnswer = Usage & { busyMs: number; span?: TaskTiming };
