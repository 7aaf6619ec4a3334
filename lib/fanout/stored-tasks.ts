// Fan out tasks whose results are objects in a store: those that are finished are not done again.

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
 * Do the tasks that are not finished.
 *
 * @param name of the fan-out, which its durable operations carry
 * @param finished keys of results that are in the store
 * @param options `shardAbove` decides whether results come back one by one, or summed up
 * @returns the tasks that were done, and what came of them, in the same order
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
  const { shardAbove = MAX_TASKS } = options;
  const gathered = await fanOut<unknown, Answer>(
    engine,
    name,
    pending.map(({ taskId, payload }) => ({ taskId, payload })),
    worker,
    // the results of a sharded fan-out would be too large for one execution
    { ...options, shardAbove, results: pending.length > shardAbove ? 'sum' : 'all' },
  );
  return { pending, gathered };
}

/**
 * The error of a fan-out that did not finish all tasks.
 *
 * @param where what the fan-out did, for a message without a task
 * @param seeAlso where all failures are listed
 */
export function unfinishedError(
  { reason, failed, counts }: Pick<Gathered<unknown>, 'reason' | 'failed' | 'counts'>,
  where: string,
  seeAlso?: string,
): Error {
  const see = seeAlso === undefined ? '' : `; see ${seeAlso}`;
  const [first] = failed;
  if (!first) return new Error(`${where} ended as ${reason}, without a task that failed for good${see}`);
  const gaveUp = reason === 'breakerOpen' ? ', too many attempts failed to go on' : '';
  const more = counts.failed > 1 ? `; ${counts.failed - 1} more failed` : '';
  return new TaskFailedError(first.taskId, first.attempts, first.error, `${gaveUp}${more}${see}`);
}

/** The error that a step or task ended with: the durable SDK wraps what a step threw, and marks that with `errorType`. */
export function causeOf(error: unknown): { name: string; message: string } {
  const isWrapped = error instanceof Error && 'errorType' in error && error.cause instanceof Error;
  const cause = isWrapped ? error.cause : error;
  return cause instanceof Error
    ? { name: cause.name, message: cause.message }
    : { name: 'Error', message: String(cause) };
}
