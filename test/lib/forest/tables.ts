// Small tables for the tests of forests.

import { RandomStream } from '../../../lib/base/random.ts';
import { GeneralGrower } from '../../../lib/forest/general-grow.ts';
import { type ForestParams, resolveParams } from '../../../lib/forest/params.ts';
import { type TrainingTable, tableOfRows } from '../../../lib/forest/training-table.ts';
import type { Tree } from '../../../lib/forest/tree.ts';
import type { BinEdges, ClassRows, RawRows } from '../../../lib/partition/rows.ts';

export interface Table {
  rows: ClassRows;
  edges: BinEdges;
  numClasses: number;
}

/** A table of random codes: constant columns, columns of few and of 255 codes, labels that follow them in part. */
export function randomTable(seed: number, numRows: number, numFeatures: number, numClasses: number): Table {
  const random = new RandomStream(seed, 1);
  const bins = Array.from({ length: numFeatures }, () => [1, 2, 5, 40, 255][random.nextBelow(5)]);
  const columns = bins.map((numBins) => Uint8Array.from({ length: numRows }, () => random.nextBelow(numBins)));
  const noise = random.nextUnit() < 0.5 ? 0.1 : 1;
  const labels = Uint16Array.from({ length: numRows }, (_, row) => {
    const signal = (columns[0][row] / bins[0] + columns[numFeatures - 1][row] / bins[numFeatures - 1]) / 2;
    return Math.floor((random.nextUnit() < noise ? random.nextUnit() : signal) * numClasses);
  });
  const edges = bins.map((numBins) => Float32Array.from({ length: numBins - 1 }, (_, i) => i + 0.5));
  return { rows: { numRows, rowIndex: Uint32Array.from(labels.keys()), columns, labels }, edges, numClasses };
}

/** The rows as a training table, and the parameters completed for it, for trees [treeStart, treeEnd). */
export function toRequest(
  { rows, edges, numClasses }: Table,
  params: ForestParams,
  [treeStart, treeEnd]: readonly [number, number],
) {
  const table = tableOfRows(rows, edges, numClasses);
  return { table, params: resolveParams(params, rows.numRows, edges.length, numClasses), treeStart, treeEnd };
}

/** Trees [treeStart, treeEnd) as the general trainer grows them: the kernel's twin. */
export function growTwin(table: Table, params: ForestParams, range: readonly [number, number]): Tree[] {
  const { table: training, params: resolved, treeStart, treeEnd } = toRequest(table, params, range);
  const grower = new GeneralGrower(training, resolved);
  return Array.from({ length: treeEnd - treeStart }, (_, i) => grower.grow(treeStart + i));
}

/** Classes in the corners of a hypercube of three features, normal around them, among features of noise. */
export function blobs(seed: number, numRows: number, numFeatures: number, numClasses: number): RawRows<Uint16Array> {
  const random = new RandomStream(seed, 2);
  const normal = () => Math.sqrt(-2 * Math.log(random.nextOpen())) * Math.cos(2 * Math.PI * random.nextOpen());
  const labels = Uint16Array.from({ length: numRows }, () => random.nextBelow(numClasses));
  const columns = Array.from({ length: numFeatures }, (_, feature) =>
    Float32Array.from(labels, (label) => normal() + (feature < 3 ? ((label >> feature) & 1) * 2 : 0)),
  );
  return { numRows, rowIndex: Uint32Array.from(labels.keys()), columns, labels };
}

/** Codes at random, with features alike. */
export function randomValueTable(
  seed: number,
  numRows: number,
  numFeatures: number,
  makeValue: (random: RandomStream) => number,
) {
  const random = new RandomStream(seed, 1);
  const numBins = Array.from({ length: numFeatures }, () => [1, 2, 3, 17, 64, 65, 200, 255][random.nextBelow(8)]);
  const columns = numBins.map((bins) => Uint8Array.from({ length: numRows }, () => random.nextBelow(bins)));
  if (numFeatures > 2) columns[2] = columns[0];
  const edges = numBins.map((bins) => Float32Array.from({ length: bins - 1 }, (_, i) => i));
  if (numFeatures > 2) edges[2] = edges[0];
  const values = Float64Array.from({ length: numRows }, () => makeValue(random));
  return { numRows, columns, edges, target: { values } } satisfies TrainingTable;
}

/** Add categories, missing values or both to some columns; with `isClassification`, replace the target by classes. */
export function flagged(table: TrainingTable, random: RandomStream, isClassification: boolean): TrainingTable {
  const kinds = table.columns.map(() => random.nextBelow(4));
  const isCategorical = kinds.map((kind) => kind === 1);
  const columns = table.columns.map((column, feature) =>
    kinds[feature] < 2
      ? column.map((code) => Math.min(code, 254))
      : column.map((code) => (random.nextBelow(5) ? code : 255)),
  );
  if (random.nextBelow(3) === 0) columns[0].fill(255);
  else if (isCategorical[0]) columns[0] = columns[0].map((code) => (random.nextBelow(4) ? code : 255));
  columns[0][0] = 255; // there is a missing value whatever the draw
  const edges = table.edges.map((of, feature) => (isCategorical[feature] ? new Float32Array() : of));
  const labels = Uint16Array.from(table.target.values!, (value) => (Math.abs(value) % 2 < 1 ? 0 : 1));
  return { ...table, columns, edges, isCategorical, ...(isClassification && { target: { labels, numClasses: 2 } }) };
}
