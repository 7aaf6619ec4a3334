// What several tests need: an engine in memory, and small runs on it.

import { NO_USAGE } from '../lib/cost.ts';
import { type Engine, type Outcome, parseFailure } from '../lib/fanout/engine.ts';
import { createJson, getJson } from '../lib/json.ts';
import { runKeys } from '../lib/keys.ts';
import { memoryStore } from '../lib/memory-store.ts';
import { parseRunParams } from '../lib/params.ts';
import { type PipelineResult, runPipeline } from '../lib/pipeline.ts';
import { type Plan, planRun } from '../lib/plan.ts';
import type { RunRequest, StageName } from '../lib/run.ts';
import { planBins } from '../lib/stages/bins.ts';
import { evaluate, loadModel } from '../lib/stages/evaluate.ts';
import { generate } from '../lib/stages/generate.ts';
import { split } from '../lib/stages/split.ts';
import { gatherRows, growTrees, mergeModel } from '../lib/stages/train.ts';
import type { Store } from '../lib/store.ts';

export type Worker = (payload: unknown) => Promise<unknown>;

/** An engine that runs everything here and now, and notes each invocation. */
export function memoryEngine(
  worker: (functionName: string) => Worker,
): Engine & { invoked: unknown[]; waits: number[] } {
  const invoked: unknown[] = [];
  const waits: number[] = [];
  return {
    operations: 0,
    invoked,
    waits,
    step: (_name, work) => work(),
    wait: async (_name, seconds) => {
      waits.push(seconds);
    },
    now: async () => Date.now(),
    async invokeAll<Payload, Result>(_name: string, functionName: string, payloads: readonly Payload[]) {
      const outcomes: Outcome<Result>[] = [];
      for (const payload of payloads) {
        invoked.push(payload);
        try {
          outcomes.push({ ok: true, result: (await worker(functionName)(payload)) as Result });
        } catch (error) {
          // the name goes in front of the message, as our handlers do it
          const { name, message } = error as Error;
          outcomes.push({ ok: false, error: parseFailure(name === 'Error' ? message : `${name}: ${message}`) });
        }
      }
      return outcomes;
    },
  };
}

const USAGE = { ...NO_USAGE, gbSeconds: 1, invocations: 1 };

// biome-ignore lint/suspicious/noExplicitAny: payloads are checked by the handlers, which are not here
type Payload = any;

/** What each handler does with its store. */
const WORK: Record<string, (store: Store, plan: Plan, task: Payload) => Promise<unknown>> = {
  generate,
  split: (store, plan, task) => (task.kind === 'bins' ? planBins(store, plan, task) : split(store, plan, task)),
  train: (store, plan, task) =>
    task.kind === 'merge'
      ? mergeModel(store, plan, task)
      : growTrees(store, plan, task, () => gatherRows(store, plan, task.runId)),
  evaluate: (store, plan, task) => evaluate(store, plan, task, () => loadModel(store, task.runId)),
};

/** The worker functions, without Lambda around them. */
export function stageWorkers(storeOf: (functionName: string) => Store): (functionName: string) => Worker {
  return (functionName) => async (payload) => {
    const store = storeOf(functionName);
    const { params } = await getJson<RunRequest>(store, runKeys((payload as { runId: string }).runId).run);
    await WORK[functionName]!(store, planRun(params), payload);
    return USAGE;
  };
}

const worker = (functionName: StageName) => ({ functionName });
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
