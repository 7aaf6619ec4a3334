// The tasks of a fan-out: a list, or what they can be made from.

import { InputError } from '../base/errors.ts';

/** One unit of work. A task may be invoked more than once: what it does must come out the same each time. */
export interface Task<Payload> {
  /** Unique in the fan-out, e.g. `generate-3`. */
  taskId: string;
  payload: Payload;
}

/** Tasks that are made where they are needed. Of a divided fan-out each execution makes its own, and none is sent any. */
export interface TaskSource<Payload> {
  /** From 0 up. */
  numTasks: number;
  /** Tells `tasksOf` which tasks these are: some keys and numbers, as JSON. */
  source: unknown;
  /** Never set: holds the type. */
  readonly types?: Payload;
}

export type Tasks<Payload> = readonly Task<Payload>[] | TaskSource<Payload>;

/**
 * Makes tasks [start, end) of a source, in their order. It is asked again at each replay, in any execution, and must give the
 * same each time: from the source alone, or from objects that are never replaced.
 */
export type TasksOf = (
  source: unknown,
  start: number,
  end: number,
) => readonly Task<unknown>[] | Promise<readonly Task<unknown>[]>;

export function isSource<Payload>(tasks: Tasks<Payload>): tasks is TaskSource<Payload> {
  return !Array.isArray(tasks);
}

export function numTasksOf(tasks: Tasks<unknown>): number {
  return isSource(tasks) ? tasks.numTasks : tasks.length;
}

/**
 * Make some tasks of a source.
 *
 * @param name of the fan-out, for messages
 * @throws {InputError} when the engine cannot make any, or others than were asked for came
 */
export async function makeTasks<Payload>(
  tasksOf: TasksOf | undefined,
  name: string,
  source: unknown,
  start: number,
  end: number,
): Promise<readonly Task<Payload>[]> {
  if (!tasksOf)
    throw new InputError(`fan-out ${name} has a source of tasks, but its handler no tasksOf to make them with`);
  const tasks = await tasksOf(source, start, end);
  if (tasks.length !== end - start)
    throw new InputError(`fan-out ${name}: tasks ${start} to ${end} were asked for, ${tasks.length} came`);
  return tasks as readonly Task<Payload>[];
}
