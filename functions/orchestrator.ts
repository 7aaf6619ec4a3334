// Lambda, durable: run the pipeline, fanning its tasks out over the workers.

import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import * as v from 'valibot';
import { durableEngine } from '../lib/fanout/durable-engine.ts';
import { type PipelineResult, runPipeline } from '../lib/pipeline.ts';
import { s3Store } from '../lib/s3-store.ts';
import { FUNCTIONS, WORKER_NAMES, type WorkerName } from './manifest.ts';
import { parseTask, requireEnv } from './worker.ts';

const Event = v.strictObject({ runId: v.string() });

const store = s3Store(requireEnv('BUCKET'));
const workers = Object.fromEntries(
  WORKER_NAMES.map((name) => [
    name,
    { functionName: requireEnv(`${name.toUpperCase()}_FUNCTION`), memoryMiB: FUNCTIONS[name].memoryMiB },
  ]),
) as Record<WorkerName, { functionName: string; memoryMiB: number }>;

export const handler = withDurableExecution(
  async (event: unknown, context): Promise<PipelineResult> =>
    runPipeline(durableEngine(context), {
      store,
      workers,
      runId: parseTask(Event, event).runId,
      execution: context.executionContext.durableExecutionArn,
    }),
);
