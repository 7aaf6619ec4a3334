// Builds a model from nodes that another program wrote: thresholds become bin edges and cuts.

import { FormatError } from '../base/errors.ts';
import { LeafTableBuilder } from '../forest/leaf-table.ts';
import type { ClassLabel, Model, ModelSchema } from '../forest/model.ts';
import { decodeModel, encodeModel } from '../forest/model-file.ts';
import { CATEGORICAL, LEAF, MAX_FEATURES, MISSING_LEFT, SET_BYTES, type Tree } from '../forest/tree.ts';

/** A node, in preorder: a leaf, or a test whose left child is the next node. */
export type ForestNode =
  | {
      /** Class and weight of each entry, ascending; for regression 0 and the value, then 1 and the weight. */
      entries: [index: number, count: number][];
    }
  | ({ feature: number; isMissingLeft: boolean; right: number } & (
      | { /** A float32; infinity where every value that is not missing goes left. */ atMost: number }
      | { categories: Uint8Array }
    ));

interface ForestParts {
  numFeatures: number;
  /** Empty for regression. */
  classLabels: ClassLabel[];
  isRegression: boolean;
  trees: ForestNode[][];
  /** Columns of the table that the forest was trained on, if known. */
  schema?: ModelSchema;
}

const MAX_BYTE_EDGES = 254;
const MAX_EDGES = 65_534;

/** @throws {FormatError} when the nodes are not a forest, or a feature has more thresholds than a model can hold */
export function buildModel({ numFeatures, classLabels, isRegression, trees, schema }: ForestParts): Model {
  if (!Number.isInteger(numFeatures) || numFeatures < 1 || numFeatures > MAX_FEATURES) {
    throw new FormatError(`a forest must have from 1 to ${MAX_FEATURES} features, got ${numFeatures}`);
  }
  const isCategorical = findCategorical(trees, numFeatures);
  const edges = findEdges(trees, numFeatures, isCategorical);
  const isWide = edges.some(({ length }) => length > MAX_BYTE_EDGES);
  const cutsByEdge = edges.map((featureEdges) => new Map(Array.from(featureEdges, (edge, cut) => [edge, cut])));
  const grown = trees.map((nodes) => toTree(nodes, cutsByEdge, isWide));
  // decoding checks the model
  const numClasses = isRegression ? 0 : classLabels.length;
  return decodeModel(encodeModel({ trees: grown, edges, numClasses, classLabels }, { isCategorical, schema }));
}

function findCategorical(trees: readonly ForestNode[][], numFeatures: number): boolean[] {
  const isCategorical = new Array<boolean | undefined>(numFeatures);
  for (const node of trees.flat()) {
    if ('entries' in node) continue;
    const { feature } = node;
    if (!(feature >= 0 && feature < numFeatures))
      throw new FormatError(`a node tests feature ${feature}; the features are 0 to ${numFeatures - 1}`);
    isCategorical[feature] ??= 'categories' in node;
    if (isCategorical[feature] !== 'categories' in node) {
      throw new FormatError(`feature ${feature} is compared both with thresholds and with categories`);
    }
  }
  return Array.from(isCategorical, (is) => is ?? false);
}

function findEdges(trees: readonly ForestNode[][], numFeatures: number, isCategorical: boolean[]): Float32Array[] {
  const thresholds = Array.from({ length: numFeatures }, () => new Set<number>());
  for (const node of trees.flat()) {
    if ('entries' in node || !('atMost' in node) || node.atMost === Number.POSITIVE_INFINITY) continue;
    if (!Number.isFinite(node.atMost))
      throw new FormatError(`feature ${node.feature} has the threshold ${node.atMost}`);
    thresholds[node.feature].add(node.atMost + 0); // -0 becomes 0
  }
  return thresholds.map((set, feature) => {
    if (set.size > MAX_EDGES) {
      throw new FormatError(`feature ${feature} has ${set.size} thresholds; a model can hold at most ${MAX_EDGES}`);
    }
    return isCategorical[feature] ? new Float32Array(0) : Float32Array.from(set).sort();
  });
}

function toTree(nodes: readonly ForestNode[], cutsByEdge: readonly Map<number, number>[], isWide: boolean): Tree {
  const leaves = new LeafTableBuilder(true);
  const sets: Uint8Array[] = [];
  const tree: Omit<Tree, 'leaves'> & { flags: Uint8Array } = {
    numNodes: nodes.length,
    feature: new Uint16Array(nodes.length),
    cut: isWide ? new Uint16Array(nodes.length) : new Uint8Array(nodes.length),
    next: new Uint32Array(nodes.length),
    flags: new Uint8Array(nodes.length),
  };
  for (const [i, node] of nodes.entries()) {
    if ('entries' in node) {
      tree.feature[i] = LEAF;
      for (const [index, count] of node.entries) leaves.push(index, count);
      tree.next[i] = leaves.endRow();
      continue;
    }
    tree.feature[i] = node.feature;
    tree.next[i] = node.right;
    tree.flags[i] = node.isMissingLeft ? MISSING_LEFT : 0;
    if ('categories' in node) {
      tree.flags[i] |= CATEGORICAL;
      sets.push(node.categories);
    } else {
      const cuts = cutsByEdge[node.feature];
      tree.cut[i] = node.atMost === Number.POSITIVE_INFINITY ? cuts.size : cuts.get(node.atMost + 0)!;
    }
  }
  if (sets.length > 0) {
    tree.sets = new Uint8Array(sets.length * SET_BYTES);
    for (const [i, set] of sets.entries()) tree.sets.set(set, i * SET_BYTES);
  }
  return { ...tree, leaves: leaves.take() };
}
