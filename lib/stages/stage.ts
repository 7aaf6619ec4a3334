// When and where a task was done, for the timeline of the report.

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
