// Start, view and cancel a run. The client and the API share this.

import { ConflictError, FormatError, InputError, NotFoundError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import type { Orchestrator } from '../fanout/orchestrator.ts';
import type { PartUsage } from '../plan/cost.ts';
import { parseRunParams, type RunParams } from '../plan/params.ts';
import { checkRunnable } from '../plan/plan-run.ts';
import type { StageName } from '../plan/stage-sizes.ts';
import type { Report } from '../report/report.ts';
import { readScores } from '../report/report.ts';
import type { StageStatus } from '../stages/stage.ts';
import { createJson, findJson, getJson, replaceJson } from '../store/json.ts';
import { checkRunId, executionName, RUNS_PREFIX, runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** `run.json`: the request for a run. Created once. */
export interface RunRequest {
  runId: string;
  params: RunParams;
  createdAt: string;
}

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
/** `status.json`, written by the orchestrator while the run is at work. */
export interface RunStatus {
  runId: string;
  state: RunState;
  /** ARN of the durable execution that wrote this; empty while one is being started. */
  execution: string;
  stages: StageStatus[];
  error?: { name: string; message: string };
  /** Usage of the run so far, earlier executions included; a stage counts when it ends. */
  usage?: PartUsage;
}

/** The answer to `GET /runs/{id}`. */
export interface RunView extends RunRequest {
  state: RunState;
  stages: StageStatus[];
  /** Classification only, when the run is done. */
  accuracy?: number;
  /** Regression only, as `rmse` and `mae`, when the run is done. */
  r2?: number;
  rmse?: number;
  mae?: number;
  model?: Report['model'];
  error?: { name: string; message: string };
}

/** Where a run is stored and executed: on AWS or in the emulator. */
export interface RunBackend {
  store: Store;
  orchestrator: Orchestrator;
}

/** Make a run id: sortable by time, and unlikely to exist. */
export function newRunId(now = new Date(), random = Math.random()): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${Math.floor(random * 16 ** 6)
    .toString(16)
    .padStart(6, '0')}`;
}

/** Derive the run id from a client token: a token that is sent again starts no second run. */
export function runIdOfToken(token: string): string {
  return `t-${sha256(token).slice(0, 24)}`;
}

/**
 * Start a run, or resume one that was interrupted, failed or cancelled: finished tasks are not done again.
 * Nothing happens when the run is running or done.
 *
 * @returns the request, and the ARN of the execution; undefined when the run is done
 *
 * @param given names of the parameters in the request: those of an existing run must be equal, its others stay
 * @throws {InputError} when the run is not feasible
 * @throws {ConflictError} when the run exists with other parameters
 */
export async function startRun(
  { store, orchestrator }: RunBackend,
  runId: string,
  params: RunParams,
  given: readonly string[] = Object.keys(params),
): Promise<{ request: RunRequest; execution?: string }> {
  const keys = runKeys(checkRunId(runId));
  const request = await claimRun(store, runId, params, given);
  if ((await findJson(store, keys.report)) !== undefined) return { request };
  await store.remove(keys.cancel);
  // an execution's name cannot be used again: the n-th start of a run has its own
  for (let n = 1; ; n++) {
    const execution = await orchestrator.start(executionName(runId, n), { runId });
    const { state } = await orchestrator.state(execution);
    // an execution that succeeded without a report belongs to a run that was removed since
    const isGone = state === 'succeeded' && (await findJson(store, keys.report)) === undefined;
    if (state !== 'failed' && !isGone) return { request, execution };
    // the next execution must not inherit the status of the one before
    const usage = (await findJson<RunStatus>(store, keys.status))?.usage;
    const queued: RunStatus = { runId, state: 'queued', execution: '', stages: [], usage };
    await replaceJson(store, keys.status, queued);
  }
}

/**
 * Read the request of a run, and validate it like input: any writer of the bucket may have changed it.
 *
 * @throws {NotFoundError} when the run does not exist
 * @throws {FormatError} when the object is not the request of this run
 */
export async function getRequest(store: Store, runId: string): Promise<RunRequest> {
  const key = runKeys(checkRunId(runId)).run;
  const stored = await getJson<Partial<RunRequest> | null>(store, key);
  if (stored?.runId !== runId || typeof stored.createdAt !== 'string') {
    throw new FormatError(`${key} is not the request of this run; choose another run id`);
  }
  try {
    return { runId, params: parseRunParams(stored.params), createdAt: stored.createdAt };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new FormatError(`${key}: ${cause.message}; choose another run id`, { cause });
  }
}

async function findRequest(store: Store, runId: string): Promise<RunRequest | undefined> {
  try {
    return await getRequest(store, runId);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function claimRun(store: Store, runId: string, params: RunParams, given: readonly string[]): Promise<RunRequest> {
  const keys = runKeys(runId);
  const stored = await findRequest(store, runId);
  if (!stored) {
    checkRunnable(params);
    const request = { runId, params, createdAt: new Date().toISOString() };
    return (await createJson(store, keys.run, request)) ? request : claimRun(store, runId, params, given);
  }
  const show = (value: unknown) => JSON.stringify(value) ?? 'its default';
  for (const name of given as (keyof RunParams)[]) {
    if (show(params[name]) === show(stored.params[name])) continue;
    throw new ConflictError(
      `run ${runId} exists with ${name} ${show(stored.params[name])}, got ${show(params[name])}; ` +
        'omit the parameters to resume the run, or choose another run id',
    );
  }
  return stored;
}

/**
 * Cancel a run: no further task starts. A run that has ended stays as it is.
 *
 * @throws {NotFoundError} when the run does not exist
 */
export async function cancelRun({ store, orchestrator }: RunBackend, runId: string): Promise<RunView> {
  const keys = runKeys(checkRunId(runId));
  const before = await viewRun(store, runId);
  if (before.state === 'succeeded' || before.state === 'failed') return before;
  await createJson(store, keys.cancel, { cancelledAt: new Date().toISOString() });
  const status = await findJson<RunStatus>(store, keys.status);
  if (status?.execution) await orchestrator.stop(status.execution);
  return viewRun(store, runId);
}

/** @throws {NotFoundError} when the run does not exist */
export async function viewRun(store: Store, runId: string): Promise<RunView> {
  const keys = runKeys(checkRunId(runId));
  const [request, status, cancelled] = await Promise.all([
    findRequest(store, runId),
    findJson<RunStatus>(store, keys.status),
    findJson(store, keys.cancel),
  ]);
  if (!request) throw new NotFoundError(`run ${runId} does not exist`);
  const stages = status?.stages ?? [];
  // read after the status, since it is written before: a status `succeeded` means that the report exists
  const report = await findJson<Report>(store, keys.report);
  if (report) {
    // the status may not have been written since
    const done = stages.map((stage) => endStage(stage, report.seconds[stage.name]));
    return { ...request, state: 'succeeded', stages: done, ...readScores(report), model: report.model };
  }
  const state = cancelled ? 'cancelled' : (status?.state ?? 'queued');
  const counted = await Promise.all(
    stages.map(async (stage) =>
      stage.state === 'running' ? { ...stage, numDone: await countDone(store, runId, stage) } : stage,
    ),
  );
  return { ...request, state, stages: counted, ...(status?.error && { error: status.error }) };
}

function endStage(stage: StageStatus, seconds: number): StageStatus {
  const finishedAtMs = stage.finishedAtMs ?? stage.startedAtMs + seconds * 1000;
  return { ...stage, state: 'done', numDone: stage.numTasks, finishedAtMs };
}

/**
 * View a run, and check that its execution is alive: a killed execution leaves the status `running` behind.
 *
 * @throws {NotFoundError} when the run does not exist
 */
export async function checkRun({ store, orchestrator }: RunBackend, runId: string): Promise<RunView> {
  const view = await viewRun(store, runId);
  if (view.state !== 'running') return view;
  const { execution } = await getJson<RunStatus>(store, runKeys(runId).status);
  const { state, message = 'the execution ended without a message' } = await orchestrator.state(execution);
  // the run may have succeeded in the meantime
  const after = state === 'running' ? view : await viewRun(store, runId);
  if (state !== 'failed' || after.state !== 'running') return after;
  return { ...after, state: 'failed', error: { name: 'ExecutionFailed', message } };
}

/** Folders, below the run's own, that hold the result objects of a stage. */
const RESULT_FOLDERS: Record<StageName, string[]> = {
  generate: ['data', 'dataset'],
  split: ['bins', 'split'],
  train: ['trees', 'model', 'folds', 'search'],
  evaluate: ['evaluate'],
};

/** Keys of the results of a stage that are in the store. */
export async function listResults(store: Store, runId: string, stage: StageName): Promise<string[]> {
  const keys = await Promise.all(
    RESULT_FOLDERS[stage].map((folder) => store.list(`${RUNS_PREFIX}${runId}/${folder}/`)),
  );
  return keys.flat().filter((key) => key.endsWith('.json'));
}

/** Count finished tasks; the first task of a run on data may do the work of others. */
async function countDone(store: Store, runId: string, { name, numTasks }: StageStatus): Promise<number> {
  return Math.min(numTasks, (await listResults(store, runId, name)).length);
}

/** List all runs, last id first: ids of `newRunId` begin with the time. */
export async function listRuns(store: Store): Promise<string[]> {
  return (await store.listFolders(RUNS_PREFIX)).reverse();
}

/** @throws {NotFoundError} when the run does not exist or is not done */
export function getReport(store: Store, runId: string): Promise<Report> {
  return getJson<Report>(store, runKeys(checkRunId(runId)).report);
}
