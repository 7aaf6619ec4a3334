// Lambda, durable: run the pipeline, fanning its tasks out over the workers.

import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import * as v from 'valibot';
import { addUsage, NO_USAGE, type Usage } from '../lib/cost.ts';
import { durableEngine } from '../lib/fanout/durable-engine.ts';
import { type PipelineResult, runPipeline } from '../lib/pipeline.ts';
import { s3Store } from '../lib/s3-store.ts';
import { FUNCTIONS, WORKER_NAMES, type WorkerName } from './manifest.ts';
import { startMeter } from './meter.ts';
import { requireEnv } from './require-env.ts';
import { parseTask } from './worker.ts';

const Event = v.strictObject({ runId: v.string() });

const store = s3Store(requireEnv('BUCKET'));
const workers = Object.fromEntries(
  WORKER_NAMES.map((name) => [name, { functionName: requireEnv(`${name.toUpperCase()}_FUNCTION`) }]),
) as Record<WorkerName, { functionName: string }>;

const measure = startMeter(FUNCTIONS.orchestrator.memoryMiB, store);
const sandbox = requireEnv('AWS_LAMBDA_LOG_STREAM_NAME');
/** What earlier invocations for one execution used in this sandbox: usually all of them. */
let earlier: { execution: string; usage: Usage } = { execution: '', usage: NO_USAGE };

const run = withDurableExecution(async (event: unknown, context): Promise<PipelineResult> => {
  const execution = context.executionContext.durableExecutionArn;
  if (earlier.execution !== execution) earlier = { execution, usage: NO_USAGE };
  return runPipeline(durableEngine(context), {
    store,
    workers,
    runId: parseTask(Event, event).runId,
    execution,
    orchestrator: { sandbox, usage: () => addUsage(earlier.usage, current()) },
  });
});
let current: () => Usage;

export const handler: typeof run = async (event, context) => {
  current = measure();
  try {
    return await run(event, context);
  } finally {
    earlier.usage = addUsage(earlier.usage, current());
  }
};
