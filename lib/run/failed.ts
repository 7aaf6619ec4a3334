// `failed.json`: the tasks that an execution could not finish, each with its input, all errors and the end of its log.

import type { Gathered } from '../fanout/shards.ts';
import type { FailedTask } from '../fanout/summary.ts';
import type { StageName } from '../plan/stage-sizes.ts';
import { replaceJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** A task that a run could not finish. */
export interface FailedRunTask extends FailedTask {
  /** Key of its input: an object, or a folder. */
  inputKey: string | null;
  /** The event that its worker received. */
  payload: unknown;
}

export interface FailedTasks {
  runId: string;
  /** ARN of the execution that failed. */
  execution: string;
  stage: StageName;
  /** Why the stage ended. */
  reason: Gathered<unknown>['reason'];
  /** Tasks of the fan-out, and how many of them are done. */
  numTasks: number;
  numDone: number;
  /** Number of failed tasks; `tasks` may list fewer of them. */
  numFailed: number;
  tasks: FailedRunTask[];
}

/** Write the file; it replaces that of an earlier execution of the run. */
export function recordFailedTasks(
  store: Store,
  {
    runId,
    execution,
    stage,
    tasks,
    gathered,
  }: {
    runId: string;
    execution: string;
    stage: StageName;
    tasks: readonly { taskId: string; inputKey: string; payload: unknown }[];
    gathered: Gathered<unknown>;
  },
): Promise<void> {
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const { failed, counts, reason } = gathered;
  const file: FailedTasks = {
    runId,
    execution,
    stage,
    reason,
    numTasks: tasks.length,
    numDone: tasks.length - counts.tasks + counts.done,
    numFailed: counts.failed,
    tasks: failed.map((task) => {
      const { inputKey = null, payload = null } = byId.get(task.taskId) ?? {};
      return { ...task, inputKey, payload };
    }),
  };
  return replaceJson(store, runKeys(runId).failed, file);
}

/** A run ended without a model. Finished work is kept: starting it again with its id resumes it. */
export class RunFailedError extends Error {
  override name = 'RunFailedError';
  readonly runId: string;
  /** Tasks that failed for good, with their inputs and all errors; empty when the run failed for another reason. */
  readonly tasks: readonly FailedRunTask[];

  constructor(runId: string, why: string, tasks: readonly FailedRunTask[]) {
    super(`run ${runId} failed: ${why}`);
    this.runId = runId;
    this.tasks = tasks;
  }
}
// minifying renames classes
Object.defineProperty(RunFailedError, 'name', { value: 'RunFailedError' });
