// The tasks of a stage, their status, and when and where they ran.

import type { StoredTask } from '../fanout/stored-tasks.ts';
import type { Usage } from '../plan/cost.ts';
import type { StageName } from '../plan/stage-sizes.ts';

/** When and where an invocation ran, in addition to its usage. */
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
  /** Tasks whose result is stored. */
  numDone: number;
  startedAtMs: number;
  finishedAtMs?: number;
}

/** A task of a stage. */
export interface StageTask extends StoredTask {
  /** Key of the object, or of the folder, that the task works on. */
  inputKey: string;
}

/** The answer of a worker. */
export type WorkerAnswer = Usage & { busyMs: number; span?: TaskTiming };
