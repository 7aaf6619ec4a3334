// Split: send each row of one partition to its side; training rows become bin codes, test rows keep their values.

import { encodeColumn } from '../forest/bins.ts';
import { MISSING_BYTE } from '../forest/training-table.ts';
import { encodeFeature } from '../forest/walk.ts';
import { decodeRaw, encodeBinned, encodeRaw } from '../partition/arrow.ts';
import { type BinnedRows, countClasses, type RawRows, takeRows } from '../partition/rows.ts';
import { assignSides, assignStratifiedSides, SIDE } from '../partition/sides.ts';
import type { Plan } from '../plan/plan.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { runTask } from '../store/task.ts';
import { type BinsResult, toBinEdges } from './bins.ts';
import { createObject, type StoredObject } from './generate.ts';

export interface SplitTask {
  kind: 'split';
  runId: string;
  partitionIndex: number;
}

interface Side extends StoredObject {
  numRows: number;
  classCounts: number[];
}

export interface SplitResult {
  train: Side;
  test: Side;
  /** Where there is one. */
  validation?: Side;
}

export function split(store: Store, plan: Plan, { runId, partitionIndex }: SplitTask): Promise<SplitResult> {
  const keys = runKeys(runId);
  return runTask(store, keys.splitResult(partitionIndex), async () => {
    const partitionKey = keys.partition(partitionIndex);
    const [bins, rows] = await Promise.all([
      getJson<BinsResult>(store, keys.binsResult),
      store.get(partitionKey).then((bytes) => decodeRaw(bytes, partitionKey)),
    ]);
    const sides = rows.sides ?? assignPartitionSides(rows, plan, bins, partitionIndex);
    const numClasses = bins.classCounts.length;
    const trainRows = takeRows(rows, sides, SIDE.train);
    const testRows = takeRows(rows, sides, SIDE.test);
    const validationRows = plan.numValidation > 0 ? takeRows(rows, sides, SIDE.validation) : undefined;
    const storeSide = (key: string, { numRows, labels }: RawRows, bytes: Uint8Array) =>
      createObject(store, key, bytes).then((object) => ({
        ...object,
        numRows,
        classCounts: countClasses(labels, numClasses),
      }));
    const [train, test, validation] = await Promise.all([
      storeSide(keys.train(partitionIndex), trainRows, encodeBinned(binRows(trainRows, bins))),
      storeSide(keys.test(partitionIndex), testRows, encodeRaw(testRows)),
      validationRows && storeSide(keys.validation(partitionIndex), validationRows, encodeRaw(validationRows)),
    ]);
    return { train, test, ...(validation && { validation }) };
  });
}

function assignPartitionSides(
  { rowIndex, labels }: RawRows,
  plan: Plan,
  bins: BinsResult,
  partitionIndex: number,
): Uint8Array {
  const { samples: numRows, shuffle, seed } = plan.params;
  const { numTest, numValidation } = plan;
  if (!bins.classStarts) {
    return Uint8Array.from(rowIndex, assignSides({ numRows, numTest, numValidation, shuffle, seed }));
  }
  const sideOf = assignStratifiedSides(bins.classCounts, numTest, numValidation, seed);
  const ranks = [...bins.classStarts[partitionIndex]];
  return Uint8Array.from(labels, (label) => sideOf(label, ranks[label]++));
}

function binRows(rows: RawRows, { edges, isCategorical }: BinsResult): BinnedRows {
  const columns = toBinEdges(edges).map((featureEdges, j) => {
    const codes = new Uint8Array(rows.numRows);
    // only a user's data have categories and missing values
    if (isCategorical) {
      const bins = { feature: j, edges: featureEdges, isCategorical: isCategorical[j] };
      encodeFeature(rows.columns[j], bins, codes, MISSING_BYTE);
    } else encodeColumn(rows.columns[j], featureEdges, codes);
    return codes;
  });
  return { ...rows, columns };
}
