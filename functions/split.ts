// Lambda: work out the shared bin edges, or divide one partition into a training and a test partition.

import * as v from 'valibot';
import { planBins } from '../lib/stages/bins.ts';
import { split } from '../lib/stages/split.ts';
import { index, worker } from './shared/worker.ts';

const Task = v.variant('kind', [
  v.strictObject({ kind: v.literal('bins'), runId: v.string() }),
  v.strictObject({ kind: v.literal('split'), runId: v.string(), partitionIndex: index() }),
]);

export const handler = worker(
  Task,
  (store, plan, task): Promise<unknown> =>
    task.kind === 'bins' ? planBins(store, plan, task) : split(store, plan, task),
);
