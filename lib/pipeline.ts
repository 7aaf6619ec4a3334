// The pipeline: ordinary TypeScript over an engine. Everything non-deterministic is inside `engine.step`.

import { addUsage, NO_PART_USAGE, type PartUsage, type Usage } from './cost.ts';
import { CancelledError } from './errors.ts';
import type { Engine } from './fanout/engine.ts';
import { type FanOutCounts, fanOut, type Task } from './fanout/fan-out.ts';
import { createJson, findJson, getJson, replaceJson } from './json.ts';
import { runKeys } from './keys.ts';
import { type Plan, planRun } from './plan.ts';
import { renderReport } from './report/page.ts';
import { makeReport } from './report.ts';
import { getRequest, listResults, type RunStatus, type StageName, type StageStatus } from './run.ts';
import type { Span, TaskSpan } from './span.ts';
import type { BinsResult, BinsTask } from './stages/bins.ts';
import type { EvaluateResult, EvaluateTask } from './stages/evaluate.ts';
import type { GenerateTask } from './stages/generate.ts';
import type { SplitResult, SplitTask } from './stages/split.ts';
import { mapLimited, STORE_REQUESTS } from './stages/task.ts';
import type { GrowTask, MergeTask, ModelResult } from './stages/train.ts';
import type { Store } from './store.ts';

const encoder = new TextEncoder();

export interface PipelineOptions {
  store: Store;
  /** Name of each worker function. */
  workers: Record<StageName, { functionName: string }>;
  runId: string;
  /** ARN of the execution, for `status.json`. */
  execution: string;
  /** The sandbox that the orchestrator is in now, and what this execution has used there, for the bill. */
  orchestrator: { sandbox: string; usage(): Usage };
}

/** What an orchestrator answers: the report has the rest. */
export interface PipelineResult {
  runId: string;
  accuracy: number;
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
  const { params, before, sandbox } = await engine.step('request', async () => ({
    params: (await getRequest(store, runId)).params,
    // what earlier executions of the run used
    before: (await findJson<RunStatus>(store, runKeys(runId).status))?.usage ?? NO_PART_USAGE,
    sandbox: orchestrator.sandbox,
  }));
  const usage: PartUsage = { ...before };
  const measureSelf = () => {
    // what another sandbox used before a crash is not known
    const unmeasured = orchestrator.sandbox === sandbox ? 0 : 1;
    const own = { ...orchestrator.usage(), durableOperations: engine.operations, unmeasured };
    return { ...usage, orchestrator: addUsage(before.orchestrator, own) };
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
    return await runStages(engine, options, planRun(params), stages, usage, measureSelf, writeStatus);
  } catch (error) {
    const { name, message } = causeOf(error);
    await engine.step('status-failed', () =>
      writeStatus(name === 'CancelledError' ? 'cancelled' : 'failed', { name, message }),
    );
    throw error;
  }
}

async function runStages(
  engine: Engine,
  { store, workers, runId }: PipelineOptions,
  plan: Plan,
  stages: StageStatus[],
  usage: PartUsage,
  measureSelf: () => PartUsage,
  writeStatus: (state: RunStatus['state']) => Promise<void>,
): Promise<PipelineResult> {
  const keys = runKeys(runId);
  const chunks = Array.from({ length: plan.numChunks }, (_, i) => i);
  const fanOuts: FanOutCounts[] = [];
  const timeline: TaskSpan[] = [];

  // one stage: a list of fan-outs, one after another
  async function runStage(name: StageName, ...fans: Task<unknown>[][]): Promise<void> {
    const startedAtMs = await engine.now();
    const stage: StageStatus = { name, state: 'running', numTasks: fans.flat().length, numDone: 0, startedAtMs };
    stages.push(stage);
    const finished = await engine.step(`${name}-start`, async () => {
      // status first: who cancels writes first and reads the status then, so one of the two sees the other
      await writeStatus('running');
      if ((await findJson(store, keys.cancel)) !== undefined) throw new CancelledError(`run ${runId} was cancelled`);
      return listResults(store, runId, name);
    });
    const known = usage[name].invocations + usage[name].unmeasured;
    let reused = 0;
    let failed = 0;
    for (const [i, tasks] of fans.entries()) {
      const { results, counts } = await fanOut<unknown, Usage & { span?: Span }>(
        engine,
        i === 0 ? name : `${name}-${i + 1}`,
        workers[name].functionName,
        tasks,
        new Set(finished),
        { maxInFlight: plan.params.workers },
      );
      fanOuts.push(counts);
      usage[name] = results.reduce<Usage>(addUsage, usage[name]);
      const invoked = tasks.filter(({ resultKey }) => !finished.includes(resultKey));
      // an execution that began with an earlier version has answers without
      for (const [at, { span }] of results.entries()) if (span) timeline.push({ taskId: invoked[at]!.taskId, ...span });
      reused += counts.reused;
      failed += counts.attempts - results.length;
    }
    // an execution that was stopped told nothing of its last stage
    usage[name] = addUsage(usage[name], { unmeasured: failed + Math.max(0, reused - known) });
    stage.finishedAtMs = await engine.now();
    stage.state = 'done';
    stage.numDone = stage.numTasks;
  }

  await runStage(
    'generate',
    chunks.map((chunkIndex) => ({
      taskId: `generate-${chunkIndex}`,
      payload: { runId, chunkIndex } satisfies GenerateTask,
      resultKey: keys.partitionResult(chunkIndex),
    })),
  );
  await runStage(
    'split',
    [{ taskId: 'bins', payload: { kind: 'bins', runId } satisfies BinsTask, resultKey: keys.binsResult }],
    chunks.map((partitionIndex) => ({
      taskId: `split-${partitionIndex}`,
      payload: { kind: 'split', runId, partitionIndex } satisfies SplitTask,
      resultKey: keys.splitResult(partitionIndex),
    })),
  );
  await runStage(
    'train',
    plan.treeGroups.map(([treeStart, treeEnd]) => ({
      taskId: `train-${treeStart}-${treeEnd}`,
      payload: { kind: 'grow', runId, treeStart, treeEnd } satisfies GrowTask,
      resultKey: keys.treesResult(treeStart, treeEnd),
    })),
    [{ taskId: 'merge', payload: { kind: 'merge', runId } satisfies MergeTask, resultKey: keys.modelResult }],
  );
  await runStage(
    'evaluate',
    chunks.map((partitionIndex) => ({
      taskId: `evaluate-${partitionIndex}`,
      payload: { runId, partitionIndex } satisfies EvaluateTask,
      resultKey: keys.evaluateResult(partitionIndex),
    })),
  );

  return engine.step('report', async () => {
    const [bins, model, evaluated, splits] = await Promise.all([
      getJson<BinsResult>(store, keys.binsResult),
      getJson<ModelResult>(store, keys.modelResult),
      mapLimited(chunks, STORE_REQUESTS, (i) => getJson<EvaluateResult>(store, keys.evaluateResult(i))),
      mapLimited(chunks, STORE_REQUESTS, (i) => getJson<SplitResult>(store, keys.splitResult(i))),
    ]);
    const sum = (count: keyof FanOutCounts) => fanOuts.reduce((total, counts) => total + counts[count], 0);
    const report = makeReport(
      runId,
      plan,
      bins,
      model,
      evaluated,
      stages,
      {
        total: sum('tasks'),
        reused: sum('reused'),
        attempts: sum('attempts'),
        retried: sum('retried'),
        throttled: sum('throttled'),
        timedOut: sum('timedOut'),
        speculative: 0,
      },
      measureSelf(),
      splits,
      timeline,
    );
    // before the report: who sees that finds the page
    await store.create(keys.reportPage, encoder.encode(renderReport(report)), 'text/html; charset=utf-8');
    await createJson(store, keys.report, report);
    await writeStatus('succeeded');
    return { runId, accuracy: report.accuracy, sha256: model.sha256 };
  });
}

/** The error that a step or task ended with: the durable SDK wraps what a step threw, and marks that with `errorType`. */
function causeOf(error: unknown): { name: string; message: string } {
  const isWrapped = error instanceof Error && 'errorType' in error && error.cause instanceof Error;
  const cause = isWrapped ? error.cause : error;
  return cause instanceof Error
    ? { name: cause.name, message: cause.message }
    : { name: 'Error', message: String(cause) };
}
