// The orchestrator as its callers see it: start, poll and stop an execution.

/** State of an execution of the orchestrator. */
export interface ExecutionState {
  state: 'running' | 'succeeded' | 'failed';
  /** Why it failed, in words. */
  message?: string;
}

/** The orchestrator, as its callers see it. */
export interface Orchestrator {
  /** Start an execution, or find the one with this name. @returns its ARN */
  start(name: string, input: { runId: string } | { predictionId: string }): Promise<string>;
  state(execution: string): Promise<ExecutionState>;
  /** Stop an execution; no error if it has ended. */
  stop(execution: string): Promise<void>;
}
