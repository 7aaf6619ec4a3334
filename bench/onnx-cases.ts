// Writes forests as ONNX files, with rows to try them on: npx tsx bench/onnx-cases.ts FOLDER.
// bench/reference/onnx_fixtures.py asks onnxruntime about them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../lib/base/random.ts';
import { toOnnx } from '../lib/export/onnx.ts';
import { ExtraTreesClassifier, RandomForestClassifier } from '../lib/forest/classifier.ts';
import type { Model } from '../lib/forest/model.ts';
import { decodeModel, encodeModel } from '../lib/forest/model-file.ts';
import { ExtraTreesRegressor, RandomForestRegressor } from '../lib/forest/regressor.ts';
import { CATEGORICAL, LEAF } from '../lib/forest/tree.ts';

const NUM_FEATURES = 4;
const CATEGORY_FEATURE = 3;
const random = new RandomStream(17, 0);
const uniform = () => random.nextUint32() / 2 ** 32;

interface TableOptions {
  numRows?: number;
  hasMissing?: boolean;
  hasCategories?: boolean;
  /** Whether values are few and small, so that classes tie. */
  isCoarse?: boolean;
}

function makeColumns({ numRows = 300, hasMissing, hasCategories, isCoarse }: TableOptions): Float32Array[] {
  return Array.from({ length: NUM_FEATURES }, (_, feature) =>
    Float32Array.from({ length: numRows }, () => {
      if (hasMissing && uniform() < 0.15) return Number.NaN;
      if (hasCategories && feature === CATEGORY_FEATURE) return Math.floor(uniform() ** 2 * 255);
      const value = (uniform() - 0.5) * 10 ** Math.floor(uniform() * 7 - 3);
      return isCoarse ? Math.round(uniform() * 4) : value;
    }),
  );
}

const score = (columns: Float32Array[], row: number) =>
  (columns[0][row] || 0) + (columns[1][row] || 0) * 2 + (Math.round(columns[3][row] || 0) % 3) + uniform() * 2;

/** Rows of the table, rows on and next to the thresholds, and extremes, as columns. */
export function makeRows(model: Model, columns: Float32Array[], numRows: number): Float32Array[] {
  const rows = columns.map((column) => Array.from(column.subarray(0, Math.min(60, column.length))));
  const push = (feature: number, value: number) => {
    for (const [j, values] of rows.entries()) {
      values.push(j === feature ? value : columns[j][Math.floor(uniform() * columns[j].length)]);
    }
  };
  while (rows[0].length < numRows) {
    const tree = model.trees[Math.floor(uniform() * model.trees.length)];
    const node = Math.floor(uniform() * tree.numNodes);
    const feature = tree.feature[node];
    if (feature === LEAF || (tree.flags?.[node] ?? 0) & CATEGORICAL) {
      push(CATEGORY_FEATURE, model.isCategorical[CATEGORY_FEATURE] ? Math.floor(uniform() * 255) : uniform());
      continue;
    }
    const edge = model.edges[feature][tree.cut[node]] ?? 0;
    for (const value of [edge, nextFloat32(edge, 1), nextFloat32(edge, -1)]) push(feature, value);
  }
  for (const [j, isCategorical] of model.isCategorical.entries()) {
    for (const value of isCategorical
      ? [0, 254, Number.NaN]
      : [0, -0, 1.4e-45, -1.4e-45, 3.4028234663852886e38, -3.4028234663852886e38, Number.NaN]) {
      push(j, value);
    }
  }
  return rows.map((values) => Float32Array.from(values));
}

function nextFloat32(value: number, step: 1 | -1): number {
  if (value === 0) return step * 1.401298464324817e-45;
  const float = Float32Array.of(value);
  new Int32Array(float.buffer)[0] += value > 0 ? step : -step;
  return float[0];
}

type Make = () => { model: Model; columns: Float32Array[] };

const labelled = (options: TableOptions, toLabel: (value: number) => string | number | boolean) => {
  const columns = makeColumns(options);
  const labels = Array.from(columns[0], (_, row) => toLabel(score(columns, row)));
  return { columns, labels, categorical: options.hasCategories ? [CATEGORY_FEATURE] : [] };
};
const classify =
  (
    forest: RandomForestClassifier,
    options: TableOptions,
    toLabel: (value: number) => string | number | boolean,
  ): Make =>
  () => {
    const { columns, labels, categorical } = labelled(options, toLabel);
    return { model: decodeModel(forest.fit(columns, labels, { categorical }).toBytes()), columns };
  };
const regress =
  (forest: RandomForestRegressor, options: TableOptions): Make =>
  () => {
    const { columns, labels, categorical } = labelled(options, (value) => value * 1e3 - 7);
    return { model: decodeModel(forest.fit(columns, labels, { categorical }).toBytes()), columns };
  };

const CASES: Record<string, Make> = {
  // fully grown: votes, of which an even number often ties
  'two-classes': classify(new RandomForestClassifier({ numTrees: 10, seed: 1 }), {}, (value) => Number(value > 1.5)),
  'two-classes-ties': classify(
    new RandomForestClassifier({ numTrees: 6, maxDepth: 3, seed: 2 }),
    { isCoarse: true, numRows: 40 },
    (value) => value > 9,
  ),
  'three-classes': classify(
    new RandomForestClassifier({ numTrees: 9, minSamplesLeaf: 3, seed: 3 }),
    {},
    (value) => ['low', 'middle', 'high'][Math.min(2, Math.max(0, Math.floor(value)))],
  ),
  'ten-classes': classify(
    new RandomForestClassifier({ numTrees: 5, classWeight: 'balanced', bootstrap: false, seed: 4 }),
    {},
    (value) => 100 - 7 * Math.min(9, Math.max(0, Math.floor(value * 3))),
  ),
  missing: classify(new RandomForestClassifier({ numTrees: 7, maxDepth: 6, seed: 5 }), { hasMissing: true }, (value) =>
    Number(value > 1.5),
  ),
  categories: classify(
    new RandomForestClassifier({ numTrees: 5, maxDepth: 5, maxFeatures: null, seed: 6 }),
    { hasCategories: true, hasMissing: true },
    (value) => Math.min(2, Math.max(0, Math.floor(value))),
  ),
  exact: classify(new ExtraTreesClassifier({ numTrees: 3, exact: true, seed: 7 }), { numRows: 400 }, (value) =>
    Number(value > 1.5),
  ),
  values: regress(new RandomForestRegressor({ numTrees: 8, minSamplesLeaf: 2, seed: 8 }), {}),
  'values-categories': regress(new ExtraTreesRegressor({ numTrees: 5, maxDepth: 6, seed: 9 }), {
    hasCategories: true,
    hasMissing: true,
  }),
};

const [folder = 'bench/out/onnx', size = '250'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
for (const [name, make] of Object.entries(CASES)) {
  const { model, columns } = make();
  const { trees, edges, numClasses, classLabels, isCategorical } = model;
  const rows = makeRows(model, columns, Number(size));
  writeFileSync(join(folder, `${name}.onnx`), toOnnx(model));
  const arvo = base64(encodeModel({ trees, edges, numClasses, classLabels }, { isCategorical }));
  const columnBytes = rows.map((column) => base64(new Uint8Array(column.buffer)));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ arvo, columns: columnBytes }));
}
