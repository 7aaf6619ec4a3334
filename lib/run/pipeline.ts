// The pipeline: ordinary TypeScript over an engine. Everything non-deterministic is inside `engine.step`.

import type { Engine } from '../fanout/engine.ts';
import { findCause } from '../fanout/stored-tasks.ts';
import { findSchema, getSchema } from '../ingest/results.ts';
import { NO_PART_USAGE } from '../plan/cost.ts';
import type { RunParams } from '../plan/params.ts';
import type { DataShape, Plan } from '../plan/plan.ts';
import { planRun } from '../plan/plan-run.ts';
import { withCandidate } from '../plan/search/plan-search.ts';
import { renderReport } from '../report/page.ts';
import { makeReport, readScores } from '../report/report.ts';
import { summarizeOverheads } from '../report/timeline.ts';
import type { BinsResult } from '../stages/bins.ts';
import type { Evaluated } from '../stages/evaluated.ts';
import type { SplitResult } from '../stages/split.ts';
import type { ModelResult } from '../stages/train.ts';
import { createJson, findJson, getJson, replaceJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';
import { dataStages } from './data-stages.ts';
import { getRequest, type RunStatus } from './run.ts';
import { type SearchRounds, searchRounds } from './search-rounds.ts';
import { type PipelineOptions, type RunStart, StageRunner } from './stage-runner.ts';
import {
  binsTask,
  chunkIndices,
  evaluateTasks,
  foldTasks,
  type Grown,
  generateTasks,
  growTasks,
  mergeTask,
  splitTasks,
} from './stage-tasks.ts';

const encoder = new TextEncoder();

/** The answer of an orchestrator; the report has the rest. */
export interface PipelineResult {
  runId: string;
  /** Classification only. */
  accuracy?: number;
  /** Regression only, as `rmse` and `mae`. */
  r2?: number;
  rmse?: number;
  mae?: number;
  sha256: string;
}

/**
 * Generate, split, train, evaluate, report. Tasks whose result is in the store are not done again, so an interrupted run
 * resumes where it was, and a run that is done stays done.
 *
 * @throws {TaskFailedError} when a task cannot be finished
 * @throws {CancelledError} when the run was cancelled
 * @throws {DeadlineError} when the run's deadline has passed
 */
export async function runPipeline(engine: Engine, options: PipelineOptions): Promise<PipelineResult> {
  const { store, runId, orchestrator } = options;
  // a run that was never requested gets no status
  const start = await engine.step(
    'request',
    async (): Promise<RunStart> => ({
      params: (await getRequest(store, runId)).params,
      before: (await findJson<RunStatus>(store, runKeys(runId).status))?.usage ?? NO_PART_USAGE,
      sandbox: orchestrator.sandbox,
      startedAtMs: Date.now(),
    }),
  );
  const runner = new StageRunner(engine, options, start);
  try {
    return await runStages(engine, options, start.params, runner);
  } catch (error) {
    const cause = findCause(error);
    const state = cause.name === 'CancelledError' ? 'cancelled' : 'failed';
    await engine.step('status-failed', () => runner.writeStatus(state, cause));
    throw error;
  }
}

async function runStages(
  engine: Engine,
  options: PipelineOptions,
  params: RunParams,
  runner: StageRunner,
): Promise<PipelineResult> {
  const { store, runId } = options;
  const shape = await makeDataset(engine, options, params, runner);
  const plan = runner.plan!;
  await runner.run('split', [binsTask(runId)], splitTasks(runId, plan));
  const rounds = plan.search && searchRounds(engine, store, runId, plan.search);
  const folds = Array.from({ length: plan.search ? 0 : (params.folds ?? 0) }, (_, i) => i);
  let grown: Grown = { plan };
  if (rounds) {
    const growBest = async () => {
      const best = await rounds.best();
      const found = { ...withCandidate(params, best.params), folds: undefined };
      grown = { plan: planRun(found, shape), params: best.params };
      return growTasks(runId, grown);
    };
    await runner.run('train', ...rounds.fanOuts, growBest, async () => [mergeTask(runId, grown)]);
  } else {
    await runner.run('train', growTasks(runId, grown), [mergeTask(runId, grown)], foldTasks(runId, folds));
  }
  await runner.run('evaluate', evaluateTasks(runId, grown));
  return engine.step('report', () => finish(options, runner, { plan, grown, folds, rounds }));
}

/**
 * Generate the rows, or ingest the user's data, and plan the run.
 *
 * @returns the shape of the user's data
 */
async function makeDataset(
  engine: Engine,
  { store, runId }: PipelineOptions,
  params: RunParams,
  runner: StageRunner,
): Promise<DataShape | undefined> {
  if (params.data === undefined) {
    runner.plan = planRun(params);
    await runner.run('generate', generateTasks(runId, runner.plan));
    return undefined;
  }
  let shape: DataShape | undefined;
  await runner.run('generate', ...dataStages(engine, store, runId), async () => {
    shape = await engine.step('shape', async () => (await getSchema(store, runId)).shape);
    runner.plan = planRun(params, shape);
    return generateTasks(runId, runner.plan);
  });
  return shape;
}

/** Write the report, its page and the last status. */
async function finish(
  { store, runId }: PipelineOptions,
  runner: StageRunner,
  { plan, grown, folds, rounds }: { plan: Plan; grown: Grown; folds: readonly number[]; rounds?: SearchRounds },
): Promise<PipelineResult> {
  const keys = runKeys(runId);
  const chunks = chunkIndices(plan);
  const [bins, model, evaluated, splits, validated, searched] = await Promise.all([
    getJson<BinsResult>(store, keys.binsResult),
    getJson<ModelResult>(store, keys.modelResult),
    mapLimited(chunks, STORE_REQUESTS, (i) => getJson<Evaluated>(store, keys.evaluateResult(i))),
    mapLimited(chunks, STORE_REQUESTS, (i) => getJson<SplitResult>(store, keys.splitResult(i))),
    mapLimited(folds, STORE_REQUESTS, (i) => getJson<Evaluated>(store, keys.foldResult(i))),
    rounds?.report(),
  ]);
  const { tasks: total, done, failed, ...tasks } = runner.counts;
  const report = makeReport({
    runId,
    plan: grown.plan,
    bins,
    model,
    evaluated,
    splits,
    folds: validated,
    schema: (await findSchema(store, runId))?.schema,
    search: searched && { report: searched, plan },
    stages: runner.stages,
    tasks: { total, ...tasks },
    overheadMs: summarizeOverheads(runner.timeline),
    usage: runner.measureUsage(),
    timeline: runner.spans,
  });
  await replaceJson(store, keys.timeline, runner.timeline);
  // before the report: a reader who finds the report also finds the page
  await store.create(keys.reportPage, encoder.encode(renderReport(report)), 'text/html; charset=utf-8');
  await createJson(store, keys.report, report);
  await runner.writeStatus('succeeded');
  return { runId, ...readScores(report), sha256: model.sha256 };
}
