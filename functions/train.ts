// Lambda: grow one group of trees, or put the groups together.

import * as v from 'valibot';
import type { BinnedRows } from '../lib/partition/rows.ts';
import { gatherRows, growTrees, mergeModel } from '../lib/stages/train.ts';
import { index, worker } from './worker.ts';

const Task = v.variant('kind', [
  v.strictObject({ kind: v.literal('grow'), runId: v.string(), treeStart: index(), treeEnd: index() }),
  v.strictObject({ kind: v.literal('merge'), runId: v.string() }),
]);

// a warm sandbox grows its next group from the rows that it has
let gathered: { runId: string; rows: BinnedRows } | undefined;

export const handler = worker(Task, (store, plan, task, checkCancelled): Promise<unknown> => {
  if (task.kind === 'merge') return mergeModel(store, plan, task);
  const gather = async () => {
    if (gathered?.runId !== task.runId)
      gathered = { runId: task.runId, rows: await gatherRows(store, plan, task.runId) };
    return gathered.rows;
  };
  return growTrees(store, plan, task, gather, checkCancelled);
});
