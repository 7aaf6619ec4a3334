import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STREAM } from '../../../lib/base/random.ts';
import { arvoredoEngine, forecastTrainer } from '../../../lib/forest/arvoredo-engine.ts';
import { encodeColumns, quantileEdges } from '../../../lib/forest/bins.ts';
import type { EngineName } from '../../../lib/forest/engine.ts';
import { ENGINES } from '../../../lib/forest/engines.ts';
import { growForest } from '../../../lib/forest/grow-forest.ts';
import { decodeModel, encodeModel, encodeTrees } from '../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS, type ForestParams } from '../../../lib/forest/params.ts';
import { predict } from '../../../lib/forest/predict.ts';
import { LEAF, type Tree } from '../../../lib/forest/tree.ts';
import { TreeRandom } from '../../../lib/forest/tree-random.ts';
import { blobs, randomTable } from './tables.ts';

const raw = blobs(1, 200, 6, 3);
const edges = raw.columns.map((column) => quantileEdges(column));
const rows = { ...raw, columns: encodeColumns(raw.columns, edges) };
const info = { numClasses: 3, edges };

const grow = (name: EngineName, options: Partial<ForestParams>, treeStart = 0, treeEnd = 4) => {
  const params = { ...FOREST_DEFAULTS, maxFeatures: ENGINES[name].defaultMaxFeatures, ...options };
  return ENGINES[name].growTrees(rows, info, params, { treeStart, treeEnd });
};

const forecast = (
  name: EngineName,
  numRows: number,
  numFeatures: number,
  options: Partial<ForestParams> & { numTrees: number },
) => {
  const params = { ...FOREST_DEFAULTS, maxFeatures: ENGINES[name].defaultMaxFeatures, ...options };
  return ENGINES[name].forecastSeconds({ numRows, numFeatures, numClasses: 2 }, params);
};

for (const name of Object.keys(ENGINES) as EngineName[]) {
  test(`${name} gives the same bytes for any grouping of trees, and other bytes for another seed`, async () => {
    const whole = encodeTrees(await grow(name, { seed: 1 }));
    const parts = await Promise.all([grow(name, { seed: 1 }, 0, 1), grow(name, { seed: 1 }, 1, 4)]);
    assert.deepEqual(encodeTrees(parts.flat()), whole);
    assert.notDeepEqual(encodeTrees(await grow(name, { seed: 2 })), whole);
  });

  test(`a forest of ${name} can be stored, read back and used, and predicts its training rows`, async () => {
    const trees = await grow(name, { bootstrap: false, maxFeatures: null });
    const predicted = predict(decodeModel(encodeModel({ trees, edges, numClasses: 3 })), raw.columns);
    assert.deepEqual(predicted, raw.labels);
  });

  test(`${name} applies maxDepth, minSamplesSplit and bootstrap`, async () => {
    const [full] = await grow(name, { maxFeatures: null }, 0, 1);
    const [stump] = await grow(name, { maxDepth: 1, maxFeatures: null }, 0, 1);
    assert.equal(stump.numNodes, 3);
    assert.deepEqual([stump.feature[0], stump.cut[0]], [full.feature[0], full.cut[0]]);
    assert.ok((await grow(name, { minSamplesSplit: 50 }, 0, 1))[0].numNodes < full.numNodes);
    const [each] = await grow(name, { bootstrap: false, maxDepth: 1 }, 0, 1);
    assert.deepEqual(
      leafSamples(each).reduce((a, b) => a + b),
      200,
    );
  });

  test(`${name} forecasts more time for more rows, features and trees`, () => {
    const seconds = forecast(name, 1000, 16, { numTrees: 10 });
    assert.ok(seconds > 0);
    assert.ok(forecast(name, 2000, 16, { numTrees: 10 }) > seconds);
    assert.ok(forecast(name, 1000, 100, { numTrees: 10 }) > seconds);
    assert.ok(forecast(name, 1000, 16, { numTrees: 20 }) > seconds);
    assert.equal(ENGINES[name].name, name);
  });
}

function leafSamples({ feature, next, leaves }: Tree): number[] {
  const nodes = [...feature.keys()].filter((node) => feature[node] === LEAF);
  return nodes.map((node) =>
    [...leaves.counts.subarray(leaves.start[next[node]], leaves.start[next[node] + 1])].reduce((a, b) => a + b),
  );
}

test('the forecast of ml-random-forest is days for data that takes the default engine seconds', () => {
  const day = 86_400;
  assert.ok(forecast('ml-random-forest', 90_000, 20, { numTrees: 100 }) > day);
  assert.ok(forecast('arvoredo', 90_000, 20, { numTrees: 100 }) < 60);
});

test('converted trees of the package keep their predictions', async () => {
  const { RandomForestClassifier } = await import('ml-random-forest');
  const table = randomTable(3, 150, 5, 3);
  const params = { ...FOREST_DEFAULTS, maxFeatures: 3, seed: 9 };
  const [tree] = await ENGINES['ml-random-forest'].growTrees(table.rows, table, params, { treeStart: 2, treeEnd: 3 });
  // the package by itself, given the same sample
  const draw = new TreeRandom().start(9, STREAM.bootstrap, 2);
  const sample = Array.from({ length: 150 }, () => draw.nextBelow(150));
  const row = (i: number) => table.rows.columns.map((column) => column[i]);
  const seed = new TreeRandom().start(9, STREAM.tree, 2).nextUint32() | 0;
  const treeOptions = { minNumSamples: 1, gainThreshold: 0 };
  const forest = new RandomForestClassifier({
    nEstimators: 1,
    seed,
    maxFeatures: 3,
    replacement: false,
    useSampleBagging: false,
    treeOptions,
  });
  forest.train(
    sample.map(row),
    sample.map((i) => table.rows.labels[i]),
  );
  // edges lie at 0.5, 1.5, …, so that codes are values
  const columns = table.rows.columns.map((column) => Float32Array.from(column));
  const expected = forest.predict(Array.from({ length: 150 }, (_, i) => row(i)));
  assert.deepEqual([...predict({ ...table, trees: [tree] }, columns)], expected);
});

test('the forecast covers the general trainer, slow logarithms, small samples and shallow trees', () => {
  const seconds = (options: Partial<ForestParams>) => forecast('arvoredo', 90_000, 20, { numTrees: 100, ...options });
  // 12 ms a tree by the kernel, 170 to 300 by the general trainer, 10 s with a logarithm for each row
  assert.ok(seconds({ ccpAlpha: 0.01 }) > 5 * seconds({}));
  assert.ok(seconds({ criterion: 'entropy' }) > seconds({ ccpAlpha: 0.01 }));
  assert.ok(seconds({ criterion: 'entropy', classWeight: 'balanced' }) < 2 * seconds({ criterion: 'entropy' }));
  assert.ok(
    seconds({ criterion: 'entropy', classWeight: 'balanced_subsample' }) > 10 * seconds({ criterion: 'entropy' }),
  );
  assert.ok(seconds({ maxSamples: 0.1 }) < seconds({ maxSamples: 0.5 }) / 4);
  assert.equal(seconds({ maxSamples: 900 }), seconds({ maxSamples: 0.01 }));
  assert.ok(seconds({ maxDepth: 4 }) < seconds({}) / 3);
});

test('ml-random-forest tries a single feature when maxFeatures is 1', async () => {
  const trees = await grow('ml-random-forest', { maxFeatures: 1 });
  for (const { feature } of trees) {
    const used = new Set(feature);
    used.delete(LEAF);
    assert.equal(used.size, 1);
  }
});

test('ml-random-forest rejects unsupported parameters', async () => {
  const message = 'minSamplesLeaf must be 1 for the engine ml-random-forest, got 2';
  await assert.rejects(grow('ml-random-forest', { minSamplesLeaf: 2 }), { name: 'InputError', message });
});

test('the default engine supports parameters beyond the kernel, and ml-random-forest rejects them', async () => {
  const options: Partial<ForestParams> = { criterion: 'entropy', maxLeafNodes: 4 };
  const trees = await grow('arvoredo', options);
  assert.ok(trees.every(({ numNodes }) => numNodes === 7));
  const table = { numRows: 200, columns: rows.columns, edges, target: { labels: raw.labels, numClasses: 3 } };
  const params = { ...FOREST_DEFAULTS, ...options };
  assert.deepEqual(encodeTrees(trees), encodeTrees(growForest({ table, params, treeStart: 0, treeEnd: 4 })));
  const message = 'the ml-random-forest engine does not support criterion; remove it';
  await assert.rejects(grow('ml-random-forest', options), { name: 'InputError', message });
});

test('data that does not fit the kernel has the forecast of the general trainer', () => {
  const of = (numRows: number, numClasses: number, isPlain: boolean, splitter: 'best' | 'random' = 'best') =>
    forecastTrainer({ numRows, numFeatures: 20, numClasses, isPlain }, { ...FOREST_DEFAULTS, splitter });
  assert.deepEqual([of(2e7, 0, true), of(3e7, 0, true)], ['values', 'general']);
  assert.deepEqual([of(1e7, 2, false), of(3e7, 2, false)], ['values', 'general']);
  assert.deepEqual([of(2e7, 3, true, 'random'), of(6e7, 3, true, 'random')], ['extra', 'general']);
  assert.deepEqual([of(2e7, 2, true), of(6e7, 2, true), of(1000, 3, false)], ['classes', 'general', 'general']);
  const seconds = (numRows: number) =>
    arvoredoEngine.forecastSeconds({ numRows, numFeatures: 20, numClasses: 0 }, FOREST_DEFAULTS) / numRows;
  assert.ok(seconds(3e7) > 5 * seconds(2e7), 'and takes as long');
});
