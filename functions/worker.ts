// What all workers share: check the task, find the plan, do the work, tell what it used.

import * as v from 'valibot';
import { cancelLooks } from '../lib/cancel.ts';
import { InputError } from '../lib/errors.ts';
import { getSchema } from '../lib/ingest/results.ts';
import { checkRunId } from '../lib/keys.ts';
import { parseRunParams, type RunParams } from '../lib/params.ts';
import type { WorkerAnswer } from '../lib/pipeline.ts';
import { type Plan, planRun } from '../lib/plan.ts';
import { quote } from '../lib/quote.ts';
import { getRequest } from '../lib/run.ts';
import { s3Store } from '../lib/s3-store.ts';
import { withCandidate } from '../lib/search/plan.ts';
import { SEARCHED } from '../lib/search/spec.ts';
import type { Store } from '../lib/store.ts';
import { startMeter } from './meter.ts';
import { requireEnv } from './require-env.ts';

/** A position in a list: a chunk, a partition, a tree. */
export const index = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));

interface WorkerTask {
  runId: string;
  /** Of a candidate of a search; what else the run's parameters say holds for it too. */
  params?: Record<string, unknown>;
}

/** `params` of a task. */
export const overrides = () => v.optional(v.record(v.picklist(SEARCHED), v.unknown()));

type WorkerStore = ReturnType<typeof s3Store>;

/** The plan of a run; of one on data, once they have been surveyed. */
export async function planOf(store: Store, runId: string, params: RunParams): Promise<Plan> {
  return planRun(params, params.data === undefined ? undefined : (await getSchema(store, runId)).shape);
}

/** Make a handler of a schema and the work, which is given the run's plan. */
export function worker<Task extends WorkerTask>(
  schema: v.GenericSchema<unknown, Task>,
  work: (store: Store, plan: Plan, task: Task, checkCancelled: () => Promise<void>) => Promise<unknown>,
): (event: unknown) => Promise<WorkerAnswer> {
  let known: { of: string; plan: Plan } | undefined;
  return taskHandler(schema, async (store, params, task, checkCancelled) => {
    const { runId } = task;
    const of = JSON.stringify([runId, task.params]);
    if (known?.of !== of) {
      const own = task.params ? parseRunParams(withCandidate(params, task.params)) : params;
      known = { of, plan: await planOf(store, runId, own) };
    }
    return work(store, known.plan, task, checkCancelled);
  });
}

/**
 * Make a handler of a schema and the work, which is given the run's parameters.
 *
 * The answer is what the invocation used, and when; the task's result is in the store. An error's name is put in front of its
 * message, since only the message comes back to the orchestrator.
 */
export function taskHandler<Task extends WorkerTask>(
  schema: v.GenericSchema<unknown, Task>,
  work: (store: WorkerStore, params: RunParams, task: Task, checkCancelled: () => Promise<void>) => Promise<unknown>,
): (event: unknown) => Promise<WorkerAnswer> {
  // built on cold start, reused while the sandbox stays warm
  const store = s3Store(requireEnv('BUCKET'));
  const memoryMiB = Number(requireEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'));
  const measure = startMeter(memoryMiB, store);
  const looks = cancelLooks();
  const sandbox = process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '';
  let isColdStart = true;
  let known: { runId: string; params: RunParams } | undefined;

  return async (event) => {
    const usage = measure();
    const begun = { sandbox, isColdStart, startedAtMs: Date.now() };
    isColdStart = false;
    let task: Task | undefined;
    try {
      task = parseTask(schema, event);
      const { runId } = task;
      if (known?.runId !== runId) {
        const { params } = await getRequest(store, runId);
        known = { runId, params };
      }
      const checkCancelled = () => looks.check(store, runId);
      await checkCancelled();
      await work(store, known.params, task, checkCancelled);
      const used = usage();
      console.log(JSON.stringify({ message: 'task done', ...task, used }));
      const busyMs = Math.round((used.gbSeconds / (memoryMiB / 1024)) * 1000);
      return { ...used, busyMs, span: { ...begun, finishedAtMs: Date.now() } };
    } catch (error) {
      const message = messageOf(error);
      // what Lambda notes of the error says nothing of the task
      console.error(JSON.stringify({ message: 'task failed', ...task, error: message }));
      if (error instanceof Error) error.message = message;
      throw error;
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** @throws {InputError} when the event is no such task */
export function parseTask<Task extends WorkerTask>(schema: v.GenericSchema<unknown, Task>, event: unknown): Task {
  const result = v.safeParse(schema, event);
  if (!result.success) {
    const [issue] = result.issues;
    throw new InputError(`task ${v.getDotPath(issue) ?? ''}: ${issue.message}; got ${quote(event)}`);
  }
  checkRunId(result.output.runId);
  return result.output;
}
