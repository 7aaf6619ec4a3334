// Lambda, durable: run the pipeline, or predict a table, fanning the tasks out over the workers.

import * as v from 'valibot';
import { s3Store } from '../lib/aws/s3-store.ts';
import { durableHandler } from '../lib/fanout/durable-engine.ts';
import type { WorkerSize } from '../lib/fanout/run-lanes.ts';
import { addUsage, NO_USAGE, type Usage } from '../lib/plan/cost.ts';
import { STAGE_NAMES, type StageName } from '../lib/plan/stage-sizes.ts';
import { runPrediction } from '../lib/predict/job.ts';
import type { PredictionResult } from '../lib/predict/request.ts';
import { type PipelineResult, runPipeline } from '../lib/run/pipeline.ts';
import { deployedMiB, FUNCTIONS, functionVariable, STAGE_FUNCTIONS } from './manifest.ts';
import { startMeter } from './shared/meter.ts';
import { requireEnv } from './shared/require-env.ts';
import { parseEvent, parseTask } from './shared/worker.ts';

const Run = v.strictObject({ runId: v.string() });
const Prediction = v.strictObject({ predictionId: v.string() });

const store = s3Store(requireEnv('BUCKET'));
const workers = Object.fromEntries(
  STAGE_NAMES.map((stage) => [
    stage,
    STAGE_FUNCTIONS[stage].map((name) => ({
      functionName: requireEnv(functionVariable(name)),
      memoryMiB: deployedMiB(name),
    })),
  ]),
) as Record<StageName, WorkerSize[]>;

const measure = startMeter(FUNCTIONS.orchestrator.memoryMiB, store);
const sandbox = requireEnv('AWS_LAMBDA_LOG_STREAM_NAME');
/** What earlier invocations for an execution used in this sandbox: usually all of them. */
const earlier = new Map<string, Usage>();
/** Maximum number of executions to remember: a sandbox may serve many runs, and several shards of one run. */
const MAX_REMEMBERED = 1000;
let current: () => Usage;

const usageOf = (executionArn: string): Usage => addUsage(earlier.get(executionArn) ?? NO_USAGE, current());

const run = durableHandler(
  async (event: unknown, engine, executionArn): Promise<PipelineResult | PredictionResult> => {
    if (typeof event === 'object' && event !== null && 'predictionId' in event) {
      const { predictionId } = parseEvent(Prediction, event);
      return runPrediction(engine, { store, sizes: workers.evaluate, predictionId });
    }
    return runPipeline(engine, {
      store,
      workers,
      runId: parseTask(Run, event).runId,
      execution: executionArn,
      orchestrator: { sandbox, usage: () => usageOf(executionArn) },
    });
  },
  { measure: usageOf, self: process.env.SLICES_FUNCTION }, // not set for the function that executes shards
);

export const handler: typeof run = async (event, context) => {
  current = measure();
  const execution = event.DurableExecutionArn;
  try {
    return await run(event, context);
  } finally {
    earlier.set(execution, addUsage(earlier.get(execution) ?? NO_USAGE, current()));
    if (earlier.size > MAX_REMEMBERED) earlier.delete(earlier.keys().next().value!);
  }
};
