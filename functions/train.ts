// Lambda: grow one group of trees, put the groups together, or cross-validate on one fold, also a candidate of a search.

import * as v from 'valibot';
import type { BinnedRows } from '../lib/partition/rows.ts';
import { type FitTask, fitCandidate } from '../lib/stages/fit.ts';
import { validateFold } from '../lib/stages/fold.ts';
import { gatherRows, growTrees, mergeModel } from '../lib/stages/train.ts';
import { index, overrides, worker } from './shared/worker.ts';

const Task = v.variant('kind', [
  v.strictObject({
    kind: v.literal('grow'),
    runId: v.string(),
    treeStart: index(),
    treeEnd: index(),
    params: overrides(),
  }),
  v.strictObject({ kind: v.literal('merge'), runId: v.string(), params: overrides() }),
  v.strictObject({ kind: v.literal('fold'), runId: v.string(), fold: index() }),
  v.strictObject({
    kind: v.literal('fit'),
    runId: v.string(),
    params: v.nonOptional(overrides()),
    fold: index(),
    numRows: v.optional(index()),
  }),
]);

// a warm sandbox grows its next group from the rows that it has
let gathered: { runId: string; rows: BinnedRows } | undefined;

export const handler = worker(Task, (store, plan, task, beforeTree): Promise<unknown> => {
  if (task.kind === 'merge') return mergeModel(store, plan, task);
  const gather = async () => {
    if (gathered?.runId !== task.runId)
      gathered = { runId: task.runId, rows: await gatherRows(store, plan, task.runId) };
    return gathered.rows;
  };
  if (task.kind === 'fit') return fitCandidate(store, plan, task as FitTask, { gather, beforeTree });
  return task.kind === 'fold'
    ? validateFold(store, plan, task, { gather, beforeTree })
    : growTrees(store, plan, task, { gather, beforeTree });
});
