// The orchestrator, as its callers see it: start an execution, poll it, end it.

/** How an execution of the orchestrator is. */
export interface ExecutionState {
  state: 'running' | 'succeeded' | 'failed';
  /** Why it failed, in words. */
  message?: string;
}

/** The orchestrator, as its callers see it. */
export interface Orchestrator {
  /** Start an execution, or find the one of that name; gives its ARN. */
  start(name: string, input: { runId: string } | { predictionId: string }): Promise<string>;
  state(execution: string): Promise<ExecutionState>;
  /** End an execution; no error when it has ended. */
  stop(execution: string): Promise<void>;
}
