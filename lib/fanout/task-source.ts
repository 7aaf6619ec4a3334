// The tasks of a fan-out: a list, or a source from which they can be made.

import { InputError } from '../base/errors.ts';

/** One unit of work. It may run more than once, and must have the same effect each time. */
export interface Task<Payload> {
  /** Unique in the fan-out, e.g. `generate-3`. */
  taskId: string;
  payload: Payload;
}

/** Tasks that are made where they are needed: each shard of a large fan-out makes its own, and no list is sent. */
export interface TaskSource<Payload> {
  /** An integer ≥ 0. */
  numTasks: number;
  /** Input of `makeTasks`: some keys and numbers, as JSON. */
  source: unknown;
  /** Never set: holds the type. */
  readonly types?: Payload;
}

export type Tasks<Payload> = readonly Task<Payload>[] | TaskSource<Payload>;

/**
 * Makes tasks [start, end) of a source, in order. Called again at each replay, in any execution, it must return the same
 * tasks each time: from the source alone, or from objects that are never replaced.
 */
export type MakeTasks = (
  source: unknown,
  start: number,
  end: number,
) => readonly Task<unknown>[] | Promise<readonly Task<unknown>[]>;

/** Tasks [start, end) of a source. */
export interface SourceRange {
  source: unknown;
  start: number;
  end: number;
}

export function isSource<Payload>(tasks: Tasks<Payload>): tasks is TaskSource<Payload> {
  return !Array.isArray(tasks);
}

export function countTasks(tasks: Tasks<unknown>): number {
  return isSource(tasks) ? tasks.numTasks : tasks.length;
}

/**
 * Make some tasks of a source.
 *
 * @param name of the fan-out, for messages
 * @throws {InputError} when the handler has no `makeTasks`, or it returns a wrong number of tasks
 */
export async function makeSourceTasks<Payload>(
  makeTasks: MakeTasks | undefined,
  name: string,
  { source, start, end }: SourceRange,
): Promise<readonly Task<Payload>[]> {
  if (!makeTasks) {
    throw new InputError(`fan-out ${name} has a source of tasks, so durableHandler needs the option makeTasks`);
  }
  const tasks = await makeTasks(source, start, end);
  if (tasks.length !== end - start) {
    throw new InputError(
      `fan-out ${name}: makeTasks must return ${end - start} tasks for ${start} to ${end}, got ${tasks.length}`,
    );
  }
  return tasks as readonly Task<Payload>[];
}
