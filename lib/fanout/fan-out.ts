// Fan a stage's tasks out: skip what is finished, invoke the rest, try the failed ones again in rounds.

import { isRetryable, TaskFailedError } from '../errors.ts';
import type { Engine, Outcome } from './engine.ts';

/** One unit of work. Its payload determines its output key, so that any attempt writes the same bytes there. */
export interface Task<Payload> {
  /** Unique in the run, e.g. `generate-3`. */
  taskId: string;
  payload: Payload;
  /** Created last by the task: when the object is there, the task is finished. */
  resultKey: string;
}

export interface FanOutOptions {
  /** Most invocations in flight at once, from 1 up. */
  maxInFlight: number;
  /** Attempts per task, the first included. @default 3 */
  maxAttempts?: number;
}

/** What happened, for the report. */
export interface FanOutCounts {
  /** tasks of the stage */
  tasks: number;
  /** tasks that an earlier execution of the run had finished */
  reused: number;
  /** invocations */
  attempts: number;
  /** invocations after the first of a task */
  retried: number;
  throttled: number;
  timedOut: number;
}

export interface FanOutResult<Result> {
  /** Results of the tasks that were invoked, in task order; finished ones are read from the store by who needs them. */
  results: Result[];
  counts: FanOutCounts;
}

/** Tasks of one durable execution: its state is replayed at every resume, 0.1 s for 1,000 and growing faster. */
export const MAX_TASKS = 1000;

/**
 * Invoke a function for each task that is not finished.
 *
 * @param finished the result keys that are in the store, listed by the caller inside a step
 * @throws {TaskFailedError} for the first task, in task order, that cannot be finished: wrong input at once, everything
 *   else after `maxAttempts`
 */
export async function fanOut<Payload, Result>(
  engine: Engine,
  stage: string,
  functionName: string,
  tasks: readonly Task<Payload>[],
  finished: ReadonlySet<string>,
  { maxInFlight, maxAttempts = 3 }: FanOutOptions,
): Promise<FanOutResult<Result>> {
  let pending = tasks.filter((task) => !finished.has(task.resultKey));
  const results = new Map<string, Result>();
  const counts = {
    tasks: tasks.length,
    reused: tasks.length - pending.length,
    attempts: 0,
    retried: 0,
    throttled: 0,
    timedOut: 0,
  };

  for (let attempt = 1; pending.length > 0; attempt++) {
    if (attempt > 1) await engine.wait(`${stage}-wait-${attempt}`, attempt - 1);
    const outcomes: Outcome<Result>[] = await engine.invokeAll(
      attempt === 1 ? stage : `${stage}-attempt-${attempt}`,
      functionName,
      pending.map((task) => task.payload),
      maxInFlight,
    );
    counts.attempts += pending.length;
    if (attempt > 1) counts.retried += pending.length;

    const failed: Task<Payload>[] = [];
    for (const [i, task] of pending.entries()) {
      const outcome = outcomes[i]!;
      if (outcome.ok) {
        results.set(task.taskId, outcome.result);
        continue;
      }
      if (outcome.error.name === 'ThrottledError') counts.throttled++;
      if (outcome.error.name === 'TimeoutError') counts.timedOut++;
      if (attempt === maxAttempts || !isRetryable(outcome.error.name)) {
        throw new TaskFailedError(task.taskId, attempt, outcome.error);
      }
      failed.push(task);
    }
    pending = failed;
  }
  return { results: tasks.flatMap((task) => (results.has(task.taskId) ? [results.get(task.taskId)!] : [])), counts };
}
