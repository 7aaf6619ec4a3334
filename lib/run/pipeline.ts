// The pipeline: ordinary TypeScript over an engine. Everything non-deterministic is inside `engine.step`.

import { CancelledError, DeadlineError, TaskFailedError } from '../base/errors.ts';
import type { Engine } from '../fanout/engine.ts';
import { fanOut } from '../fanout/fan-out.ts';
import { FAN_OUT_DEFAULTS, MAX_TASKS } from '../fanout/options.ts';
import type { WorkerSize } from '../fanout/run-lanes.ts';
import type { Gathered } from '../fanout/shards.ts';
import { addCounts, NO_COUNTS } from '../fanout/summary.ts';
import { findSchema, getSchema } from '../ingest/results.ts';
import { addUsage, NO_PART_USAGE, NO_USAGE, type PartUsage, type Usage } from '../plan/cost.ts';
import { shardAbove } from '../plan/operations.ts';
import type { RunParams } from '../plan/params.ts';
import type { DataShape, Plan } from '../plan/plan.ts';
import { planRun } from '../plan/plan-run.ts';
import { memorySizeOf, taskResourcesOf } from '../plan/resources.ts';
import type { Overrides } from '../plan/search/candidates.ts';
import { withCandidate } from '../plan/search/plan-search.ts';
import { type StageName, TIMEOUT_SECONDS } from '../plan/stage-sizes.ts';
import { renderReport } from '../report/page.ts';
import { makeReport } from '../report/report.ts';
import { scoreOf } from '../report/score-of.ts';
import { overheadsIn, overheadsOf, type Timeline } from '../report/timeline.ts';
import type { BinsResult, BinsTask } from '../stages/bins.ts';
import type { EvaluateTask } from '../stages/evaluate.ts';
import type { Evaluated } from '../stages/evaluated.ts';
import type { FoldTask } from '../stages/fold.ts';
import type { GenerateTask } from '../stages/generate.ts';
import type { SplitResult, SplitTask } from '../stages/split.ts';
import type { StageStatus, StageTask, TaskSpan, WorkerAnswer } from '../stages/stage.ts';
import type { GrowTask, MergeTask, ModelResult } from '../stages/train.ts';
import { createJson, findJson, getJson, replaceJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import { packKeys, unpackKeys } from '../store/packed-keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';
import { dataStages } from './data-stages.ts';
import { noteFailed } from './failed.ts';
import { getRequest, listResults, type RunStatus } from './run.ts';
import { searchRounds } from './search-rounds.ts';

const encoder = new TextEncoder();

export interface PipelineOptions {
  store: Store;
  /** Each worker function in its sizes, the smallest first. */
  workers: Record<StageName, readonly WorkerSize[]>;
  runId: string;
  /** ARN of the execution, for `status.json`. */
  execution: string;
  /** The sandbox that the orchestrator is in now, and what this execution has used there, for the bill. */
  orchestrator: { sandbox: string; usage(): Usage };
}

/** What an orchestrator answers: the report has the rest. */
export interface PipelineResult {
  runId: string;
  /** Of a run that tells classes apart. */
  accuracy?: number;
  /** Of one that predicts values. */
  r2?: number;
  rmse?: number;
  mae?: number;
  sha256: string;
}

/**
 * Generate, split, train, evaluate, report. Tasks whose result is in the store are not done again, so a run that was
 * interrupted anywhere goes on where it was, and one that is done is done.
 *
 * @throws {TaskFailedError} when a task cannot be finished
 * @throws {CancelledError} when the run was cancelled
 */
export async function runPipeline(engine: Engine, options: PipelineOptions): Promise<PipelineResult> {
  const { store, runId, execution, orchestrator } = options;
  const stages: StageStatus[] = [];
  // a run that nobody asked for gets no status
  const { params, before, sandbox, startedAtMs } = await engine.step('request', async () => ({
    params: (await getRequest(store, runId)).params,
    // what earlier executions of the run used
    before: (await findJson<RunStatus>(store, runKeys(runId).status))?.usage ?? NO_PART_USAGE,
    sandbox: orchestrator.sandbox,
    startedAtMs: Date.now(),
  }));
  const usage: PartUsage = { ...before };
  const measureSelf = () => {
    // what another sandbox used before a crash is not known
    const unmeasured = orchestrator.sandbox === sandbox ? 0 : 1;
    const own = { ...orchestrator.usage(), durableOperations: engine.operations, unmeasured };
    return { ...usage, orchestrator: addUsage(usage.orchestrator, own) };
  };
  const writeStatus = (state: RunStatus['state'], error?: RunStatus['error']) =>
    replaceJson(store, runKeys(runId).status, {
      runId,
      state,
      execution,
      stages,
      error,
      usage: measureSelf(),
    } satisfies RunStatus);
  try {
    return await runStages(engine, options, params, startedAtMs, stages, usage, measureSelf, writeStatus);
  } catch (error) {
    const { name, message } = causeOf(error);
    await engine.step('status-failed', () =>
      writeStatus(name === 'CancelledError' ? 'cancelled' : 'failed', { name, message }),
    );
    throw error;
  }
}

function chunksOf({ numChunks }: Plan): number[] {
  return Array.from({ length: numChunks }, (_, i) => i);
}

/** A task of a worker; of a run with a search those after it have the best candidate's parameters. */
type TaskOf<Task> = Task & { params?: Overrides };

async function runStages(
  engine: Engine,
  { store, workers, runId, execution }: PipelineOptions,
  params: RunParams,
  runStartedAtMs: number,
  stages: StageStatus[],
  usage: PartUsage,
  measureSelf: () => PartUsage,
  writeStatus: (state: RunStatus['state']) => Promise<void>,
): Promise<PipelineResult> {
  const keys = runKeys(runId);
  // of a run on data, when they have been surveyed
  let planned = params.data === undefined ? planRun(params) : undefined;
  let shape: DataShape | undefined;
  let counts = NO_COUNTS;
  const timeline: Timeline = {};
  const spans: TaskSpan[] = [];

  // one stage: a list of fan-outs, one after another; the tasks of some are known when those before are done
  async function runStage(name: StageName, ...fans: (StageTask[] | (() => Promise<StageTask[]>))[]): Promise<void> {
    const numTasks = fans.reduce((sum, fan) => sum + (typeof fan === 'function' ? 0 : fan.length), 0);
    const stage: StageStatus = { name, state: 'running', numTasks, numDone: 0, startedAtMs: 0 };
    stages.push(stage);
    const { startedAtMs, finished } = await engine.step(`${name}-start`, async () => {
      stage.startedAtMs = Date.now();
      // status first: who cancels writes first and reads the status then, so one of the two sees the other
      await writeStatus('running');
      if ((await findJson(store, keys.cancel)) !== undefined) throw new CancelledError(`run ${runId} was cancelled`);
      if (remainingMs(stage.startedAtMs) === 0) throw overdue(name);
      return { startedAtMs: stage.startedAtMs, finished: packKeys(await listResults(store, runId, name)) };
    });
    stage.startedAtMs = startedAtMs;
    let endedAtMs = startedAtMs;
    const isFinished = new Set(unpackKeys(finished));
    const known = usage[name].invocations + usage[name].unmeasured;
    let reused = 0;
    for (const [i, fan] of fans.entries()) {
      const tasks = typeof fan === 'function' ? await fan() : fan;
      if (typeof fan === 'function' && tasks.length > 0) {
        stage.numTasks += tasks.length;
        await engine.step(`${name}-tasks-${i}`, () => writeStatus('running'));
      }
      const mostTasks = planned ? shardAbove(planned) : MAX_TASKS;
      const pending = tasks.filter(({ resultKey }) => !isFinished.has(resultKey));
      reused += tasks.length - pending.length;
      const fanName = i === 0 ? name : `${name}-${i + 1}`;
      const gathered: Gathered<WorkerAnswer> = await fanOut<unknown, WorkerAnswer>(
        engine,
        fanName,
        pending.map(({ taskId, payload }) => ({ taskId, payload })),
        { sizes: workers[name].slice(planned ? memorySizeOf(taskResourcesOf(planned), name) : 0) },
        {
          maxInFlight: params.workers,
          attemptTimeoutMs: TIMEOUT_SECONDS[name] * 1000,
          seed: params.seed,
          // candidates that take long are no stragglers
          stragglerFactor: FAN_OUT_DEFAULTS.stragglerFactor * (name === 'train' ? (planned?.search?.spread ?? 1) : 1),
          // a fan-out that begins when it is over ends at its first look
          deadlineMs: orAtLeast(remainingMs(endedAtMs), 1),
          shardAbove: mostTasks,
          // of a fan-out that is divided, the results would be too much for one execution
          results: pending.length > mostTasks ? 'sum' : 'all',
        },
      );
      counts = addCounts(counts, { ...gathered.counts, tasks: tasks.length, reused: tasks.length - pending.length });
      const { attempts, done } = gathered.counts;
      usage[name] = addUsage(usedBy(gathered), addUsage(usage[name], { unmeasured: attempts - done }));
      usage.orchestrator = addUsage(usage.orchestrator, gathered.own);
      if (pending.length === 0) continue;
      for (const [at, answer] of gathered.results.entries()) {
        // an execution that began with an earlier version has answers without
        if (answer?.span) spans.push({ taskId: pending[at].taskId, ...answer.span });
      }
      endedAtMs = gathered.endedAtMs;
      timeline[fanName] = {
        startedAtMs: gathered.startedAtMs,
        attempts: gathered.timeline,
        overheads: overheadsOf(gathered),
      };
      if (gathered.reason !== 'allDone') await fail(name, tasks, gathered);
    }
    // an execution that was stopped told nothing of its last stage
    usage[name] = addUsage(usage[name], { unmeasured: Math.max(0, reused - known) });
    stage.state = 'done';
    stage.finishedAtMs = endedAtMs;
    stage.numDone = stage.numTasks;
  }

  /** Milliseconds until the deadline, 0 when it is over; null without one. */
  function remainingMs(atMs: number): number | null {
    const { deadline } = params;
    return deadline === null ? null : Math.max(0, runStartedAtMs + deadline * 1000 - atMs);
  }

  function overdue(name: StageName): DeadlineError {
    return new DeadlineError(`run ${runId} was not done within its deadline of ${params.deadline} s: it is at ${name}`);
  }

  async function fail(name: StageName, tasks: readonly StageTask[], gathered: Gathered<unknown>): Promise<never> {
    if (gathered.reason === 'deadline') throw overdue(name);
    if (gathered.reason === 'aborted') throw new CancelledError(`run ${runId} was cancelled`);
    await engine.step('failed', () => noteFailed(store, { runId, execution, stage: name, tasks, gathered }));
    const [first] = gathered.failed;
    const { failed: numFailed } = gathered.counts;
    const more = numFailed > 1 ? `; ${numFailed - 1} more failed` : '';
    const gaveUp = gathered.reason === 'breakerOpen' ? ', too many attempts failed to go on' : '';
    if (first)
      throw new TaskFailedError(first.taskId, first.attempts, first.error, `${gaveUp}${more}; see ${keys.failed}`);
    throw new Error(
      `stage ${name} ended as ${gathered.reason}, without a task that failed for good; see ${keys.failed}`,
    );
  }

  const generateTasks = (plan: Plan) =>
    chunksOf(plan).map((chunkIndex) => ({
      taskId: `generate-${chunkIndex}`,
      payload: { runId, chunkIndex } satisfies GenerateTask,
      inputKey: keys.run,
      resultKey: keys.partitionResult(chunkIndex),
    }));
  if (planned) await runStage('generate', generateTasks(planned));
  else {
    await runStage('generate', ...dataStages(engine, store, runId), async () => {
      shape = await engine.step('shape', async () => (await getSchema(store, runId)).shape);
      planned = planRun(params, shape);
      return generateTasks(planned);
    });
  }
  const plan = planned!;
  const chunks = chunksOf(plan);
  const folds = Array.from({ length: plan.search ? 0 : (params.folds ?? 0) }, (_, i) => i);
  await runStage(
    'split',
    [
      {
        taskId: 'bins',
        payload: { kind: 'bins', runId } satisfies BinsTask,
        inputKey: keys.folder('dataset'),
        resultKey: keys.binsResult,
      },
    ],
    chunks.map((partitionIndex) => ({
      taskId: `split-${partitionIndex}`,
      payload: { kind: 'split', runId, partitionIndex } satisfies SplitTask,
      inputKey: keys.partition(partitionIndex),
      resultKey: keys.splitResult(partitionIndex),
    })),
  );
  // what the forest is grown by: of a run with a search that of the best candidate, when it is found
  let grown: { plan: Plan; params?: Overrides } = { plan };
  const growTasks = () =>
    grown.plan.treeGroups.map(([treeStart, treeEnd]) => ({
      taskId: `train-${treeStart}-${treeEnd}`,
      payload: { kind: 'grow', runId, treeStart, treeEnd, params: grown.params } satisfies TaskOf<GrowTask>,
      inputKey: keys.folder('train'),
      resultKey: keys.treesResult(treeStart, treeEnd),
    }));
  const mergeTasks = () => [
    {
      taskId: 'merge',
      payload: { kind: 'merge', runId, params: grown.params } satisfies TaskOf<MergeTask>,
      inputKey: keys.folder('trees'),
      resultKey: keys.modelResult,
    },
  ];
  const rounds = plan.search && searchRounds(engine, store, runId, plan.search);
  if (rounds) {
    const growBest = async () => {
      const best = await rounds.best();
      grown = {
        plan: planRun({ ...withCandidate(params, best.params), folds: undefined }, shape),
        params: best.params,
      };
      return growTasks();
    };
    await runStage('train', ...rounds.fans, growBest, async () => mergeTasks());
  } else {
    await runStage(
      'train',
      growTasks(),
      mergeTasks(),
      folds.map((fold) => ({
        taskId: `fold-${fold}`,
        payload: { kind: 'fold', runId, fold } satisfies FoldTask,
        inputKey: keys.folder('train'),
        resultKey: keys.foldResult(fold),
      })),
    );
  }
  await runStage(
    'evaluate',
    chunks.map((partitionIndex) => ({
      taskId: `evaluate-${partitionIndex}`,
      payload: { runId, partitionIndex, params: grown.params } satisfies TaskOf<EvaluateTask>,
      inputKey: keys.test(partitionIndex),
      resultKey: keys.evaluateResult(partitionIndex),
    })),
  );

  return engine.step('report', async () => {
    const [bins, model, evaluated, splits, validated, search] = await Promise.all([
      getJson<BinsResult>(store, keys.binsResult),
      getJson<ModelResult>(store, keys.modelResult),
      mapLimited(chunks, STORE_REQUESTS, (i) => getJson<Evaluated>(store, keys.evaluateResult(i))),
      mapLimited(chunks, STORE_REQUESTS, (i) => getJson<SplitResult>(store, keys.splitResult(i))),
      mapLimited(folds, STORE_REQUESTS, (i) => getJson<Evaluated>(store, keys.foldResult(i))),
      rounds?.report(),
    ]);
    const { tasks: total, done, failed, ...tasks } = counts;
    const report = makeReport(
      runId,
      grown.plan,
      bins,
      model,
      evaluated,
      stages,
      { total, ...tasks },
      overheadsIn(timeline),
      measureSelf(),
      splits,
      spans,
      (await findSchema(store, runId))?.schema,
      validated,
      search && { report: search, plan },
    );
    await replaceJson(store, keys.timeline, timeline);
    // before the report: who sees that finds the page
    await store.create(keys.reportPage, encoder.encode(renderReport(report)), 'text/html; charset=utf-8');
    await createJson(store, keys.report, report);
    await writeStatus('succeeded');
    return { runId, ...scoreOf(report), sha256: model.sha256 };
  });
}

function orAtLeast(value: number | null, least: number): number | null {
  return value === null ? null : Math.max(least, value);
}

function usedBy({ results, sums }: Gathered<WorkerAnswer>): Partial<Usage> {
  return sums ?? results.filter((answer) => answer !== null).reduce(addUsage, NO_USAGE);
}

/** The error that a step or task ended with: the durable SDK wraps what a step threw, and marks that with `errorType`. */
function causeOf(error: unknown): { name: string; message: string } {
  const isWrapped = error instanceof Error && 'errorType' in error && error.cause instanceof Error;
  const cause = isWrapped ? error.cause : error;
  return cause instanceof Error
    ? { name: cause.name, message: cause.message }
    : { name: 'Error', message: String(cause) };
}
