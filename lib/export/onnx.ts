// A forest as an ONNX model: TreeEnsembleClassifier or TreeEnsembleRegressor of ai.onnx.ml 3.

import { InputError } from '../errors.ts';
import { LEAF_VALUE, type LeafTable } from '../forest/leaf-table.ts';
import type { ClassLabel, Model } from '../forest/model.ts';
import { categoriesByNode, thresholdOf } from '../forest/thresholds.ts';
import { LEAF, MAX_CATEGORIES, MISSING_LEFT, type Tree } from '../forest/tree.ts';
import { biggerChildFlags, leafWeights } from '../forest/walk.ts';
import { encodeOnnx } from './onnx-encode.ts';
import { ELEMENT, type OnnxAttribute, type OnnxNode, type OnnxTensor } from './onnx-model.ts';

const ML_DOMAIN = 'ai.onnx.ml';
const OPSETS = [
  { domain: '', version: 13 },
  { domain: ML_DOMAIN, version: 3 },
];
/** In the file's metadata: classes of the forest, where the operator has one more. */
export const NUM_CLASSES_KEY = 'arvoredo.numClasses';
/** A threshold that no category is equal to. */
const NO_CATEGORY = -1;

/**
 * A model as an ONNX file, for inputs `X` of float32, NaN where a value is missing; shape [N, numFeatures].
 *
 * Outputs are named as by skl2onnx. Of a classifier `label` and `probabilities`, float32: values are compared and class
 * fractions summed in float64, tree after tree as `predict` does it, so that labels are the same; runtimes add a column
 * up in another order only where they give groups of trees to threads. Of a regressor `variable`, float32.
 *
 * @throws {InputError} on labels that ONNX has no type for, or a forest of one class
 */
export function toOnnx(model: Model): Uint8Array<ArrayBuffer> {
  const numNodes = model.trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const nodes = listNodes(model);
  const isClassifier = model.numClasses > 0;
  const { outputs, graphNodes, initializers } = isClassifier
    ? classifierGraph(model, nodes)
    : regressorGraph(model, nodes);
  return encodeOnnx({
    producer: 'arvoredo',
    opsets: OPSETS,
    graph: {
      name: `forest of ${model.trees.length} trees, ${numNodes} nodes`,
      nodes: [
        {
          opType: 'Cast',
          domain: '',
          inputs: ['X'],
          outputs: ['X64'],
          attributes: { to: { type: 'int', value: ELEMENT.double } },
        },
        ...graphNodes,
      ],
      initializers,
      inputs: [{ name: 'X', elementType: ELEMENT.float, dims: [null, model.numFeatures] }],
      outputs,
    },
    metadata: isClassifier ? { [NUM_CLASSES_KEY]: String(model.numClasses) } : {},
  });
}

interface Graph {
  graphNodes: OnnxNode[];
  initializers: OnnxTensor[];
  outputs: { name: string; elementType: number; dims: (number | null)[] }[];
}

function classifierGraph(model: Model, nodes: NodeLists): Graph {
  const { numClasses, classLabels, trees } = model;
  if (numClasses < 2) throw new InputError('a forest of one class has nothing to tell apart; train with two or more');
  // two classes would be told apart at a sum of 0.5, and not by the greater of two sums as any other number of them
  const labels = toOnnxLabels(numClasses === 2 ? [...classLabels, unusedLabel(classLabels)] : classLabels);
  const { ids, leafNodes, leafTrees, weights } = listFractions(trees);
  const isText = 'classlabels_strings' in labels;
  const raw = numClasses === 2 ? 'sumsOfThree' : 'sums';
  const graphNodes: OnnxNode[] = [
    {
      opType: 'TreeEnsembleClassifier',
      domain: ML_DOMAIN,
      inputs: ['X64'],
      outputs: ['label', raw],
      attributes: {
        ...nodeAttributes(nodes),
        ...labels,
        class_ids: { type: 'ints', value: ids },
        class_nodeids: { type: 'ints', value: leafNodes },
        class_treeids: { type: 'ints', value: leafTrees },
        class_weights_as_tensor: doubles('class_weights', weights),
        post_transform: { type: 'string', value: 'NONE' },
      },
    },
  ];
  const initializers: OnnxTensor[] = [{ name: 'numTrees', dims: [], values: Float32Array.of(trees.length) }];
  if (numClasses === 2) {
    const vector = (name: string, value: bigint) => ({ name, dims: [1], values: BigInt64Array.of(value) });
    initializers.push(vector('start', 0n), vector('end', 2n), vector('axis', 1n));
    graphNodes.push(plainNode('Slice', [raw, 'start', 'end', 'axis'], 'sums'));
  }
  graphNodes.push(plainNode('Div', ['sums', 'numTrees'], 'probabilities'));
  const outputs = [
    { name: 'label', elementType: isText ? ELEMENT.string : ELEMENT.int64, dims: [null] },
    { name: 'probabilities', elementType: ELEMENT.float, dims: [null, numClasses] },
  ];
  return { graphNodes, initializers, outputs };
}

function regressorGraph({ trees }: Model, nodes: NodeLists): Graph {
  const { leafNodes, leafTrees, weights } = listValues(trees);
  const operator: OnnxNode = {
    opType: 'TreeEnsembleRegressor',
    domain: ML_DOMAIN,
    inputs: ['X64'],
    outputs: ['variable'],
    attributes: {
      ...nodeAttributes(nodes),
      n_targets: { type: 'int', value: 1 },
      aggregate_function: { type: 'string', value: 'AVERAGE' },
      target_ids: { type: 'ints', value: new Int32Array(weights.length) },
      target_nodeids: { type: 'ints', value: leafNodes },
      target_treeids: { type: 'ints', value: leafTrees },
      target_weights_as_tensor: doubles('target_weights', weights),
      post_transform: { type: 'string', value: 'NONE' },
    },
  };
  const outputs = [{ name: 'variable', elementType: ELEMENT.float, dims: [null, 1] }];
  return { graphNodes: [operator], initializers: [], outputs };
}

function plainNode(opType: string, inputs: string[], output: string): OnnxNode {
  return { opType, domain: '', inputs, outputs: [output], attributes: {} };
}

function doubles(name: string, values: Float64Array): OnnxAttribute {
  return { type: 'tensor', value: { name, dims: [values.length], values } };
}

/** Class labels as ONNX has them: whole numbers, true as 1 and false as 0, or texts. */
function toOnnxLabels(labels: readonly ClassLabel[]): Record<string, OnnxAttribute> {
  if (labels.every((label) => typeof label === 'string')) {
    return { classlabels_strings: { type: 'strings', value: labels as string[] } };
  }
  const numbers = labels.map((label) => (typeof label === 'string' ? Number.NaN : Number(label)));
  const wrong = numbers.findIndex((label) => !Number.isSafeInteger(label));
  if (wrong >= 0) {
    throw new InputError(
      `ONNX has class labels that are whole numbers or texts, all of one type, got ${JSON.stringify(labels[wrong])}; rename the classes, or export json`,
    );
  }
  return { classlabels_int64s: { type: 'ints', value: numbers } };
}

function unusedLabel(labels: readonly ClassLabel[]): ClassLabel {
  if (labels.every((label) => typeof label === 'string')) return `${labels.join(' or ')}, neither`;
  return Math.max(...labels.map(Number)) + 1;
}

/** The nodes of all trees, a list for each of ONNX's attributes. */
interface NodeLists {
  trees: Int32Array;
  ids: Int32Array;
  features: Int32Array;
  trueIds: Int32Array;
  falseIds: Int32Array;
  missingTrue: Int32Array;
  modes: string[];
  thresholds: Float64Array;
}

function nodeAttributes(nodes: NodeLists): Record<string, OnnxAttribute> {
  return {
    nodes_treeids: { type: 'ints', value: nodes.trees },
    nodes_nodeids: { type: 'ints', value: nodes.ids },
    nodes_featureids: { type: 'ints', value: nodes.features },
    nodes_modes: { type: 'strings', value: nodes.modes },
    nodes_values_as_tensor: doubles('nodes_values', nodes.thresholds),
    nodes_truenodeids: { type: 'ints', value: nodes.trueIds },
    nodes_falsenodeids: { type: 'ints', value: nodes.falseIds },
    nodes_missing_value_tracks_true: { type: 'ints', value: nodes.missingTrue },
  };
}

/**
 * A set of categories has no node of its own in ONNX: it becomes a chain of nodes that each ask for one category and lead
 * to the same child, the shorter one of those that go left and those that go right.
 */
function listNodes(model: Model): NodeLists {
  const { trees, edges } = model;
  const chains = trees.map(categoryChains);
  const length = trees.reduce((sum, { numNodes }, t) => {
    let extra = 0;
    for (const { members } of chains[t].values()) extra += members.length - 1;
    return sum + numNodes + extra;
  }, 0);
  const lists: NodeLists = {
    trees: new Int32Array(length),
    ids: new Int32Array(length),
    features: new Int32Array(length),
    trueIds: new Int32Array(length),
    falseIds: new Int32Array(length),
    missingTrue: new Int32Array(length),
    modes: new Array<string>(length).fill('LEAF'),
    thresholds: new Float64Array(length),
  };
  let at = 0;
  for (const [t, tree] of trees.entries()) {
    const flags = tree.flags ?? biggerChildFlags(tree, model.numClasses === 0);
    let nextId = tree.numNodes; // chains go on after the tree's own nodes
    const further: { id: number; feature: number; category: number; onTrue: number; onFalse: number }[] = [];
    const add = (id: number) => {
      lists.trees[at] = t;
      lists.ids[at] = id;
      return at++;
    };
    for (let node = 0; node < tree.numNodes; node++) {
      const i = add(node);
      const feature = tree.feature[node];
      if (feature === LEAF) continue;
      const isMissingLeft = (flags[node] & MISSING_LEFT) !== 0;
      lists.features[i] = feature;
      const chain = chains[t].get(node);
      if (!chain) {
        lists.modes[i] = 'BRANCH_LEQ';
        lists.thresholds[i] = thresholdOf(edges, feature, tree.cut[node]);
        lists.trueIds[i] = node + 1;
        lists.falseIds[i] = tree.next[node];
        lists.missingTrue[i] = Number(isMissingLeft);
        continue;
      }
      const { members, isLeft } = chain;
      const onTrue = isLeft ? node + 1 : tree.next[node];
      const onFalse = isLeft ? tree.next[node] : node + 1;
      lists.modes[i] = 'BRANCH_EQ';
      lists.thresholds[i] = members[0];
      lists.trueIds[i] = onTrue;
      lists.falseIds[i] = members.length > 1 ? nextId : onFalse;
      // a missing value either leaves the chain at its first node or walks down all of it
      lists.missingTrue[i] = Number(isMissingLeft === isLeft);
      for (const [k, category] of members.slice(1).entries()) {
        const isLast = k === members.length - 2;
        const id = nextId++;
        further.push({ id, feature, category, onTrue, onFalse: isLast ? onFalse : nextId });
      }
    }
    for (const { id, feature, category, onTrue, onFalse } of further) {
      const i = add(id);
      lists.features[i] = feature;
      lists.modes[i] = 'BRANCH_EQ';
      lists.thresholds[i] = category;
      lists.trueIds[i] = onTrue;
      lists.falseIds[i] = onFalse;
    }
  }
  return lists;
}

interface Chain {
  /** Categories asked for; `NO_CATEGORY` where none is. */
  members: number[];
  /** Whether they are those that go left. */
  isLeft: boolean;
}

function categoryChains(tree: Tree): Map<number, Chain> {
  const chains = new Map<number, Chain>();
  for (const [node, left] of categoriesByNode(tree)) {
    const isLeft = left.length <= MAX_CATEGORIES / 2;
    const goesLeft = new Set(left);
    const right = Array.from({ length: MAX_CATEGORIES }, (_, category) => category).filter((c) => !goesLeft.has(c));
    const members = isLeft ? left : right;
    chains.set(node, { members: members.length > 0 ? members : [NO_CATEGORY], isLeft });
  }
  return chains;
}

interface LeafLists {
  ids: Int32Array;
  leafNodes: Int32Array;
  leafTrees: Int32Array;
  weights: Float64Array;
}

/** The class fractions of every leaf. */
function listFractions(trees: readonly Tree[]): LeafLists {
  const totals = new Map<LeafTable, Float64Array>();
  for (const { leaves } of trees) if (!totals.has(leaves)) totals.set(leaves, leafWeights(leaves, false));
  return listLeaves(trees, ({ leaves }, row, add) => {
    const total = totals.get(leaves)![row];
    for (let i = leaves.start[row]; i < leaves.start[row + 1]; i++) add(leaves.classes[i], leaves.counts[i] / total);
  });
}

/** The value of every leaf. */
function listValues(trees: readonly Tree[]): LeafLists {
  return listLeaves(trees, ({ leaves }, row, add) => add(0, leaves.counts[leaves.start[row] + LEAF_VALUE]));
}

function listLeaves(
  trees: readonly Tree[],
  visit: (tree: Tree, row: number, add: (id: number, weight: number) => void) => void,
): LeafLists {
  let length = 0;
  for (const tree of trees) forEachLeaf(tree, (_node, row) => visit(tree, row, () => length++));
  const lists: LeafLists = {
    ids: new Int32Array(length),
    leafNodes: new Int32Array(length),
    leafTrees: new Int32Array(length),
    weights: new Float64Array(length),
  };
  let at = 0;
  for (const [t, tree] of trees.entries()) {
    forEachLeaf(tree, (node, row) =>
      visit(tree, row, (id, weight) => {
        lists.ids[at] = id;
        lists.leafNodes[at] = node;
        lists.leafTrees[at] = t;
        lists.weights[at++] = weight;
      }),
    );
  }
  return lists;
}

function forEachLeaf({ numNodes, feature, next }: Tree, visit: (node: number, row: number) => void): void {
  for (let node = 0; node < numNodes; node++) if (feature[node] === LEAF) visit(node, next[node]);
}
