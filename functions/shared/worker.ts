// What all workers share: check the task, find the plan, do the work, tell what it used.

import * as v from 'valibot';
import { withPartitions } from '../../lib/aws/partition-store.ts';
import { s3Store } from '../../lib/aws/s3-store.ts';
import { InputError } from '../../lib/base/errors.ts';
import { quote } from '../../lib/base/quote.ts';
import { encodeFailure } from '../../lib/fanout/error-class.ts';
import { getSchema } from '../../lib/ingest/results.ts';
import { SEARCHED } from '../../lib/plan/parameters/table.ts';
import { parseRunParams, type RunParams } from '../../lib/plan/params.ts';
import type { Plan } from '../../lib/plan/plan.ts';
import { planRun } from '../../lib/plan/plan-run.ts';
import { withCandidate } from '../../lib/plan/search/plan-search.ts';
import { cancelPolls } from '../../lib/run/cancel.ts';
import { getRequest } from '../../lib/run/run.ts';
import type { WorkerAnswer } from '../../lib/stages/stage.ts';
import { checkRunId } from '../../lib/store/keys.ts';
import type { MeasuredStore, Store } from '../../lib/store/store.ts';
import { startMeter } from './meter.ts';
import { noteLog } from './note-log.ts';
import { requireEnv } from './require-env.ts';
import { taskMetrics } from './task-metrics.ts';

/** A position in a list: a chunk, a partition, a tree. */
export const index = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));

interface WorkerTask {
  runId: string;
  /** Of a candidate of a search; what else the run's parameters say holds for it too. */
  params?: Record<string, unknown>;
}

/** What Lambda calls, with of its context what is used. */
type WorkerHandler = (event: unknown, context?: { getRemainingTimeInMillis(): number }) => Promise<WorkerAnswer>;

/** Left of an invocation's time to tell why it failed. */
const TELLING_MS = 1000;
/** `params` of a task. */
export const overrides = () => v.optional(v.record(v.picklist(SEARCHED), v.unknown()));

type WorkerStore = MeasuredStore;

/** The plan of a run; of one on data, once they have been surveyed. */
export async function readPlan(store: Store, runId: string, params: RunParams): Promise<Plan> {
  return planRun(params, params.data === undefined ? undefined : (await getSchema(store, runId)).shape);
}

/** Make a handler of a schema and the work, which is given the run's plan. */
export function worker<Task extends WorkerTask>(
  schema: v.GenericSchema<unknown, Task>,
  work: (store: Store, plan: Plan, task: Task, checkCancelled: () => Promise<void>) => Promise<unknown>,
): WorkerHandler {
  let known: { of: string; plan: Plan } | undefined;
  return taskHandler(schema, async (store, params, task, checkCancelled) => {
    const { runId } = task;
    const of = JSON.stringify([runId, task.params]);
    if (known?.of !== of) {
      const own = task.params ? parseRunParams(withCandidate(params, task.params)) : params;
      known = { of, plan: await readPlan(store, runId, own) };
    }
    return work(store, known.plan, task, checkCancelled);
  });
}

/**
 * Make a handler of a schema and the work, which is given the run's parameters.
 *
 * The answer is what the invocation used, and when; the task's result is in the store. An error's name is put in front of its
 * message and the end of the log behind it, since only the message comes back to the orchestrator.
 */
export function taskHandler<Task extends WorkerTask>(
  schema: v.GenericSchema<unknown, Task>,
  work: (store: WorkerStore, params: RunParams, task: Task, checkCancelled: () => Promise<void>) => Promise<unknown>,
): WorkerHandler {
  const looks = cancelPolls();
  let known: { runId: string; params: RunParams } | undefined;
  return measuredHandler(
    (event) => parseTask(schema, event),
    async (store, task) => {
      const { runId } = task;
      if (known?.runId !== runId) {
        const { params } = await getRequest(store, runId);
        known = { runId, params };
      }
      const checkCancelled = () => looks.check(store, runId);
      await checkCancelled();
      await work(store, known.params, task, checkCancelled);
    },
  );
}

/** Built on cold start, reused while the sandbox stays warm. */
function openSandbox() {
  // requests that wait for S3 end before the function is ended, which can tell why then
  const time: { signal: AbortSignal | undefined } = { signal: undefined };
  const openBucket = (bucket: string) => s3Store(bucket, {}, () => time.signal);
  const { PARTITIONS_BUCKET } = process.env;
  const main = openBucket(requireEnv('BUCKET'));
  const store = PARTITIONS_BUCKET ? withPartitions(main, openBucket(PARTITIONS_BUCKET)) : main;
  const memoryMiB = Number(requireEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'));
  const name = process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '';
  const measure = startMeter(memoryMiB, store);
  const noteTask = taskMetrics(process.env.METRICS);
  return { store, time, memoryMiB, name, measure, log: noteLog(), noteTask, isColdStart: true };
}

let opened: ReturnType<typeof openSandbox> | undefined;

/**
 * Make a handler that does tasks of any kind.
 *
 * @param parse the task of an event
 */
export function measuredHandler<Task extends object>(
  parse: (event: unknown) => Task,
  work: (store: WorkerStore, task: Task) => Promise<unknown>,
): WorkerHandler {
  opened ??= openSandbox();
  const sandbox = opened;
  const { store, time, memoryMiB, measure, log, noteTask } = sandbox;
  return async (event, context) => {
    const usage = measure();
    log.begin();
    time.signal = context && AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - TELLING_MS));
    const begun = { sandbox: sandbox.name, isColdStart: sandbox.isColdStart, startedAtMs: Date.now() };
    sandbox.isColdStart = false;
    let task: Task | undefined;
    try {
      task = parse(event);
      await work(store, task);
      const used = usage();
      console.log(JSON.stringify({ message: 'task done', ...task, used }));
      const busyMs = Math.round((used.gbSeconds / (memoryMiB / 1024)) * 1000);
      noteTask({ busyMs, gbSeconds: used.gbSeconds });
      return { ...used, busyMs, span: { ...begun, finishedAtMs: Date.now() } };
    } catch (error) {
      const message = describeError(error);
      noteTask();
      // what Lambda notes of the error says nothing of the task
      console.error(JSON.stringify({ message: 'task failed', ...task, error: message }));
      const encoded = encodeFailure(error, `${log.end()}${error instanceof Error ? error.stack : ''}`);
      throw error instanceof Error ? Object.assign(error, { message: encoded }) : new Error(encoded);
    }
  };
}

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** @throws {InputError} when the event is not such a task */
export function parseTask<Task extends WorkerTask>(schema: v.GenericSchema<unknown, Task>, event: unknown): Task {
  const task = parseEvent(schema, event);
  checkRunId(task.runId);
  return task;
}

/** @throws {InputError} when the event is not as the schema says */
export function parseEvent<Event>(schema: v.GenericSchema<unknown, Event>, event: unknown): Event {
  const result = v.safeParse(schema, event);
  if (!result.success) {
    const [issue] = result.issues;
    throw new InputError(`task ${v.getDotPath(issue) ?? ''}: ${issue.message}; got ${quote(event)}`);
  }
  return result.output;
}
