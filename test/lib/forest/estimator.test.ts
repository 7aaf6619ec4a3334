import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { ExtraTreesClassifier, RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { EstimatorOptions } from '../../../lib/forest/estimator-options.ts';
import { ExtraTreesRegressor, RandomForestRegressor } from '../../../lib/forest/regressor.ts';

/** As bench/reference/forest_scores.py wrote it. */
function readTable(name: string) {
  const path = new URL(`../../fixtures/forest/${name}.json`, import.meta.url);
  const { columns, target, weights, scores } = JSON.parse(readFileSync(path, 'utf8'));
  return {
    columns: (columns as number[][]).map((values) => Float32Array.from(values)),
    target: target as number[],
    weights: weights as number[],
    scores: scores as { model: string; options: EstimatorOptions; weighted: boolean; mean: number; std: number }[],
  };
}

const wine = readTable('wine');
const diabetes = readTable('diabetes');
const MODELS = { RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor, ExtraTreesRegressor };
const small = { numTrees: 6, seed: 3 };

for (const table of [wine, diabetes]) {
  for (const { model, options, weighted, mean, std } of table.scores) {
    const weights = weighted ? ', weighted' : '';
    test(`${model} of ${JSON.stringify(options)}${weights} scores ${mean.toFixed(3)} out of bag, as scikit-learn`, () => {
      const forestOf = (seed: number) =>
        new MODELS[model as keyof typeof MODELS]({ ...options, bootstrap: true, oobScore: true, seed }).fit(
          table.columns,
          table.target,
          weighted ? { sampleWeight: table.weights } : {},
        );
      const forests = [0, 1, 2].map(forestOf);
      const found = forests.reduce((sum, { oobScore }) => sum + oobScore, 0) / 3;
      // four standard errors of a mean of three, and half a percent for our bins
      assert.ok(Math.abs(found - mean) < (4 * std) / Math.sqrt(3) + 0.005, `score ${found}, std ${std}`);
      assert.equal(forests[0].oobCoverage, 1);
    });
  }
}

test('50 trees and 50 more give the bytes of 100, for each estimator class and after storing', () => {
  for (const [name, Model] of Object.entries(MODELS)) {
    const { columns, target } = name.endsWith('Classifier') ? wine : diabetes;
    const whole = new Model({ numTrees: 10, seed: 1 }).fit(columns, target).toBytes();
    const half = new Model({ numTrees: 5, seed: 1 }).fit(columns, target);
    assert.deepEqual(Model.fromBytes(half.toBytes()).addTrees(5, columns, target).toBytes(), whole);
    assert.deepEqual(half.addTrees(5, columns, target).toBytes(), whole);
  }
});

test('a forest fitted in threads has the same bytes, out-of-bag score and predictions', async () => {
  for (const [name, Model] of Object.entries(MODELS)) {
    const { columns, target } = name.endsWith('Classifier') ? wine : diabetes;
    for (const more of name.endsWith('Classifier') ? [{}, { criterion: 'entropy' as const }] : [{}]) {
      const options = { numTrees: 5, bootstrap: true, oobScore: true, ...more };
      const expected = new Model(options).fit(columns, target);
      const forest = await new Model(options).fitInThreads(columns, target, {}, 2);
      assert.deepEqual(forest.toBytes(), expected.toBytes());
      assert.deepEqual([forest.oobScore, forest.oobPrediction], [expected.oobScore, expected.oobPrediction]);
      const many = columns.map((column) =>
        Float32Array.from({ length: 5000 }, (_, row) => column[row % column.length]),
      );
      assert.deepEqual(await forest.predictInThreads(many, 2), expected.predict(many));
      if (!(forest instanceof RandomForestClassifier && expected instanceof RandomForestClassifier)) continue;
      assert.deepEqual(await forest.predictProbaInThreads(many, 2), expected.predictProba(many));
      await assert.rejects(forest.predictProbaInThreads(many.slice(1)), { name: 'InputError' });
    }
  }
});

test('predict and classes return labels of any one type, in order', () => {
  for (const names of [
    ['ant', 'bee', 'cat'],
    [-1, 2, 10],
    [false, true, true],
  ]) {
    const labels = wine.target.map((k) => names[k]);
    const forest = new RandomForestClassifier(small).fit(wine.columns, labels);
    assert.deepEqual(forest.classes, [...new Set<string | number | boolean>(names)]);
    const right = forest.predict(wine.columns).filter((label, row) => label === labels[row]).length;
    assert.ok(right > 170);
    assert.deepEqual(
      RandomForestClassifier.fromBytes(forest.toBytes()).predict(wine.columns),
      forest.predict(wine.columns),
    );
  }
});

test('rows as a flat array of values give the same forest as columns', () => {
  const numFeatures = wine.columns.length;
  const values = Float64Array.from(
    { length: numFeatures * wine.target.length },
    (_, i) => wine.columns[i % numFeatures][Math.floor(i / numFeatures)],
  );
  const byColumn = new RandomForestClassifier(small).fit(wine.columns, wine.target);
  const byRow = new RandomForestClassifier(small).fit({ values, numFeatures }, wine.target);
  assert.deepEqual(byRow.toBytes(), byColumn.toBytes());
  assert.deepEqual(byRow.predict({ values, numFeatures }), byColumn.predict(wine.columns));
});

test('exact separates all values of small data, also in more than 255 bins', () => {
  const column = Float32Array.from({ length: 1000 }, (_, i) => i);
  const target = Array.from(column, (value) => value % 7);
  const options = { numTrees: 1, bootstrap: false, seed: 0 };
  const exact = new RandomForestRegressor({ ...options, exact: true }).fit([column], target);
  assert.deepEqual([...exact.predict([column])], target);
  assert.deepEqual([...RandomForestRegressor.fromBytes(exact.toBytes()).predict([column])], target);
  const binned = new RandomForestRegressor(options).fit([column], target).predict([column]);
  assert.notDeepEqual([...binned], target);
});

test('exact rejects more distinct values than fit two bytes', () => {
  const column = Float32Array.from({ length: 70_000 }, (_, i) => i);
  const message = 'feature 0 has 70000 distinct values, exact takes up to 65535: leave it out';
  const fit = () => new RandomForestRegressor({ exact: true }).fit([column], column);
  assert.throws(fit, { name: 'InputError', message });
});

test('training learns the child of missing values; without any in training they follow most rows', () => {
  const known = Float32Array.of(1, 2, 3, Number.NaN, Number.NaN, 4);
  const options = { numTrees: 1, bootstrap: false, maxFeatures: null, seed: 0 };
  const learned = new RandomForestClassifier(options).fit([known], [0, 0, 0, 1, 1, 0]);
  assert.deepEqual(learned.predict([known]), [0, 0, 0, 1, 1, 0]);
  const complete = new RandomForestClassifier(options).fit([Float32Array.of(1, 2, 3, 4)], [1, 0, 0, 0]);
  assert.deepEqual(complete.predict([Float32Array.of(Number.NaN, 1, 9)]), [0, 1, 0]);
});

test('categories split by code in any order, and an unseen category follows most rows', () => {
  const codes = Float32Array.of(7, 3, 200, 7, 3, 200, 0, 254);
  const labels = ['a', 'b', 'a', 'a', 'b', 'a', 'b', 'a'];
  const stump = new RandomForestClassifier({ numTrees: 1, bootstrap: false, maxDepth: 1, seed: 0 });
  stump.fit([codes], labels, { categorical: [0] });
  assert.deepEqual(stump.predict([codes]), labels);
  assert.deepEqual(stump.predict([Float32Array.of(100, Number.NaN)]), ['a', 'a']);
  const stored = RandomForestClassifier.fromBytes(stump.toBytes());
  assert.deepEqual(stored.predict([codes]), labels);
  const values = codes.map((code) => [code === 3 ? 5 : code === 0 ? 4 : 1][0]);
  const regressor = new RandomForestRegressor({ numTrees: 1, bootstrap: false, maxDepth: 2, seed: 0 });
  regressor.fit([codes], values, { categorical: [0] });
  assert.deepEqual([...regressor.predict([codes])], [...values]);
});

test('a categorical feature separates more than two classes', () => {
  const random = new RandomStream(1, 3);
  const codes = Float32Array.from({ length: 300 }, () => random.nextBelow(40));
  const labels = Array.from(codes, (code) => (code * 7) % 5);
  for (const Model of [RandomForestClassifier, ExtraTreesClassifier]) {
    const forest = new Model({ numTrees: 3, bootstrap: false }).fit([codes], labels, { categorical: [0] });
    assert.deepEqual(forest.predict([codes]), labels);
  }
});

test('the out-of-bag score excludes rows that every tree saw, and coverage counts them', () => {
  const forest = new RandomForestClassifier({ numTrees: 3, oobScore: true, seed: 0 }).fit(wine.columns, wine.target);
  // a row is in every one of three bags with a chance of (1 - 1/e)^3 = 0.25
  assert.ok(Math.abs(forest.oobCoverage - 0.75) < 0.1);
  const covered = forest.oobPrediction.filter((fraction, i) => i % 3 === 0 && !Number.isNaN(fraction)).length;
  assert.equal(covered / wine.target.length, forest.oobCoverage);
  assert.ok(forest.oobScore > 0.85);
});

test('impurity-based importance is largest for the decisive feature, and 0 for a constant one', () => {
  const random = new RandomStream(2, 3);
  const columns = [0, 1, 2].map((feature) =>
    Float32Array.from({ length: 300 }, () => (feature === 2 ? 1 : random.nextUnit())),
  );
  const labels = Array.from(columns[1], (value) => value > 0.5);
  const forest = new RandomForestClassifier({ numTrees: 10 }).fit(columns, labels);
  assert.ok(forest.featureImportances[1] > 0.8 && forest.featureImportances[2] === 0);
});

test('decision paths lead from each root to the leaf that apply returns', () => {
  const forest = new RandomForestClassifier(small).fit(wine.columns, wine.target);
  const { rowStart, nodes, treeStart } = forest.decisionPath(wine.columns);
  const leaves = forest.apply(wine.columns);
  for (let row = 0; row < 178; row++) {
    const path = new Set(nodes.subarray(rowStart[row], rowStart[row + 1]));
    for (let t = 0; t < 6; t++) {
      assert.ok(path.has(treeStart[t]) && path.has(treeStart[t] + leaves[row * 6 + t]));
    }
  }
});

const column = Float32Array.of(1, 2, 3, 4);
const labels = [0, 1, 0, 1];
const fitWith = (options: object) => () =>
  new RandomForestClassifier(options as EstimatorOptions).fit([column], labels);
const fitted = new RandomForestClassifier({ numTrees: 2 }).fit([column], labels);
const REFUSED: [what: string, run: () => unknown, message: RegExp][] = [
  ['an unknown option', fitWith({ nEstimators: 5 }), /^unknown option nEstimators; known are numTrees, /],
  ['no trees', fitWith({ numTrees: 0 }), /^numTrees must be an integer from 1 to 100000, got 0$/],
  ['a regression criterion', fitWith({ criterion: 'poisson' }), /^criterion must be gini, entropy, log_loss/],
  ['too many bins', fitWith({ maxBins: 256 }), /^maxBins must be an integer from 2 to 255, got 256$/],
  ['oobScore without bootstrap', fitWith({ oobScore: true, bootstrap: false }), /^oobScore requires bootstrap/],
  [
    'weights of unknown classes',
    fitWith({ classWeight: [['x', 1]] }),
    /^classWeight names x, which is not one of the classes$/,
  ],
  [
    'a class weight given twice',
    fitWith({
      classWeight: [
        [0, 1],
        [0, 2],
      ],
    }),
    /^classWeight names 0 twice/,
  ],
  ['a negative class weight', fitWith({ classWeight: new Map([[0, -1]]) }), /^classWeight must be balanced, /],
  [
    'no class with weight',
    fitWith({
      classWeight: [
        [0, 0],
        [1, 0],
      ],
    }),
    /^classWeight must give at least one row a weight above 0$/,
  ],
  ['more features than there are', fitWith({ maxFeatures: 2 }), /^maxFeatures must be 'sqrt', .* got 2$/],
  [
    'constraints of another length',
    fitWith({ monotonicConstraints: [1, 1] }),
    /^monotonicConstraints must be null, or -1, 0 or 1 for each feature, 1 in all, got/,
  ],
  ['fewer labels', () => fitted.fit([column], [0, 1]), /^2 labels for 4 rows$/],
  ['a missing label', () => fitted.fit([column], [0, 1, undefined, 1]), /^label of row 2 must be a string, a finite/],
  ['a label that is NaN', () => fitted.fit([column], [0, 1, Number.NaN, 1]), /^label of row 2 must be .*, got NaN$/],
  [
    'labels of two types',
    () => fitted.fit([column], [0, 1, 'a', 1]),
    /^label of row 2 must be a number like the first label, got a$/,
  ],
  [
    'an infinite value',
    () => fitted.fit([Float32Array.of(1, Infinity)], [0, 1]),
    /^feature 0 of row 1 must be finite or NaN/,
  ],
  ['no rows', () => fitted.fit([new Float32Array(0)], []), /^rows must be at least 1, got 0$/],
  ['no features', () => fitted.fit([], []), /^rows must have at least one feature/],
  [
    'a negative weight',
    () => fitted.fit([column], labels, { sampleWeight: [1, -1, 1, 1] }),
    /row 1 must be a number ≥ 0, got -1$/,
  ],
  [
    'a weight that is NaN',
    () => fitted.fit([column], labels, { sampleWeight: [1, NaN, 1, 1] }),
    /row 1 must be a number ≥ 0, got NaN$/,
  ],
  ['weights that are all 0', () => fitted.fit([column], labels, { sampleWeight: [0, 0, 0, 0] }), /all are 0$/],
  [
    'fewer weights',
    () => fitted.fit([column], labels, { sampleWeight: [1] }),
    /^sampleWeight must have 4 numbers, got 1$/,
  ],
  [
    'a category that is none',
    () => fitted.fit([Float32Array.of(1, 2.5)], [0, 1], { categorical: [0] }),
    /^feature 0 must be a category/,
  ],
  [
    'a category beyond the features',
    () => fitted.fit([column], labels, { categorical: [1] }),
    /^categorical features must be/,
  ],
  [
    'predicting two features',
    () => fitted.predict([column, column]),
    /^rows must have 1 features as in training, got 2$/,
  ],
  [
    'predicting without fit',
    () => new RandomForestClassifier().predict([column]),
    /^the forest has no trees yet; call fit first$/,
  ],
  ['a score without oobScore', () => fitted.oobScore, /^the forest has no out-of-bag score; set the option oobScore/],
  [
    'a new label in added trees',
    () => fitted.addTrees(1, [column], [0, 1, 2, 1]),
    /^label of row 2 must be one of the classes seen in training, got 2$/,
  ],
  [
    'a value that is NaN',
    () => new RandomForestRegressor().fit([column], [1, 2, NaN, 4]),
    /^value of row 2 must be a number from -1e\+140 to 1e\+140, got NaN$/,
  ],
  [
    'class weights of a regressor',
    () => new RandomForestRegressor({ classWeight: 'balanced' }),
    /^classWeight does not apply to a regressor; remove it$/,
  ],
  [
    'negative values under poisson',
    () => new RandomForestRegressor({ criterion: 'poisson' }).fit([column], [1, -2, 0, 4]),
    /≥ 0, got -2$/,
  ],
  [
    'only zeros under poisson',
    () => new RandomForestRegressor({ criterion: 'poisson' }).fit([column], [0, 0, 0, 0]),
    /all are 0$/,
  ],
];
for (const [what, run, message] of REFUSED) {
  test(`${what} is rejected`, () => assert.throws(run, { name: 'InputError', message }));
}

test('a model of the other kind is rejected', () => {
  const refused = (message: string) => ({ name: 'FormatError', message });
  const bytes = fitted.toBytes();
  assert.throws(() => RandomForestRegressor.fromBytes(bytes), refused('model: a classifier, not a regressor'));
  assert.throws(() => ExtraTreesClassifier.fromBytes(bytes), refused('model: its splitter is best, not random'));
});

test('one class, constant features and fewer rows than leaves give a forest of single leaves', () => {
  const one = new RandomForestClassifier(small).fit([column], ['x', 'x', 'x', 'x']);
  assert.deepEqual(one.predict([column]), ['x', 'x', 'x', 'x']);
  assert.deepEqual([...one.featureImportances], [0]);
  const constant = new RandomForestRegressor({ ...small, bootstrap: false }).fit([new Float32Array(4)], [1, 2, 3, 6]);
  assert.deepEqual([...constant.predict([Float32Array.of(5)])], [3]);
  const few = new RandomForestClassifier({ ...small, minSamplesLeaf: 5, maxLeafNodes: 50 }).fit([column], labels);
  assert.deepEqual([...few.apply([column])], new Array(24).fill(0));
});
