// The npm package ml-random-forest, for small data and comparisons: its split search takes time quadratic in the rows.

import { InputError } from '../base/errors.ts';
import { STREAM } from '../base/random.ts';
import type { ForestEngine } from './engine.ts';
import { LeafTableBuilder } from './leaf-table.ts';
import { type PackedRows, packRows } from './packed-rows.ts';
import { type ForestParams, findBeyondPlain, isFraction, resolveMaxFeatures } from './params.ts';
import { LEAF, type Tree, TreeBuilder } from './tree.ts';
import { TreeRandom } from './tree-random.ts';

/** A node of ml-cart 2.1.1, whose types do not declare it. Rows with `value < splitValue` go left. */
interface CartNode {
  left?: CartNode;
  right?: CartNode;
  splitColumn: number;
  splitValue: number;
}

// measured on 250 to 4,000 rows of 20 features: 2.6 to 3.0e-8 s per tree, feature and squared row, fully grown
const SECONDS_PER_COMPARISON = 2.9e-8;

/**
 * Trees differ from those of the default engine: the package draws features once per tree, not per node, so
 * `maxFeatures` counts the features of a whole tree, and it makes no split without gain.
 */
export const mlRandomForestEngine: ForestEngine = {
  name: 'ml-random-forest',
  defaultMaxFeatures: null, // as in the package
  forecastSeconds({ numRows, numFeatures }, { numTrees, maxFeatures }) {
    const features = resolveMaxFeatures(maxFeatures, numFeatures);
    return numTrees * numRows * numRows * features * SECONDS_PER_COMPARISON;
  },
  checkParams(params) {
    if (params.minSamplesLeaf !== 1) {
      throw new InputError(`minSamplesLeaf must be 1 for the engine ml-random-forest, got ${params.minSamplesLeaf}`);
    }
    if (isFraction(params.minSamplesSplit)) {
      const got = params.minSamplesSplit;
      throw new InputError(`minSamplesSplit must be an integer for the engine ml-random-forest, got ${got}`);
    }
    const beyond = findBeyondPlain(params);
    const name = beyond === 'splitter' ? 'extraTrees' : beyond; // the name of the run parameter
    if (name) throw new InputError(`the ml-random-forest engine does not support ${name}; remove it`);
  },
  async growTrees(rows, info, params, { treeStart, treeEnd, beforeTree }) {
    this.checkParams(params);
    const { labels: target } = rows;
    if (target instanceof Float64Array)
      throw new InputError('the ml-random-forest engine supports classification only');
    const packed = packRows({ ...rows, labels: target }, info);
    // loaded here, so that the default engine starts without it
    const { RandomForestClassifier } = await import('ml-random-forest');
    const trees: Tree[] = [];
    for (let treeIndex = treeStart; treeIndex < treeEnd; treeIndex++) {
      await beforeTree?.();
      const sample = drawSample(packed, params, treeIndex);
      const { codes, labels, stride, numFeatures } = packed;
      const forest = new RandomForestClassifier({
        nEstimators: 1,
        seed: new TreeRandom().start(params.seed, STREAM.tree, treeIndex).nextUint32() | 0,
        maxFeatures: packageMaxFeatures(resolveMaxFeatures(params.maxFeatures, numFeatures), numFeatures),
        replacement: false, // of features
        useSampleBagging: false, // the engine passes its own sample
        treeOptions: {
          minNumSamples: params.minSamplesSplit - 1, // maximum number of rows of a leaf that is not examined
          maxDepth: params.maxDepth ?? Number.POSITIVE_INFINITY,
          gainThreshold: 0,
        },
      });
      const trainingSet = Array.from(sample, (row) =>
        Array.from(codes.subarray(row * stride, row * stride + numFeatures)),
      );
      forest.train(
        trainingSet,
        Array.from(sample, (row) => labels[row]),
      );
      const { root } = forest.estimators![0] as unknown as { root: CartNode };
      trees.push(flatten(root, forest.indexes![0], packed, sample));
    }
    return trees;
  },
};

/** Rows of a tree; a row drawn twice appears twice. */
function drawSample({ numRows }: PackedRows, { bootstrap, seed }: ForestParams, treeIndex: number): Uint32Array {
  const random = new TreeRandom().start(seed, STREAM.bootstrap, treeIndex);
  return Uint32Array.from({ length: numRows }, (_, i) => (bootstrap ? random.nextBelow(numRows) : i));
}

/** The package reads 1 as the fraction of all features, so a single feature is passed as a fraction below 1. */
function packageMaxFeatures(numTried: number, numFeatures: number): number {
  return numTried === 1 && numFeatures > 1 ? 1.5 / numFeatures : numTried;
}

/** Convert a tree to arvoredo's form; a leaf gets the class counts of the sample rows that reach it. */
function flatten(
  root: CartNode,
  features: number[],
  { codes, labels, stride, numClasses }: PackedRows,
  sample: Uint32Array,
): Tree {
  const nodes = new TreeBuilder();
  const leaves = new LeafTableBuilder();
  const counts = new Uint32Array(numClasses);
  const waiting = [{ node: root, rows: sample, parent: -1 }];
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    const { node, rows, parent } = item;
    let index: number;
    if (node.left && node.right) {
      const feature = features[node.splitColumn];
      const cut = Math.ceil(node.splitValue) - 1; // code < value, for whole codes
      const isLeft = (row: number) => codes[row * stride + feature] <= cut;
      index = nodes.add(feature, cut, 0);
      waiting.push({ node: node.right, rows: rows.filter((row) => !isLeft(row)), parent: index });
      waiting.push({ node: node.left, rows: rows.filter(isLeft), parent: -1 });
    } else {
      counts.fill(0);
      for (const row of rows) counts[labels[row]]++;
      for (const [k, count] of counts.entries()) if (count > 0) leaves.push(k, count);
      index = nodes.add(LEAF, 0, leaves.endRow());
    }
    if (parent >= 0) nodes.setRight(parent, index);
  }
  return nodes.take(leaves.take());
}
