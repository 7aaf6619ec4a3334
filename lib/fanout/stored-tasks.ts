// Fans out tasks whose results are objects in a store, without repeating finished ones.

import { TaskFailedError } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { fanOut, type WorkerFunction } from './fan-out.ts';
import { type FanOutOptions, MAX_TASKS } from './options.ts';
import type { Gathered } from './shards.ts';

export interface StoredTask {
  taskId: string;
  payload: unknown;
  /** Created last by the task: when the object exists, the task is finished. */
  resultKey: string;
}

/**
 * Run the tasks that are not finished.
 *
 * @param name prefix of the names of its durable operations
 * @param finished keys of results that are in the store
 * @param options `maxTasksPerExecution` also decides whether results are returned one by one or as sums
 * @returns the tasks that were run, and their outcome in the same order
 */
export async function fanOutUnfinished<Task extends StoredTask, Answer>(
  engine: Engine,
  name: string,
  {
    tasks,
    finished,
    worker,
  }: { tasks: readonly Task[]; finished: ReadonlySet<string>; worker: WorkerFunction<unknown, Answer> },
  options: FanOutOptions,
): Promise<{ pending: Task[]; gathered: Gathered<Answer> }> {
  const pending = tasks.filter(({ resultKey }) => !finished.has(resultKey));
  const { maxTasksPerExecution = MAX_TASKS } = options;
  const gathered = await fanOut<unknown, Answer>(
    engine,
    name,
    pending.map(({ taskId, payload }) => ({ taskId, payload })),
    // the results of a sharded fan-out would be too large for one execution
    { ...options, worker, maxTasksPerExecution, results: pending.length > maxTasksPerExecution ? 'sum' : 'all' },
  );
  return { pending, gathered };
}

/**
 * The error of a fan-out that did not finish all tasks.
 *
 * @param where name of the fan-out, for a message without a task
 * @param seeAlso key of the list of all failures
 */
export function unfinishedError(
  { reason, failed, counts }: Pick<Gathered<unknown>, 'reason' | 'failed' | 'counts'>,
  where: string,
  seeAlso?: string,
): Error {
  const see = seeAlso === undefined ? '' : `; see ${seeAlso}`;
  const [first] = failed;
  if (!first) return new Error(`${where} ended as ${reason}, although no task has failed${see}`);
  const gaveUp = reason === 'breakerOpen' ? ', too many attempts failed' : '';
  const more = counts.failed > 1 ? `; ${counts.failed - 1} more failed` : '';
  return new TaskFailedError(first.taskId, first.attempts, first.error, `${gaveUp}${more}${see}`);
}

/** The error of a step or task: the durable SDK wraps the error of a step in one with an `errorType`. */
export function findCause(error: unknown): { name: string; message: string } {
  const isWrapped = error instanceof Error && 'errorType' in error && error.cause instanceof Error;
  const cause = isWrapped ? error.cause : error;
  return cause instanceof Error
    ? { name: cause.name, message: cause.message }
    : { name: 'Error', message: String(cause) };
}
