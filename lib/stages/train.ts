// Train: gather all training partitions and grow a group of trees; then merge the groups.

import { FormatError, InputError } from '../base/errors.ts';
import { ENGINES } from '../forest/engines.ts';
import { oobSumsInThreads } from '../forest/general-in-threads.ts';
import { featureImportances } from '../forest/importances.ts';
import { decodeTrees, encodeModel, encodeTrees } from '../forest/model-file.ts';
import { addOobSums, chooseUnit, type OobScore, type OobSums, scoreOob } from '../forest/oob.ts';
import { type TrainingTable, tableOfRows, toTarget } from '../forest/training-table.ts';
import type { Tree } from '../forest/tree.ts';
import type { BeforeTree } from '../forest/tree-queue.ts';
import { getSchema } from '../ingest/results.ts';
import { decodeBinned, decodeOob, encodeOob } from '../partition/arrow.ts';
import { type BinnedRows, concatBinned } from '../partition/rows.ts';
import { modelOptions } from '../plan/lay-out.ts';
import type { Plan } from '../plan/plan.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, runTask, STORE_REQUESTS } from '../store/task.ts';
import { describeColumns } from '../tables/schema.ts';
import { type BinsResult, toBinEdges } from './bins.ts';
import { createObject, type StoredObject } from './generate.ts';

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
  /** Scores of the first trees; only with `oobScore`, in the group of the first tree. */
  oobCurve?: OobPoint[];
}

/** Accuracy, or R², of the first trees on out-of-bag rows. */
export interface OobPoint extends OobScore {
  numTrees: number;
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
  /** Accuracy, or R², on out-of-bag rows, and the share of training rows that are out of bag; null without `oobScore`. */
  oob: OobScore | null;
  /** Scores of the first trees: some of the first group, then the end of each group. */
  oobCurve: OobPoint[] | null;
}

/** What a task needs to grow trees. */
export interface TrainingInput {
  /** Gives all training rows. */
  gather(): Promise<BinnedRows>;
  /** Awaited before each tree; an error that it throws ends the task. */
  beforeTree?: BeforeTree;
}

/** Read all training rows, in the order of their row index. */
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
  { gather, beforeTree }: TrainingInput,
): Promise<GrowResult> {
  const keys = runKeys(runId);
  if (!(treeStart < treeEnd && treeEnd <= plan.forest.numTrees)) {
    throw new InputError(`trees must be a range within 0 to ${plan.forest.numTrees}, got ${treeStart} to ${treeEnd}`);
  }
  return runTask(store, keys.treesResult(treeStart, treeEnd), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, keys.binsResult)]);
    const { isCategorical } = bins;
    const info = { numClasses: bins.classCounts.length, edges: toBinEdges(bins.edges), isCategorical };
    const trees = await ENGINES[plan.params.engine].growTrees(rows, info, plan.forest, {
      treeStart,
      treeEnd,
      beforeTree,
    });
    let oobCurve: OobPoint[] | undefined;
    if (plan.params.oobScore) {
      const table = tableOfRows(rows, info.edges, info.numClasses, isCategorical);
      const { sums, curve } = await sumOob(table, plan, trees, treeStart);
      await createObject(store, keys.oob(treeStart, treeEnd), encodeOob({ ...sums, labels: rows.labels }));
      if (treeStart === 0) oobCurve = curve;
    }
    const object = await createObject(store, keys.trees(treeStart, treeEnd), encodeTrees(trees));
    const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
    return { ...object, treeStart, treeEnd, numNodes, ...(oobCurve && { oobCurve }) };
  });
}

/** Sum over the trees of a group. The first group also gives the score of its first 1, 2, 5, 10, 20, 50… trees. */
async function sumOob(table: TrainingTable, plan: Plan, trees: readonly Tree[], treeStart: number) {
  const curve: OobPoint[] = [];
  const stops = treeStart === 0 ? curveStops(trees.length) : [trees.length];
  let sums: OobSums | undefined;
  let from = 0;
  for (const numTrees of stops) {
    const part = await oobSumsInThreads({
      table,
      params: plan.forest,
      trees: trees.slice(from, numTrees),
      treeStart: treeStart + from,
    });
    if (sums) addOobSums(sums, part);
    else sums = part;
    curve.push({ numTrees, ...scoreOob(table.target, sums) });
    from = numTrees;
  }
  return { sums: sums!, curve };
}

/** 1, 2, 5, 10, 20, 50… below the number of trees, then the number of trees. */
function curveStops(numTrees: number): number[] {
  const stops: number[] = [];
  for (let power = 1; power < numTrees; power *= 10) stops.push(power, 2 * power, 5 * power);
  return [...stops.filter((stop) => stop < numTrees), numTrees];
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
    const bytes = encodeModel(
      { ...forest, classLabels: schema?.label.classes },
      {
        isCategorical,
        options: modelOptions(plan, schema?.label.classes),
        ranges: bins.ranges,
        schema: schema && describeColumns(schema),
      },
    );
    const object = await createObject(store, keys.model, bytes);
    return {
      ...object,
      numTrees: trees.length,
      numNodes: trees.reduce((sum, tree) => sum + tree.numNodes, 0),
      featureImportances: [...featureImportances(forest, plan.params.criterion)],
      ...(plan.params.oobScore ? await mergeOob(store, plan, runId) : { oob: null, oobCurve: null }),
    };
  });
}

/** Add up the out-of-bag sums of the groups: they are integers, so the grouping changes nothing. */
async function mergeOob(
  store: Store,
  { treeGroups }: Plan,
  runId: string,
): Promise<Pick<ModelResult, 'oob' | 'oobCurve'>> {
  const load = async ([treeStart, treeEnd]: [number, number]) => {
    const key = runKeys(runId).oob(treeStart, treeEnd);
    const decoded = decodeOob(await store.get(key), key);
    const target = toTarget(decoded.labels, decoded.sums.length);
    return { target, unit: chooseUnit(target), ...decoded };
  };
  const [first, ...rest] = treeGroups;
  const merged = await load(first);
  const { target } = merged;
  const { oobCurve = [] } = await getJson<GrowResult>(store, runKeys(runId).treesResult(...first));
  const curve = [...oobCurve];
  // one after the other: each is as large as all rows
  for (const group of rest) {
    addOobSums(merged, await load(group));
    curve.push({ numTrees: group[1], ...scoreOob(target, merged) });
  }
  return { oob: scoreOob(target, merged), oobCurve: curve };
}
