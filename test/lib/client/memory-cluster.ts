// A cluster without processes: runs are done here and now, in memory.

import type { Invoke } from '../../../lib/aws/lambda-invoker.ts';
import { CancelledError } from '../../../lib/base/errors.ts';
import type { Connection } from '../../../lib/client/cluster.ts';
import type { ExecutionState } from '../../../lib/fanout/orchestrator.ts';
import { runPipeline } from '../../../lib/run/pipeline.ts';
import { memoryEngine, ORCHESTRATION, stageWorkers, type Worker } from '../../helpers.ts';
import { memoryObjects } from '../../memory-objects.ts';
import { memoryStore } from '../../memory-store.ts';

export interface MemoryClusterOptions {
  /** Files of data, by location. */
  files?: Record<string, Uint8Array | string>;
  wrap?: (workers: (functionName: string) => Worker) => (functionName: string) => Worker;
  invoke?: Invoke;
  workers?: number;
}

export function memoryCluster({ files = {}, wrap = (workers) => workers, invoke, workers }: MemoryClusterOptions = {}) {
  const store = memoryStore();
  const engine = memoryEngine(wrap(stageWorkers(() => store, memoryObjects(files))));
  const executions = new Map<string, ExecutionState>();
  const closing = new AbortController();
  const connection: Connection = {
    pollMs: 1,
    workers,
    signal: closing.signal,
    locate: async (place) => [place],
    target: {
      store,
      bucket: 'memory',
      uploadFile: async () => {},
      invoke: invoke ?? (async () => ({ ok: true, result: null })),
      orchestrator: {
        async start(name, event) {
          if (!('runId' in event)) throw new Error('only runs are done in memory');
          const { runId } = event;
          if (executions.has(name)) return name;
          executions.set(name, { state: 'running' });
          runPipeline(engine, { store, ...ORCHESTRATION, runId, execution: name }).then(
            () => executions.set(name, { state: 'succeeded' }),
            (error: Error) => executions.set(name, { state: 'failed', message: error.message }),
          );
          return name;
        },
        state: async (execution) => executions.get(execution)!,
        stop: async (execution) => void executions.set(execution, { state: 'failed', message: 'stopped' }),
      },
    },
  };
  return { connection, store, close: () => closing.abort(new CancelledError('the cluster was closed')) };
}
