// What several tests need: an engine in memory, and small runs on it.

import type { Engine, Outcome } from '../lib/fanout/engine.ts';
import { parseFailure } from '../lib/fanout/error-class.ts';
import { runShard, type Shard } from '../lib/fanout/shards.ts';
import type { MakeTasks } from '../lib/fanout/task-source.ts';
import { decodeModel } from '../lib/forest/model-file.ts';
import type { IngestContext } from '../lib/ingest/open.ts';
import { getSchema } from '../lib/ingest/results.ts';
import { doDataTask } from '../lib/ingest/tasks.ts';
import { NO_USAGE } from '../lib/plan/cost.ts';
import { parseRunParams, type RunParams, readGiven } from '../lib/plan/params.ts';
import type { Plan } from '../lib/plan/plan.ts';
import { checkRunnable, planRun } from '../lib/plan/plan-run.ts';
import type { Overrides } from '../lib/plan/search/candidates.ts';
import { withCandidate } from '../lib/plan/search/plan-search.ts';
import type { StageName } from '../lib/plan/stage-sizes.ts';
import type { ClassReport } from '../lib/report/class-report.ts';
import { isRegressionReport } from '../lib/report/report.ts';
import { type PipelineResult, runPipeline } from '../lib/run/pipeline.ts';
import { getReport, type RunRequest } from '../lib/run/run.ts';
import { planBins } from '../lib/stages/bins.ts';
import { evaluate } from '../lib/stages/evaluate.ts';
import { fitCandidate } from '../lib/stages/fit.ts';
import { validateFold } from '../lib/stages/fold.ts';
import { generate } from '../lib/stages/generate.ts';
import { ingest } from '../lib/stages/ingest.ts';
import { split } from '../lib/stages/split.ts';
import { gatherRows, growTrees, mergeModel } from '../lib/stages/train.ts';
import { createJson, getJson } from '../lib/store/json.ts';
import { runKeys } from '../lib/store/keys.ts';
import type { Store } from '../lib/store/store.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryStore } from './memory-store.ts';

export type Worker = (payload: unknown) => Promise<unknown>;

/** An engine that runs everything here and now, one after the other, and notes each invocation. It never looks. */
export function memoryEngine(
  worker: (functionName: string) => Worker,
  makeTasks?: MakeTasks,
): Engine & { invoked: unknown[]; waits: number[]; shards: Shard[] } {
  const invoked: unknown[] = [];
  const waits: number[] = [];
  const shards: Shard[] = [];
  async function run<Result>(functionName: string, payload: unknown): Promise<Outcome<Result>> {
    const startedAtMs = Date.now();
    try {
      if (functionName === 'self') {
        const engine = memoryEngine(worker, makeTasks);
        const shard = JSON.parse(JSON.stringify(payload)) as Shard; // as it arrives
        shards.push(shard);
        const result = (await runShard(engine, shard, () => ({}))) as Result;
        invoked.push(...engine.invoked);
        return { ok: true, result, startedAtMs, endedAtMs: Date.now() };
      }
      invoked.push(payload);
      const result = (await worker(functionName)(payload)) as Result;
      return { ok: true, result, startedAtMs, endedAtMs: Date.now() };
    } catch (error) {
      // the name goes in front of the message, as our handlers do it
      const { name, message } = error as Error;
      const failure = parseFailure(name === 'Error' ? message : `${name}: ${message}`);
      return { ok: false, error: failure, startedAtMs, endedAtMs: Date.now() };
    }
  }
  return {
    operations: 0,
    self: 'self',
    makeTasks,
    invoked,
    waits,
    shards,
    step: (_name, work) => work(),
    wait: async (_name, seconds) => {
      waits.push(seconds);
    },
    lanes: (_name, _numLanes, body) => {
      let queue = Promise.resolve();
      return body({
        startedAtMs: Date.now(),
        invoke(_lane, { functionName, payload, pause }, onEnded) {
          if (pause) waits.push(pause.seconds);
          queue = queue.then(async () => onEnded(await run(functionName, payload)));
        },
        getStart: () => undefined,
        poll() {},
      });
    },
  };
}

const USAGE = { ...NO_USAGE, gbSeconds: 1, invocations: 1, busyMs: 0 };

// biome-ignore lint/suspicious/noExplicitAny: payloads are checked by the handlers, which are not here
type Payload = any;

/** What each handler does with its store. */
const WORK: Record<string, (store: Store, plan: Plan, task: Payload) => Promise<unknown>> = {
  split: (store, plan, task) => (task.kind === 'bins' ? planBins(store, plan, task) : split(store, plan, task)),
  train: (store, plan, task) => {
    if (task.kind === 'merge') return mergeModel(store, plan, task);
    const grow = { grow: growTrees, fold: validateFold, fit: fitCandidate }[task.kind as 'grow' | 'fold' | 'fit'];
    const gather = () => gatherRows(store, plan, task.runId);
    return (grow as (...given: unknown[]) => Promise<unknown>)(store, plan, task, { gather });
  },
  evaluate: (store, plan, task) =>
    evaluate(store, plan, task, async () => decodeModel(await store.get(runKeys(task.runId).model))),
};

/** The worker functions, without Lambda around them. */
export function stageWorkers(
  storeOf: (functionName: string) => Store,
  objects = memoryObjects({}),
): (functionName: string) => Worker {
  return (functionName) => async (payload) => {
    const store = storeOf(functionName);
    const { runId, params: candidate } = payload as { runId: string; params?: Overrides };
    const request = await getJson<RunRequest>(store, runKeys(runId).run);
    const params = candidate ? withCandidate(request.params, candidate) : request.params;
    const stage = functionName.replace(/Large$/, '');
    if (stage === 'generate')
      await makePartition({ runId, store, objects, pieceKey: runKeys(runId).piece }, params, payload);
    else await WORK[stage](store, await planOf(store, runId, params), payload);
    return USAGE;
  };
}

async function planOf(store: Store, runId: string, params: RunParams): Promise<Plan> {
  return planRun(params, params.data === undefined ? undefined : (await getSchema(store, runId)).shape);
}

async function makePartition(context: IngestContext, params: RunParams, task: Payload): Promise<unknown> {
  if (task.kind) return doDataTask(context, params, task);
  const plan = await planOf(context.store, context.runId, params);
  return params.data === undefined ? generate(context.store, plan, task) : ingest(context, plan, task);
}

const worker = (functionName: StageName) => [
  { functionName, memoryMiB: 1000 },
  { functionName: `${functionName}Large`, memoryMiB: 2000 },
];
/** What the pipeline is told of its workers and of the orchestrator that it runs in. */
export const ORCHESTRATION = {
  workers: {
    generate: worker('generate'),
    split: worker('split'),
    train: worker('train'),
    evaluate: worker('evaluate'),
  },
  orchestrator: { sandbox: 'memory', usage: () => ({ ...NO_USAGE, gbSeconds: 2, invocations: 1 }) },
};

/** The report of a run `r` that tells classes apart. */
export async function getClassReport(store: Store): Promise<ClassReport> {
  const report = await getReport(store, 'r');
  if (isRegressionReport(report)) throw new Error('the run predicts values');
  return report;
}

/** A small run in memory, from its parameters to its result. */
export async function runInMemory(
  input: Record<string, unknown>,
  store = memoryStore(),
  wrap: (workers: (functionName: string) => Worker) => (functionName: string) => Worker = (workers) => workers,
): Promise<{ result: PipelineResult; store: Store; invoked: unknown[] }> {
  const params = parseRunParams({ samples: 600, chunkSize: 100, features: 5, trees: 6, workers: 2, ...input });
  await createJson(store, runKeys('r').run, { runId: 'r', params, createdAt: '' });
  const engine = memoryEngine(wrap(stageWorkers(() => store)));
  const result = await runPipeline(engine, { store, ...ORCHESTRATION, runId: 'r', execution: 'arn' });
  return { result, store, invoked: engine.invoked };
}

/** A small run on data in memory. */
export async function runOnData(
  files: Record<string, Uint8Array | string>,
  input: Record<string, unknown>,
  store = memoryStore(),
): Promise<{ result: PipelineResult; store: Store; invoked: unknown[] }> {
  const params = parseRunParams({ trees: 6, workers: 2, ...readGiven({ data: Object.keys(files), ...input }) });
  checkRunnable(params); // as whoever starts a run does
  await createJson(store, runKeys('r').run, { runId: 'r', params, createdAt: '' });
  const engine = memoryEngine(stageWorkers(() => store, memoryObjects(files)));
  const result = await runPipeline(engine, { store, ...ORCHESTRATION, runId: 'r', execution: 'arn' });
  return { result, store, invoked: engine.invoked };
}
