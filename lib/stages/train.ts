// Train: gather all training partitions, grow a group of trees; then put the groups together.

import { FormatError, InputError } from '../errors.ts';
import { ENGINES } from '../forest/engine.ts';
import { decodeTrees, encodeModel, encodeTrees } from '../forest/model.ts';
import { getJson } from '../json.ts';
import { runKeys } from '../keys.ts';
import { decodeBinned } from '../partition/arrow.ts';
import { type BinnedRows, concatBinned } from '../partition/rows.ts';
import type { Plan } from '../plan.ts';
import type { Store } from '../store.ts';
import { type BinsResult, toBinEdges } from './bins.ts';
import { createObject, type StoredObject } from './generate.ts';
import { mapLimited, runTask, STORE_REQUESTS } from './task.ts';

export interface GrowTask {
  kind: 'grow';
  runId: string;
  treeStart: number;
  treeEnd: number; // exclusive
}

export interface GrowResult extends StoredObject {
  treeStart: number;
  treeEnd: number; // exclusive
  numNodes: number;
}

export interface MergeTask {
  kind: 'merge';
  runId: string;
}

export interface ModelResult extends StoredObject {
  numTrees: number;
  numNodes: number;
}

/** All training rows, in the order of their row index. */
export async function gatherRows(store: Store, plan: Plan, runId: string): Promise<BinnedRows> {
  const keys = runKeys(runId);
  const indexes = Array.from({ length: plan.numChunks }, (_, i) => i);
  const parts = await mapLimited(indexes, STORE_REQUESTS, async (i) =>
    decodeBinned(await store.get(keys.train(i)), keys.train(i)),
  );
  const rows = concatBinned(parts);
  if (rows.numRows !== plan.numTrain) {
    throw new FormatError(
      `training partitions of run ${runId} hold ${rows.numRows} rows, the plan says ${plan.numTrain}`,
    );
  }
  return rows;
}

export function growTrees(
  store: Store,
  plan: Plan,
  { runId, treeStart, treeEnd }: GrowTask,
  gather: () => Promise<BinnedRows>,
): Promise<GrowResult> {
  const keys = runKeys(runId);
  if (!(treeStart < treeEnd && treeEnd <= plan.forest.numTrees)) {
    throw new InputError(`trees must be a range within 0 to ${plan.forest.numTrees}, got ${treeStart} to ${treeEnd}`);
  }
  return runTask(store, keys.treesResult(treeStart, treeEnd), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, keys.binsResult)]);
    const info = { numClasses: bins.classCounts.length, edges: toBinEdges(bins.edges) };
    const trees = await ENGINES[plan.params.engine].growTrees(rows, info, plan.forest, treeStart, treeEnd);
    const object = await createObject(store, keys.trees(treeStart, treeEnd), encodeTrees(trees));
    return { ...object, treeStart, treeEnd, numNodes: trees.reduce((sum, tree) => sum + tree.numNodes, 0) };
  });
}

/** Join the groups, in tree order: the model's bytes do not depend on how the trees were grouped. */
export function mergeModel(store: Store, plan: Plan, { runId }: MergeTask): Promise<ModelResult> {
  const keys = runKeys(runId);
  return runTask(store, keys.modelResult, async () => {
    const [groups, bins] = await Promise.all([
      mapLimited(plan.treeGroups, STORE_REQUESTS, async ([treeStart, treeEnd]) =>
        decodeTrees(await store.get(keys.trees(treeStart, treeEnd))),
      ),
      getJson<BinsResult>(store, keys.binsResult),
    ]);
    const trees = groups.flat();
    if (trees.length !== plan.forest.numTrees) {
      throw new FormatError(
        `tree groups of run ${runId} hold ${trees.length} trees, the plan says ${plan.forest.numTrees}`,
      );
    }
    const object = await createObject(
      store,
      keys.model,
      encodeModel(trees, toBinEdges(bins.edges), bins.classCounts.length),
    );
    return { ...object, numTrees: trees.length, numNodes: trees.reduce((sum, tree) => sum + tree.numNodes, 0) };
  });
}
