// Train: gather all training partitions, grow a group of trees; then put the groups together.

import { FormatError, InputError } from '../errors.ts';
import { ENGINES } from '../forest/engine.ts';
import { oobSumsInThreads } from '../forest/general-in-threads.ts';
import { featureImportances } from '../forest/importances.ts';
import { decodeTrees, encodeModel, encodeTrees } from '../forest/model.ts';
import { addOobSums, FRACTION_UNIT, type OobScore, scoreOob } from '../forest/oob.ts';
import type { BeforeTree } from '../forest/take-trees.ts';
import { classTable } from '../forest/training-table.ts';
import { getSchema } from '../ingest/results.ts';
import { getJson } from '../json.ts';
import { runKeys } from '../keys.ts';
import { decodeBinned, decodeOob, encodeOob } from '../partition/arrow.ts';
import { type BinnedRows, concatBinned } from '../partition/rows.ts';
import { modelOptions, type Plan } from '../plan.ts';
import type { Store } from '../store.ts';
import { describeColumns } from '../tables/schema.ts';
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
  /** Impurity-based importance of each feature, summing to 1; all 0 when no tree has a cut. */
  featureImportances: number[];
  /** Accuracy on rows out of bag, and the share of training rows that some tree did not see; null unless asked for. */
  oob: OobScore | null;
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
  beforeTree?: BeforeTree,
): Promise<GrowResult> {
  const keys = runKeys(runId);
  if (!(treeStart < treeEnd && treeEnd <= plan.forest.numTrees)) {
    throw new InputError(`trees must be a range within 0 to ${plan.forest.numTrees}, got ${treeStart} to ${treeEnd}`);
  }
  return runTask(store, keys.treesResult(treeStart, treeEnd), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, keys.binsResult)]);
    const { isCategorical } = bins;
    const info = { numClasses: bins.classCounts.length, edges: toBinEdges(bins.edges), isCategorical };
    const trees = await ENGINES[plan.params.engine].growTrees(rows, info, plan.forest, treeStart, treeEnd, beforeTree);
    if (plan.params.oobScore) {
      const table = classTable(rows, info.edges, info.numClasses, isCategorical);
      const sums = await oobSumsInThreads(table, plan.forest, trees, treeStart);
      await createObject(store, keys.oob(treeStart, treeEnd), encodeOob({ ...sums, labels: rows.labels }));
    }
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
    const { isCategorical } = bins;
    const forest = { trees, edges: toBinEdges(bins.edges), numClasses: bins.classCounts.length, isCategorical };
    const schema = plan.dataset.generator === 'file' ? (await getSchema(store, runId)).schema : undefined;
    const bytes = encodeModel(trees, forest.edges, forest.numClasses, schema?.label.classes, {
      isCategorical,
      options: modelOptions(plan, schema?.label.classes),
      ranges: bins.ranges,
      schema: schema && describeColumns(schema),
    });
    const object = await createObject(store, keys.model, bytes);
    return {
      ...object,
      numTrees: trees.length,
      numNodes: trees.reduce((sum, tree) => sum + tree.numNodes, 0),
      featureImportances: [...featureImportances(forest, plan.params.criterion)],
      oob: plan.params.oobScore ? await mergeOob(store, plan, runId) : null,
    };
  });
}

/** Add up what the groups say of rows out of bag: sums of whole numbers, so that the grouping changes nothing. */
async function mergeOob(store: Store, { treeGroups }: Plan, runId: string): Promise<OobScore> {
  const load = async ([treeStart, treeEnd]: [number, number]) => {
    const key = runKeys(runId).oob(treeStart, treeEnd);
    return { unit: FRACTION_UNIT, ...decodeOob(await store.get(key), key) };
  };
  const merged = await load(treeGroups[0]!);
  // one after the other: each is as large as all rows
  for (const group of treeGroups.slice(1)) addOobSums(merged, await load(group));
  return scoreOob({ labels: merged.labels, numClasses: merged.sums.length }, merged);
}
