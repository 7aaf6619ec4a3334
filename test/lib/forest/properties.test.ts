import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { RandomStream } from '../../../lib/base/random.ts';
import { ExtraTreesClassifier, RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { oobSumsInThreads } from '../../../lib/forest/general-in-threads.ts';
import { growForest, growForestInThreads } from '../../../lib/forest/grow-forest.ts';
import { nodeDecreases } from '../../../lib/forest/importances.ts';
import { decodeModel, decodeTrees, encodeModel, encodeTrees } from '../../../lib/forest/model-file.ts';
import { addOobSums, oobSums } from '../../../lib/forest/oob.ts';
import {
  CLASS_CRITERIA,
  FOREST_DEFAULTS,
  type ForestParams,
  resolveParams,
  VALUE_CRITERIA,
} from '../../../lib/forest/params.ts';
import { predictProba, predictValues } from '../../../lib/forest/predict.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { RowSampler } from '../../../lib/forest/sampling.ts';
import { MISSING_BYTE, missingCode, type TrainingTable } from '../../../lib/forest/training-table.ts';
import { LEAF } from '../../../lib/forest/tree.ts';
import { leafWeights, TreeWalker } from '../../../lib/forest/walk.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../../../lib/forest/wasm/predict-in-threads.ts';

/** A table of any kind: few or many codes, missing values, categories, weights, classes or values. */
function makeTable(seed: number, numRows: number, numFeatures: number, numClasses: number): TrainingTable {
  const random = new RandomStream(seed, 1);
  const chance = (share: number) => random.nextUnit() < share;
  const isCategorical = Array.from({ length: numFeatures }, () => chance(0.3));
  const numCodes = isCategorical.map(() => [1, 3, 30, 255][random.nextBelow(4)]);
  const missing = chance(0.5) ? 0.2 : 0;
  const columns = numCodes.map((codes) =>
    Uint8Array.from({ length: numRows }, () => (chance(missing) ? MISSING_BYTE : random.nextBelow(codes))),
  );
  const edges = numCodes.map((codes, feature) =>
    Float32Array.from({ length: isCategorical[feature] ? 0 : codes - 1 }, (_, i) => i + 0.5),
  );
  const labels = Uint16Array.from(
    { length: numRows },
    (_, row) => (columns[0][row] + (chance(0.3) ? 1 : 0)) % (numClasses || 7),
  );
  const weights = Float64Array.from({ length: numRows }, (_, row) =>
    row > 0 && chance(0.2) ? 0 : random.nextUnit() + 0.1,
  );
  return {
    numRows,
    columns,
    edges,
    isCategorical,
    target: numClasses > 0 ? { labels, numClasses } : { values: Float64Array.from(labels, (label) => label * 0.3) },
    ...(chance(0.5) && { weights }),
  };
}

const someTable = fc
  .tuple(fc.nat(1e6), fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 1, 2, 3, 12))
  .map((shape) => makeTable(...shape));

const someParams = fc.record({
  seed: fc.nat(1000),
  bootstrap: fc.boolean(),
  splitter: fc.constantFrom('best' as const, 'random' as const),
  classCriterion: fc.constantFrom(...CLASS_CRITERIA),
  valueCriterion: fc.constantFrom(...VALUE_CRITERIA),
  maxDepth: fc.constantFrom(null, 1, 4),
  minSamplesSplit: fc.constantFrom(2, 5, 0.3),
  minSamplesLeaf: fc.constantFrom(1, 3, 0.1),
  minWeightFractionLeaf: fc.constantFrom(0, 0.1),
  maxFeatures: fc.constantFrom<ForestParams['maxFeatures'][]>('sqrt', null, 1),
  maxLeafNodes: fc.constantFrom(null, 2, 7),
  minImpurityDecrease: fc.constantFrom(0, 0.01),
  ccpAlpha: fc.constantFrom(0, 0.01),
  classWeight: fc.constantFrom(null, 'balanced' as const, 'balanced_subsample' as const),
  isMonotonic: fc.boolean(),
});

function toParams(
  options: typeof someParams extends fc.Arbitrary<infer T> ? T : never,
  table: TrainingTable,
): ForestParams {
  const { classCriterion, valueCriterion, classWeight, isMonotonic, ...others } = options;
  const isClasses = table.target.labels !== undefined;
  const isConstrained = isMonotonic && (table.target.numClasses ?? 0) <= 2;
  // categories have no order
  const signOf = (feature: number) => (table.isCategorical?.[feature] ? 0 : (feature % 3) - 1);
  // poisson needs a value above 0
  const isZero = table.target.values?.every((value) => value === 0) ?? false;
  return {
    ...FOREST_DEFAULTS,
    ...others,
    numTrees: 3,
    criterion: isClasses ? classCriterion : isZero ? 'squared_error' : valueCriterion,
    classWeight: isClasses ? classWeight : null,
    monotonicConstraints: isConstrained ? table.columns.map((_, feature) => signOf(feature)) : null,
  };
}

const close = (a: number, b: number, scale: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, scale);

test('every sampled row reaches a leaf, leaf weights add up, and each leaf has enough rows', () => {
  fc.assert(
    fc.property(someTable, someParams, (table, options) => {
      const params = toParams(options, table);
      const numClasses = table.target.numClasses ?? 0;
      const resolved = resolveParams(params, table.numRows, table.columns.length, numClasses);
      const sampler = new RowSampler(table, resolved);
      const weights = new Float64Array(table.numRows);
      for (const [i, tree] of growForest({ table, params, treeStart: 0, treeEnd: 3 }).entries()) {
        sampler.draw(i, weights);
        const walker = new TreeWalker(tree, numClasses === 0);
        const found = new Float64Array(tree.numNodes);
        const rows = new Uint32Array(tree.numNodes);
        for (let row = 0; row < table.numRows; row++) {
          if (weights[row] === 0) continue;
          const leaf = walker.leafOfRow(table.columns, row, missingCode(table));
          found[leaf] += weights[row];
          rows[leaf]++;
        }
        const ofLeaf = leafWeights(tree.leaves, numClasses === 0);
        for (let node = 0; node < tree.numNodes; node++) {
          if (tree.feature[node] !== LEAF) continue;
          assert.ok(close(found[node], ofLeaf[tree.next[node]], table.numRows));
          assert.ok(tree.numNodes === 1 || rows[node] >= resolved.minSamplesLeaf);
        }
        assert.ok(tree.numNodes <= 2 * (params.maxLeafNodes ?? Number.POSITIVE_INFINITY) - 1);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('impurity never rises from a node to its children', () => {
  fc.assert(
    fc.property(someTable, someParams, (table, options) => {
      const params = toParams(options, table);
      const numClasses = table.target.numClasses ?? 0;
      for (const tree of growForest({ table, params, treeStart: 0, treeEnd: 2 })) {
        for (const decrease of nodeDecreases(tree, numClasses, params.criterion!)) assert.ok(decrease >= -1e-9);
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('a forest and its out-of-bag sums have the same bytes for any grouping of its trees', () => {
  fc.assert(
    fc.property(someTable, someParams, fc.integer({ min: 0, max: 3 }), (table, options, middle) => {
      const params = toParams(options, table);
      const numClasses = table.target.numClasses ?? 0;
      const grow = (start: number, end: number) => growForest({ table, params, treeStart: start, treeEnd: end });
      const details = { isCategorical: table.isCategorical };
      const whole = encodeModel({ trees: grow(0, 3), edges: table.edges, numClasses }, details);
      const groups = [encodeTrees(grow(0, middle)), encodeTrees(grow(middle, 3))];
      assert.deepEqual(
        encodeModel({ trees: groups.flatMap(decodeTrees), edges: table.edges, numClasses }, details),
        whole,
      );
      const { trees, edges, classLabels, isCategorical } = decodeModel(whole);
      assert.deepEqual(encodeModel({ trees, edges, numClasses, classLabels }, { isCategorical }), whole);
      if (!params.bootstrap) return;
      const parts = oobSums(table, params, trees.slice(0, middle), 0);
      addOobSums(parts, oobSums(table, params, trees.slice(middle), middle));
      assert.deepEqual(parts, oobSums(table, params, trees, 0));
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('a forest, its out-of-bag sums and its predictions are the same from 1 thread, from 2 and from 4', async () => {
  await fc.assert(
    fc.asyncProperty(someTable, someParams, fc.constantFrom(2, 4), async (table, options, numThreads) => {
      const params = toParams(options, table);
      const { isCategorical, edges, target } = table;
      const numClasses = target.numClasses ?? 0;
      const trees = growForest({ table, params, treeStart: 1, treeEnd: 6 });
      const inThreads = await growForestInThreads({ table, params, treeStart: 1, treeEnd: 6, numThreads });
      assert.deepEqual(encodeTrees(inThreads), encodeTrees(trees));
      if (params.bootstrap) {
        const sums = await oobSumsInThreads({ table, params, trees, treeStart: 1, numThreads });
        assert.deepEqual(sums, oobSums(table, params, trees, 1));
      }
      const forest = { numClasses, edges, isCategorical, trees };
      // codes are values, and there are rows for several threads
      const columns = table.columns.map((column) =>
        Float32Array.from({ length: 5000 }, (_, row) => toValue(column[(row * 7) % table.numRows])),
      );
      const [alone, together] =
        numClasses > 0
          ? [predictProba(forest, columns), await predictProbaInThreads(forest, columns, numThreads)]
          : [predictValues(forest, columns), await predictValuesInThreads(forest, columns, numThreads)];
      assert.deepEqual(together, alone);
    }),
    { numRuns: 60, seed: 4 },
  );
});

const toValue = (code: number) => (code === MISSING_BYTE ? Number.NaN : code);

test('predictions respect monotonic constraints', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.constantFrom(1, -1), fc.constantFrom(0, 2), (seed, sign, numClasses) => {
      const random = new RandomStream(seed, 1);
      const columns = [0, 1].map(() => Float32Array.from({ length: 120 }, () => random.nextBelow(20)));
      const noisy = Array.from(columns[0], (value, row) => value * sign + columns[1][row] + random.nextBelow(25));
      const options = { numTrees: 3, seed, maxFeatures: null, monotonicConstraints: [sign, 0] };
      const grid = [0, 1].map((feature) =>
        Float32Array.from({ length: 400 }, (_, i) => (feature === 0 ? i % 20 : Math.floor(i / 20))),
      );
      const found =
        numClasses === 0
          ? new RandomForestRegressor(options).fit(columns, noisy).predict(grid)
          : new RandomForestClassifier(options)
              .fit(
                columns,
                noisy.map((value) => Number(value > 20)).map((label, row) => (row < 2 ? row : label)),
              )
              .predictProba(grid)
              .filter((_, i) => i % 2 === 1);
      for (let i = 1; i < 400; i++) if (i % 20 > 0) assert.ok((found[i] - found[i - 1]) * sign >= -1e-12);
    }),
    { numRuns: 60, seed: 4 },
  );
});

test('a damaged file of any kind is rejected or decodes to a usable model', () => {
  const columns = [Float32Array.of(1, 2, Number.NaN, 4, 5, 6, 7, 8), Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6)];
  const options = { numTrees: 2, seed: 1, monotonicConstraints: [0, 0] };
  const values = [1, 2, 3, 4, 5, 6.5, 7, 8];
  const files = [
    new RandomForestRegressor(options).fit(columns, values, { categorical: [1] }).toBytes(),
    new RandomForestRegressor({ ...options, criterion: 'absolute_error' }).fit(columns, values).toBytes(),
    new ExtraTreesClassifier({ ...options, classWeight: 'balanced' })
      .fit(
        columns,
        values.map((v) => v > 4),
      )
      .toBytes(),
  ];
  for (const bytes of files) {
    for (let at = 20; at < bytes.length; at++) {
      for (const value of [0, 1, 255]) {
        const copy = bytes.slice();
        copy[at] = value;
        const checksum = crc32(copy.subarray(20), crc32(copy.subarray(0, 16)));
        new DataView(copy.buffer).setUint32(16, checksum, true);
        try {
          const model = decodeModel(copy);
          for (const tree of model.trees) new TreeWalker(tree, model.numClasses === 0).leafOf(new Uint16Array(2), 0);
        } catch (error) {
          assert.equal((error as Error).name, 'FormatError', `byte ${at}: ${error}`);
        }
      }
      const flipped = bytes.slice();
      flipped[at] ^= 1;
      assert.throws(() => decodeModel(flipped), { name: 'FormatError' });
    }
  }
});
