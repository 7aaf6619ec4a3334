// A forest out of an ONNX model: ours, scikit-learn's as skl2onnx writes them, and others of their kind.

import { FormatError } from '../errors.ts';
import { floorToFloat32, previousFloat32 } from '../forest/bins.ts';
import type { ClassLabel, Model } from '../forest/model.ts';
import { categorySet } from '../forest/thresholds.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import { buildModel, type ForestNode } from './build-model.ts';
import { NUM_CLASSES_KEY } from './onnx.ts';
import { decodeOnnx } from './onnx-decode.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode } from './onnx-model.ts';

const CLASSIFIER = 'TreeEnsembleClassifier';
const REGRESSOR = 'TreeEnsembleRegressor';
/** Operators that only rename, convert, scale or pack what the trees say of classes. */
const AROUND_CLASSIFIER = ['Cast', 'Identity', 'ZipMap', 'Div', 'Mul', 'Slice'];
const AROUND_REGRESSOR = ['Cast', 'Identity'];
/** How far the weights of a leaf may be from those of another, as a share: float32 sums of float32. */
const WEIGHT_TOLERANCE = 1e-4;

/**
 * The model in an ONNX file, which predicts what the file does: the same leaf for every row of float32 values, a mean over
 * trees of float64 sums where runtimes may sum in float32. Thresholds are rounded down to float32. How many samples a leaf
 * holds is not in such files: every leaf counts as one.
 *
 * @throws {FormatError} on anything but one ensemble of trees whose leaves hold class probabilities, or values to be
 *   added up or averaged
 */
export function fromOnnx(bytes: Uint8Array): Model {
  const onnx = decodeOnnx(bytes);
  const operator = findOperator(onnx);
  const isClassifier = operator.opType === CLASSIFIER;
  const attributes = new Attributes(operator.attributes);
  const transform = attributes.text('post_transform', 'NONE');
  if (transform !== 'NONE') fail(`post_transform ${transform} makes other than a mean; boosted trees can't be read`);
  const trees = readTrees(attributes);
  const numFeatures = onnx.graph.inputs[0].dims[1] ?? 1 + greatestFeature(trees);
  const leaves = isClassifier ? classLeaves(attributes, onnx, trees) : valueLeaves(attributes, trees);
  return buildModel({
    numFeatures,
    classLabels: leaves.classLabels,
    isRegressor: !isClassifier,
    trees: trees.map((tree) => inPreorder(tree, leaves.entries)),
  });
}

function fail(what: string): never {
  throw new FormatError(`onnx: ${what}`);
}

function findOperator({ graph }: OnnxModel): OnnxNode {
  const operators = graph.nodes.filter(({ opType }) => opType === CLASSIFIER || opType === REGRESSOR);
  if (operators.length !== 1) fail(`${operators.length} operators ${CLASSIFIER} or ${REGRESSOR}, expected one`);
  const [operator] = operators;
  const allowed = operator.opType === CLASSIFIER ? AROUND_CLASSIFIER : AROUND_REGRESSOR;
  const other = graph.nodes.find((node) => node !== operator && !allowed.includes(node.opType));
  if (other) fail(`the operator ${other.opType} can't be read; beside the trees there may be ${allowed.join(', ')}`);
  let [input] = operator.inputs;
  for (let maker = makerOf(graph.nodes, input); maker; maker = makerOf(graph.nodes, input)) {
    if (maker.opType !== 'Cast' && maker.opType !== 'Identity') fail(`${maker.opType} comes before the trees`);
    if (maker.inputs[0] === input) fail(`${maker.opType} feeds itself`);
    [input] = maker.inputs;
  }
  if (graph.inputs.length !== 1 || graph.inputs[0].name !== input)
    fail('the trees must read the one input of the model');
  return operator;
}

function makerOf(nodes: readonly OnnxNode[], output: string): OnnxNode | undefined {
  return nodes.find(({ outputs }) => outputs.includes(output));
}

/** The attributes of the operator, checked as they are asked for. */
class Attributes {
  readonly #byName: Record<string, OnnxAttribute>;

  constructor(byName: Record<string, OnnxAttribute>) {
    this.#byName = byName;
  }

  text(name: string, preset: string): string {
    const attribute = this.#byName[name];
    return attribute?.type === 'string' ? attribute.value : preset;
  }

  texts(name: string): readonly string[] {
    const attribute = this.#byName[name];
    return attribute?.type === 'strings' ? attribute.value : [];
  }

  whole(name: string, preset: number): number {
    const attribute = this.#byName[name];
    return attribute?.type === 'int' ? attribute.value : preset;
  }

  wholes(name: string): ArrayLike<number> {
    const attribute = this.#byName[name];
    return attribute?.type === 'ints' ? attribute.value : [];
  }

  /** Numbers, of float32 or as a tensor of either precision. */
  numbers(name: string): ArrayLike<number> {
    const list = this.#byName[name];
    if (list?.type === 'floats') return list.value;
    const tensor = this.#byName[`${name}_as_tensor`];
    if (tensor?.type !== 'tensor') return [];
    const { values } = tensor.value;
    return values instanceof BigInt64Array ? fail(`${name} of whole numbers`) : values;
  }
}

/** One tree as the file lists it: positions of nodes stand for their ids. */
interface ListedTree {
  treeId: number;
  ids: number[];
  features: number[];
  modes: string[];
  thresholds: number[];
  isMissingTrue: boolean[];
  trueIds: number[];
  falseIds: number[];
  indexOf: Map<number, number>;
}

function readTrees(attributes: Attributes): ListedTree[] {
  const treeIds = attributes.wholes('nodes_treeids');
  const ids = attributes.wholes('nodes_nodeids');
  const features = attributes.wholes('nodes_featureids');
  const modes = attributes.texts('nodes_modes');
  const thresholds = attributes.numbers('nodes_values');
  const trueIds = attributes.wholes('nodes_truenodeids');
  const falseIds = attributes.wholes('nodes_falsenodeids');
  const missing = attributes.wholes('nodes_missing_value_tracks_true');
  const lists = [ids, features, modes, thresholds, trueIds, falseIds];
  if (treeIds.length === 0 || lists.some(({ length }) => length !== treeIds.length)) {
    fail(`lists of ${[treeIds, ...lists].map(({ length }) => length).join(', ')} nodes, expected as many in each`);
  }
  const trees = new Map<number, ListedTree>();
  for (let i = 0; i < treeIds.length; i++) {
    const treeId = treeIds[i];
    let tree = trees.get(treeId);
    if (!tree) {
      tree = {
        treeId,
        ids: [],
        features: [],
        modes: [],
        thresholds: [],
        isMissingTrue: [],
        trueIds: [],
        falseIds: [],
        indexOf: new Map(),
      };
      trees.set(treeId, tree);
    }
    if (tree.indexOf.has(ids[i])) fail(`node ${ids[i]} of tree ${treeId} is there twice`);
    tree.indexOf.set(ids[i], tree.ids.length);
    tree.ids.push(ids[i]);
    tree.features.push(features[i]);
    tree.modes.push(modes[i]);
    tree.thresholds.push(thresholds[i]);
    tree.isMissingTrue.push(missing[i] === 1);
    tree.trueIds.push(trueIds[i]);
    tree.falseIds.push(falseIds[i]);
  }
  return [...trees.values()];
}

function greatestFeature(trees: readonly ListedTree[]): number {
  return trees.reduce((most, { features }) => features.reduce((a, b) => Math.max(a, b), most), 0);
}

type Entries = [index: number, count: number][];
interface Leaves {
  classLabels: ClassLabel[];
  /** What a leaf holds, by the tree's id and the node's. */
  entries(treeId: number, nodeId: number): Entries;
}

function classLeaves(attributes: Attributes, { metadata }: OnnxModel, trees: readonly ListedTree[]): Leaves {
  const texts = attributes.texts('classlabels_strings');
  const numbers = Array.from(attributes.wholes('classlabels_int64s'));
  const listed: ClassLabel[] = texts.length > 0 ? [...texts] : numbers;
  const classLabels = listed.slice(0, Number(metadata[NUM_CLASSES_KEY] ?? listed.length));
  if (classLabels.length < 2) fail(`${classLabels.length} classes, expected two or more`);
  if (Array.from(attributes.numbers('base_values')).some((value) => value !== 0)) fail('a classifier with base values');
  const weights = collectWeights(attributes, 'class', classLabels.length);
  const numUsed = new Set([...weights.values()].flatMap((ofLeaf) => ofLeaf.map(([k]) => k))).size;
  // of two classes only the second may be there, as the share of a tree
  const isHalf = classLabels.length === 2 && numUsed === 1;
  let total = isHalf ? 1 / trees.length : 0;
  return {
    classLabels,
    entries(treeId, nodeId) {
      const ofLeaf = weights.get(leafKey(treeId, nodeId)) ?? [];
      if (isHalf) {
        const share = ofLeaf.reduce((sum, [, weight]) => sum + weight, 0) / total;
        if (!(share >= 0 && share <= 1 + WEIGHT_TOLERANCE)) fail(`leaf ${nodeId} of tree ${treeId} is no probability`);
        const second = share > 1 - WEIGHT_TOLERANCE ? 1 : share;
        return keepPositive([
          [0, 1 - second],
          [1, second],
        ]);
      }
      const sum = ofLeaf.reduce((part, [, weight]) => part + weight, 0);
      total ||= sum;
      if (
        ofLeaf.some(([, weight]) => !(weight >= 0)) ||
        !(Math.abs(sum - total) <= WEIGHT_TOLERANCE * total) ||
        !(sum > 0)
      ) {
        fail(
          `leaf ${nodeId} of tree ${treeId} adds up to ${sum}, others to ${total}: the weights are no probabilities`,
        );
      }
      return keepPositive(ofLeaf.map(([k, weight]) => [k, weight / sum]));
    },
  };
}

function keepPositive(entries: Entries): Entries {
  return entries.filter(([, count]) => count > 0);
}

function valueLeaves(attributes: Attributes, trees: readonly ListedTree[]): Leaves {
  if (attributes.whole('n_targets', 1) !== 1) fail('a regressor of several targets');
  const aggregate = attributes.text('aggregate_function', 'SUM');
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') fail(`aggregate_function ${aggregate}, expected SUM or AVERAGE`);
  const [base = 0] = Array.from(attributes.numbers('base_values'));
  const weights = collectWeights(attributes, 'target', 1);
  const factor = aggregate === 'SUM' ? trees.length : 1;
  return {
    classLabels: [],
    entries(treeId, nodeId) {
      const [[, weight] = [0, 0]] = weights.get(leafKey(treeId, nodeId)) ?? [];
      const value = weight * factor + base;
      if (!Number.isFinite(value)) fail(`leaf ${nodeId} of tree ${treeId} has the value ${value}`);
      return [
        [0, value],
        [1, 1],
      ];
    },
  };
}

const leafKey = (treeId: number, nodeId: number) => `${treeId} ${nodeId}`;

/** Weights of each leaf by class, ascending. */
function collectWeights(attributes: Attributes, what: 'class' | 'target', numIds: number): Map<string, Entries> {
  const ids = attributes.wholes(`${what}_ids`);
  const nodeIds = attributes.wholes(`${what}_nodeids`);
  const treeIds = attributes.wholes(`${what}_treeids`);
  const weights = attributes.numbers(`${what}_weights`);
  if ([nodeIds, treeIds, weights].some(({ length }) => length !== ids.length))
    fail(`lists of weights differ in length`);
  const byLeaf = new Map<string, Entries>();
  for (let i = 0; i < ids.length; i++) {
    if (!(ids[i] >= 0 && ids[i] < numIds)) fail(`a weight of ${what} ${ids[i]}, there are ${numIds}`);
    const key = leafKey(treeIds[i], nodeIds[i]);
    const entries = byLeaf.get(key);
    if (entries) entries.push([ids[i], weights[i]]);
    else byLeaf.set(key, [[ids[i], weights[i]]]);
  }
  for (const [key, entries] of byLeaf) {
    entries.sort(([a], [b]) => a - b);
    if (entries.some(([k], i) => i > 0 && entries[i - 1][0] === k)) fail(`two weights of one ${what} in leaf ${key}`);
  }
  return byLeaf;
}

/** A tree's nodes as ours are: each followed by its left subtree, then by its right one. */
function inPreorder(tree: ListedTree, entries: Leaves['entries']): ForestNode[] {
  const nodes: ForestNode[] = [];
  const seen = new Set<number>();
  const waiting = [{ index: 0, parent: -1 }];
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    const { index, parent } = item;
    if (seen.has(index)) fail(`node ${tree.ids[index]} of tree ${tree.treeId} has two parents`);
    seen.add(index);
    if (parent >= 0) (nodes[parent] as { right: number }).right = nodes.length;
    if (tree.modes[index] === 'LEAF') {
      nodes.push({ entries: entries(tree.treeId, tree.ids[index]) });
      continue;
    }
    const { test, left, right } = readNode(tree, index, seen);
    waiting.push({ index: right, parent: nodes.length }, { index: left, parent: -1 });
    nodes.push({ ...test, right: 0 });
  }
  return nodes;
}

function readNode(tree: ListedTree, index: number, seen: Set<number>) {
  const feature = tree.features[index];
  const threshold = tree.thresholds[index];
  const onTrue = childOf(tree, tree.trueIds[index]);
  const onFalse = childOf(tree, tree.falseIds[index]);
  const isMissingTrue = tree.isMissingTrue[index];
  const swapped = { left: onFalse, right: onTrue };
  const plain = { left: onTrue, right: onFalse };
  const test = (atMost: number, isMissingLeft: boolean) => ({ feature, atMost, isMissingLeft });
  switch (tree.modes[index]) {
    case 'BRANCH_LEQ':
      return { test: test(floorToFloat32(threshold), isMissingTrue), ...plain };
    case 'BRANCH_LT':
      return { test: test(below(threshold), isMissingTrue), ...plain };
    case 'BRANCH_GT':
      return { test: test(floorToFloat32(threshold), !isMissingTrue), ...swapped };
    case 'BRANCH_GTE':
      return { test: test(below(threshold), !isMissingTrue), ...swapped };
    case 'BRANCH_EQ': {
      const { categories, last } = readChain(tree, index, onTrue, onFalse, seen);
      return {
        test: { feature, categories: categorySet(categories), isMissingLeft: isMissingTrue },
        left: onTrue,
        right: last,
      };
    }
    default:
      return fail(`the mode ${tree.modes[index]} can't be read`);
  }
}

/** Largest float32 below a threshold. */
function below(threshold: number): number {
  const floor = floorToFloat32(threshold);
  return floor < threshold ? floor : previousFloat32(floor);
}

/** Categories of nodes that lead to the same child, one after the other, as sets are written. */
function readChain(tree: ListedTree, index: number, onTrue: number, onFalse: number, seen: Set<number>) {
  const categories: number[] = [];
  let at = index;
  let last = onFalse;
  for (;;) {
    const category = tree.thresholds[at];
    if (!Number.isInteger(category) || category >= MAX_CATEGORIES)
      fail(`a category must be from 0 to 254, got ${category}`);
    if (category >= 0) categories.push(category);
    const isSame =
      tree.modes[last] === 'BRANCH_EQ' &&
      tree.features[last] === tree.features[index] &&
      childOf(tree, tree.trueIds[last]) === onTrue &&
      !tree.isMissingTrue[last];
    if (!isSame) return { categories, last };
    if (seen.has(last)) fail(`node ${tree.ids[last]} of tree ${tree.treeId} has two parents`);
    seen.add(last);
    at = last;
    last = childOf(tree, tree.falseIds[last]);
  }
}

function childOf({ indexOf, treeId }: ListedTree, id: number): number {
  return indexOf.get(id) ?? fail(`tree ${treeId} has no node ${id}`);
}
