// Tables and trees of scikit-learn, as bench/reference/forest_fixtures.py wrote them.

import { readFileSync } from 'node:fs';
import { quantileEdges } from '../../../lib/forest/bins.ts';
import type { ForestParams } from '../../../lib/forest/params.ts';
import { MISSING_BYTE, type TrainingTable } from '../../../lib/forest/training-table.ts';
import { encodeFeature } from '../../../lib/forest/walk.ts';

export interface ReferenceCase {
  params: Partial<ForestParams>;
  weighted: boolean;
  /** Feature of each node in preorder, -1 for a leaf. */
  feature: number[];
  rows: number[];
  /** Class fractions or value of each leaf. */
  values: (number[] | null)[];
  leafOf: number[];
  importances: number[];
}

export interface Reference {
  columns: Float32Array[];
  target: number[];
  weights: Float64Array;
  cases: ReferenceCase[];
}

export const REFERENCES = [
  { name: 'two-classes', numClasses: 2 },
  { name: 'three-classes', numClasses: 3 },
  { name: 'two-classes-missing', numClasses: 2 },
  { name: 'three-classes-missing', numClasses: 3 },
  { name: 'values', numClasses: 0 },
  { name: 'values-missing', numClasses: 0 },
];

export function readReference(name: string): Reference {
  const path = new URL(`../../fixtures/forest/${name}.json`, import.meta.url);
  const { columns, target, weights, cases } = JSON.parse(readFileSync(path, 'utf8'));
  return {
    columns: columns.map((values: (number | null)[]) => Float32Array.from(values, (value) => value ?? Number.NaN)),
    target,
    weights: Float64Array.from(weights),
    cases,
  };
}

/** The table to train on, with a bin for each value. */
export function referenceTable(
  { columns, target }: Reference,
  numClasses: number,
  weights?: Float64Array,
): TrainingTable {
  const edges = columns.map((values) => quantileEdges(values.filter((value) => !Number.isNaN(value))));
  return {
    numRows: target.length,
    columns: columns.map((values, feature) => {
      const codes = new Uint8Array(values.length);
      encodeFeature(values, { feature, edges: edges[feature], isCategorical: false }, codes, MISSING_BYTE);
      return codes;
    }),
    edges,
    target: numClasses > 0 ? { labels: Uint16Array.from(target), numClasses } : { values: Float64Array.from(target) },
    ...(weights && { weights }),
  };
}
