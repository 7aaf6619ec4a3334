import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../../lib/base/random.ts';
import type { Forest } from '../../../../lib/forest/forest.ts';
import { growForest } from '../../../../lib/forest/grow-forest.ts';
import { decodeModel, encodeModel } from '../../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS } from '../../../../lib/forest/params.ts';
import { predictProba, predictValues } from '../../../../lib/forest/predict.ts';
import { predictRowsFromQueue } from '../../../../lib/forest/predict-rows.ts';
import type { TrainingTable } from '../../../../lib/forest/training-table.ts';
import { predictInKernel } from '../../../../lib/forest/wasm/predict-in-kernel.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../../../../lib/forest/wasm/predict-in-threads.ts';
import { flagged, growTwin, randomTable, randomValueTable } from '../tables.ts';

function randomForest(seed: number, numRows: number, numFeatures: number, numClasses: number) {
  const table = randomTable(seed, numRows, numFeatures, numClasses);
  const trees = growTwin(table, { ...FOREST_DEFAULTS, maxDepth: seed % 3 === 0 ? 3 : null }, [0, 4]);
  const forest: Forest = { ...table, trees };
  // edges lie at 0.5, 1.5, …, so that codes are values
  return { forest, columns: table.rows.columns.map((column) => Float32Array.from(column)) };
}

/** Predict few rows at a time, which `predictProba` does without the kernel. */
function predictPlainly(forest: Forest, columns: Float32Array[]): Float64Array {
  const probabilities = new Float64Array(columns[0].length * forest.numClasses);
  for (let start = 0; start < columns[0].length; start += 100) {
    const part = columns.map((column) => column.subarray(start, start + 100));
    probabilities.set(predictProba(forest, part), start * forest.numClasses);
  }
  return probabilities;
}

test('the kernel predicts the same as its twin, to the last bit, on 60 forests', () => {
  for (let seed = 0; seed < 60; seed++) {
    const numRows = [256, 257, 300, 1023, 4100][seed % 5];
    const numFeatures = [1, 2, 5, 20, 33, 70][seed % 6];
    const { forest, columns } = randomForest(seed, numRows, numFeatures, [1, 2, 2, 3, 10, 40, 300][seed % 7]);
    const expected = predictPlainly(forest, columns);
    const out = new Float64Array(expected.length);
    assert.ok(predictInKernel(forest, columns, out));
    assert.deepEqual(out, expected);
  }
});

test('the kernel predicts the same values as its twin, to the last bit, also from a stored forest', async () => {
  for (const [seed, numRows] of [256, 300, 4100, 9000].entries()) {
    const table = randomValueTable(seed, numRows, [1, 5, 20, 70][seed], (random) => random.nextBelow(1e6) / 7 - 7e4);
    const trees = growForest({
      table,
      params: { ...FOREST_DEFAULTS, maxDepth: seed === 1 ? 3 : null },
      treeStart: 0,
      treeEnd: 5,
    });
    const forest: Forest = { ...table, numClasses: 0, trees };
    const columns = table.columns.map((column) => Float32Array.from(column));
    const expected = new Float64Array(numRows);
    predictRowsFromQueue({ kind: 'predict-rows', forest, columns, queue: new Int32Array(1), out: expected });
    const out = new Float64Array(numRows);
    assert.ok(predictInKernel(forest, columns, out), 'the kernel takes values');
    assert.deepEqual(out, expected);
    assert.deepEqual(
      predictValues(decodeModel(encodeModel({ trees, edges: table.edges, numClasses: 0 })), columns),
      expected,
    );
    assert.deepEqual(await predictValuesInThreads(forest, columns, 3), expected);
  }
});

test('with missing values and categories the kernel predicts the same as its twin on 60 forests', async () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new RandomStream(seed, 6);
    const numRows = [256, 300, 1023, 4100, 8200][seed % 5]; // of one block of 4,096 rows, two and three
    const plain = randomValueTable(seed, numRows, [33, 1, 2, 5, 20][seed % 5], (of) => of.nextBelow(1e6) / 7 - 7e4);
    const table: TrainingTable = seed % 4 === 0 ? plain : flagged(plain, random, seed % 2 === 0);
    const numClasses = table.target.numClasses ?? 0;
    const trees = growForest({
      table,
      params: { ...FOREST_DEFAULTS, maxDepth: seed % 3 === 0 ? 3 : null },
      treeStart: 0,
      treeEnd: 3,
    });
    const forest: Forest = { ...table, numClasses, trees };
    const lacking = (row: number, feature: number) => (row * 7 + feature) % 5 === 0; // also where training saw none
    const columns = table.columns.map((column, feature) =>
      Float32Array.from(column, (code, row) => (code === 255 || lacking(row, feature) ? Number.NaN : code)),
    );
    const expected = new Float64Array(numRows * (numClasses || 1));
    predictRowsFromQueue({ kind: 'predict-rows', forest, columns, queue: new Int32Array(1), out: expected });
    const out = new Float64Array(expected.length);
    assert.ok(predictInKernel(forest, columns, out), 'the kernel takes them');
    assert.deepEqual(out, expected);
    const stored = decodeModel(
      encodeModel({ trees, edges: table.edges, numClasses }, { isCategorical: table.isCategorical }),
    );
    assert.ok(predictInKernel(stored, columns, out), 'and of a stored forest');
    assert.deepEqual(out, expected);
    // rows without, and with again: a forest laid out for either predicts the same
    const whole = columns.map((column) => column.map((value) => (Number.isNaN(value) ? 0 : value)));
    predictRowsFromQueue({ kind: 'predict-rows', forest, columns: whole, queue: new Int32Array(1), out: expected });
    for (const kept of [forest, { ...forest, trees: [...trees] }]) {
      assert.ok(predictInKernel(kept, whole, out), 'and rows with all values');
      assert.deepEqual(out, expected);
    }
  }
});

test('the kernel rejects an invalid category with the same error as its twin', () => {
  const table = flagged(
    randomValueTable(1, 300, 9, () => 1),
    new RandomStream(1, 6),
    false,
  );
  const feature = table.isCategorical!.indexOf(true);
  const forest: Forest = {
    ...table,
    numClasses: 0,
    trees: growForest({ table, params: FOREST_DEFAULTS, treeStart: 0, treeEnd: 1 }),
  };
  for (const value of [0.5, -1, 255, Number.POSITIVE_INFINITY]) {
    const columns = table.columns.map(() => new Float32Array(300));
    columns[feature][299] = value;
    const message = new RegExp(`feature ${feature} must be a category, .* got ${value}`);
    assert.throws(() => predictInKernel(forest, columns, new Float64Array(300)), message);
  }
});

test('the kernel predicts the same from a stored forest, whose trees share a leaf table', () => {
  const { forest, columns } = randomForest(1, 700, 6, 3);
  const stored = decodeModel(encodeModel({ trees: forest.trees, edges: forest.edges, numClasses: 3 }));
  assert.deepEqual(predictProba(stored, columns), predictProba(forest, columns));
});

test('predictions are the same from 1 thread, from 2 and from 5', async () => {
  const { forest, columns } = randomForest(2, 20_000, 6, 3);
  const alone = predictProba(forest, columns);
  for (const numThreads of [1, 2, 5]) {
    assert.deepEqual(await predictProbaInThreads(forest, columns, numThreads), alone);
  }
});

test('threads predict few rows or none, and reject columns that do not match', async () => {
  const { forest, columns } = randomForest(3, 300, 4, 2);
  const head = columns.map((column) => column.subarray(0, 3));
  assert.deepEqual(await predictProbaInThreads(forest, head), predictProba(forest, head));
  assert.deepEqual(
    [
      ...(await predictProbaInThreads(
        forest,
        columns.map(() => new Float32Array()),
      )),
    ],
    [],
  );
  await assert.rejects(predictProbaInThreads(forest, columns.slice(1)), RangeError);
});

test('values at an edge, beyond all edges and infinite fall into the same bins', () => {
  const { forest } = randomForest(4, 500, 3, 2);
  const values = [Number.NEGATIVE_INFINITY, -1, -0, 0, 0.5, 0.50001, 1.5, 39.5, 253.5, 254, Number.POSITIVE_INFINITY];
  const columns = [1, 3, 7].map((step) =>
    Float32Array.from({ length: 400 }, (_, i) => values[(i * step) % values.length]),
  );
  assert.deepEqual(predictProba(forest, columns), predictPlainly(forest, columns));
});

test('a forest predicts the same again, on more or fewer rows, and while it predicts others', async () => {
  const { forest, columns } = randomForest(5, 9000, 6, 3);
  const part = (numRows: number) => columns.map((column) => column.subarray(0, numRows));
  const expected = predictPlainly(forest, columns);
  for (const numRows of [300, 9000, 256, 5000]) {
    assert.deepEqual(predictProba(forest, part(numRows)), expected.slice(0, 3 * numRows));
  }
  const [many, few, again] = await Promise.all([
    predictProbaInThreads(forest, columns, 2),
    predictProbaInThreads(forest, part(700), 2),
    predictProbaInThreads({ ...forest, edges: [...forest.edges] }, columns, 2),
  ]);
  assert.deepEqual([many, few, again], [expected, expected.slice(0, 2100), expected]);
});
