import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeColumns, quantileEdges } from '../../../lib/forest/bins.ts';
import type { Forest } from '../../../lib/forest/forest.ts';
import { decodeModel, encodeModel } from '../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS, type ForestParams } from '../../../lib/forest/params.ts';
import { predict, predictProba } from '../../../lib/forest/predict.ts';
import { LEAF } from '../../../lib/forest/tree.ts';
import type { RawRows } from '../../../lib/partition/rows.ts';
import { blobs, growTwin } from './tables.ts';

function fit(rows: RawRows<Uint16Array>, numClasses: number, options: Partial<ForestParams>): Forest {
  const edges = rows.columns.map((column) => quantileEdges(column));
  const binned = { ...rows, columns: encodeColumns(rows.columns, edges) };
  const params = { ...FOREST_DEFAULTS, ...options };
  return { numClasses, edges, trees: growTwin({ rows: binned, numClasses, edges }, params, [0, params.numTrees]) };
}

/** The plain way: one row at a time, on values and thresholds. */
function predictPlainly({ numClasses, edges, trees }: Forest, values: number[]): number[] {
  const sums = new Array<number>(numClasses).fill(0);
  for (const { feature, cut, next, leaves } of trees) {
    let node = 0;
    while (feature[node] !== LEAF) {
      node = values[feature[node]] <= edges[feature[node]][cut[node]] ? node + 1 : next[node];
    }
    const entries = [...leaves.counts.subarray(leaves.start[next[node]], leaves.start[next[node] + 1])];
    const samples = entries.reduce((a, b) => a + b);
    for (const [i, count] of entries.entries()) sums[leaves.classes[leaves.start[next[node]] + i]] += count / samples;
  }
  return sums.map((sum) => sum / trees.length);
}

const accuracy = (forest: Forest, { columns, labels, numRows }: RawRows) =>
  predict(forest, columns).reduce((sum, label, row) => sum + (label === labels[row] ? 1 : 0), 0) / numRows;

for (const numClasses of [2, 5]) {
  test(`probabilities of ${numClasses} classes are exactly the mean over trees, for new rows`, () => {
    const forest = fit(blobs(1, 400, 5, numClasses), numClasses, { numTrees: 7, maxDepth: 6 });
    const { columns, numRows } = blobs(2, 2500, 5, numClasses);
    const probabilities = predictProba(forest, columns);
    const classes = predict(forest, columns);
    for (let row = 0; row < numRows; row++) {
      const expected = predictPlainly(
        forest,
        columns.map((column) => column[row]),
      );
      assert.deepEqual([...probabilities.subarray(row * numClasses, (row + 1) * numClasses)], expected);
      assert.equal(classes[row], expected.indexOf(Math.max(...expected)));
    }
  });
}

test('a model predicts the same before and after it was stored', () => {
  const forest = fit(blobs(1, 400, 5, 3), 3, { numTrees: 5 });
  const { columns } = blobs(2, 100, 5, 3);
  const stored = decodeModel(encodeModel({ trees: forest.trees, edges: forest.edges, numClasses: 3 }));
  assert.deepEqual(predictProba(stored, columns), predictProba(forest, columns));
});

test('equal probabilities go to the lowest class', () => {
  const rows = {
    numRows: 2,
    rowIndex: Uint32Array.of(0, 1),
    columns: [Float32Array.of(1, 1)],
    labels: Uint16Array.of(1, 2),
  };
  const forest = fit(rows, 3, { numTrees: 1, bootstrap: false });
  assert.deepEqual([...predictProba(forest, [Float32Array.of(1)])], [0, 0.5, 0.5]);
  assert.deepEqual([...predict(forest, [Float32Array.of(1)])], [1]);
});

test('no rows give no predictions', () => {
  const forest = fit(blobs(1, 50, 2, 2), 2, { numTrees: 2 });
  assert.equal(predict(forest, [new Float32Array(0), new Float32Array(0)]).length, 0);
});

test('columns and output of another shape are rejected', () => {
  const forest = fit(blobs(1, 50, 2, 2), 2, { numTrees: 2 });
  const column = new Float32Array(3);
  const error = (message: string) => ({ name: 'RangeError', message });
  assert.throws(() => predict(forest, [column]), error('predict needs 2 columns of one length, got 1 of length 3'));
  assert.throws(
    () => predict(forest, [column, new Float32Array(4)]),
    error('predict needs 2 columns of one length, got 2 of length 3, 4'),
  );
  assert.throws(
    () => predictProba(forest, [column, column], new Float64Array(5)),
    error('out must hold 3 rows of 2 classes, got 5 numbers'),
  );
});

// Centres are means of scikit-learn 1.9.1's RandomForestClassifier(100, random_state=s) on the same rows, s from 0 to 4,
// which lie within 0.004 of them.
const REFERENCES = [
  { numClasses: 2, centre: 0.8399 },
  { numClasses: 8, centre: 0.5831 },
];
for (const { numClasses, centre } of REFERENCES) {
  test(`accuracy ${centre} ± 0.008, as scikit-learn's, on blobs of ${numClasses} classes among noise`, () => {
    const found = accuracy(fit(blobs(1, 3000, 10, numClasses), numClasses, {}), blobs(2, 4000, 10, numClasses));
    assert.ok(Math.abs(found - centre) < 0.008, `accuracy ${found}`);
  });
}

test('a row with missing values has the same prediction alone and among hundreds of rows', () => {
  const forest = fit(blobs(1, 400, 5, 3), 3, { numTrees: 5 });
  const { columns } = blobs(2, 600, 5, 3);
  const complete = predictProba(forest, columns);
  for (let row = 0; row < 600; row += 7) columns[row % 5][row] = Number.NaN;
  const found = predictProba(forest, columns);
  for (let row = 0; row < 600; row++) {
    const alone = predictProba(
      forest,
      columns.map((values) => values.slice(row, row + 1)),
    );
    assert.deepEqual(found.subarray(3 * row, 3 * row + 3), alone);
    if (row % 7 > 0) assert.deepEqual(alone, complete.subarray(3 * row, 3 * row + 3));
  }
});
