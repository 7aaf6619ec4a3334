// Impurity-based importances of the features, computed from the leaves, so that a model stores nothing for them.

import { log } from '../base/numeric.ts';
import type { Forest } from './forest.ts';
import { LEAF_VALUE, LEAF_WEIGHT } from './leaf-table.ts';
import type { Criterion } from './params.ts';
import { LEAF, type Tree } from './tree.ts';
import { nodeWeights } from './walk.ts';

/**
 * Share of each feature in the decrease of impurity: the mean over the trees that have a cut, each summing to 1; all
 * zeros when no tree has a cut; scikit-learn: `feature_importances_`.
 *
 * @param criterion the criterion that the forest was grown with
 * Source: scikit-learn 1.9.1, `Tree.compute_feature_importances`.
 */
export function featureImportances(forest: Forest, criterion: Criterion): Float64Array {
  const sums = new Float64Array(forest.edges.length);
  for (const tree of forest.trees) {
    if (tree.numNodes === 1) continue;
    const decreases = nodeDecreases(tree, forest.numClasses, criterion);
    const ofTree = new Float64Array(forest.edges.length);
    for (let node = 0; node < tree.numNodes; node++) {
      if (tree.feature[node] !== LEAF) ofTree[tree.feature[node]] += decreases[node];
    }
    normalise(ofTree);
    for (let feature = 0; feature < sums.length; feature++) sums[feature] += ofTree[feature];
  }
  normalise(sums);
  return sums;
}

function normalise(importances: Float64Array): void {
  let sum = 0;
  for (const importance of importances) sum += importance;
  if (sum > 0) for (let i = 0; i < importances.length; i++) importances[i] /= sum;
}

/** Decrease of weight times impurity at each node; 0 for a leaf. Entropy is in nats. */
export function nodeDecreases(tree: Tree, numClasses: number, criterion: Criterion): Float64Array {
  if (tree.impurity) return storedDecreases(tree, tree.impurity, numClasses);
  return numClasses > 0 ? classDecreases(tree, numClasses, criterion) : meanDecreases(tree, criterion);
}

function storedDecreases(tree: Tree, impurity: Float64Array, numClasses: number): Float64Array {
  const weights = nodeWeights(tree, numClasses === 0);
  return Float64Array.from(tree.feature, (feature, node) => {
    if (feature === LEAF) return 0;
    const [left, right] = [node + 1, tree.next[node]];
    return weights[node] * impurity[node] - weights[left] * impurity[left] - weights[right] * impurity[right];
  });
}

/** Visits the last node first, so that both children are on the stack when their parent comes, the left on top. */
function classDecreases({ numNodes, feature, next, leaves }: Tree, numClasses: number, criterion: Criterion) {
  const decreases = new Float64Array(numNodes);
  const stack: { counts: Float64Array; loss: number }[] = [];
  const spare: Float64Array[] = [];
  for (let node = numNodes - 1; node >= 0; node--) {
    if (feature[node] === LEAF) {
      const counts = (spare.pop() ?? new Float64Array(numClasses)).fill(0);
      for (let i = leaves.start[next[node]]; i < leaves.start[next[node] + 1]; i++) {
        counts[leaves.classes[i]] = leaves.counts[i];
      }
      stack.push({ counts, loss: classLoss(counts, criterion) });
      continue;
    }
    const left = stack.pop()!;
    const right = stack.pop()!;
    for (let k = 0; k < numClasses; k++) left.counts[k] += right.counts[k];
    spare.push(right.counts);
    const loss = classLoss(left.counts, criterion);
    decreases[node] = loss - left.loss - right.loss;
    stack.push({ counts: left.counts, loss });
  }
  return decreases;
}

/** Weight times impurity; entropy in nats, as importances are shares. */
function classLoss(counts: Float64Array, criterion: Criterion): number {
  let weight = 0;
  let terms = 0;
  for (const count of counts) {
    weight += count;
    terms += criterion === 'gini' ? count * count : xLogX(count);
  }
  return criterion === 'gini' ? weight - terms / weight : xLogX(weight) - terms;
}

/** The loss within the leaves cancels out: the means and weights of the children determine the rest. */
function meanDecreases(tree: Tree, criterion: Criterion): Float64Array {
  const { numNodes, feature, next, leaves } = tree;
  const weights = nodeWeights(tree, true);
  const sums = new Float64Array(numNodes);
  const decreases = new Float64Array(numNodes);
  for (let node = numNodes - 1; node >= 0; node--) {
    if (feature[node] === LEAF) {
      const start = leaves.start[next[node]];
      sums[node] = leaves.counts[start + LEAF_VALUE] * leaves.counts[start + LEAF_WEIGHT];
      continue;
    }
    const [left, right] = [node + 1, next[node]];
    sums[node] = sums[left] + sums[right];
    const mean = sums[node] / weights[node];
    for (const child of [left, right]) {
      const difference = sums[child] / weights[child] - mean;
      if (criterion !== 'poisson') decreases[node] += weights[child] * difference * difference;
      else if (sums[child] > 0) decreases[node] += sums[child] * log(sums[child] / weights[child] / mean);
    }
  }
  return decreases;
}

function xLogX(x: number): number {
  return x > 0 ? x * log(x) : 0;
}
