// Reads forests from ONNX models: ours, scikit-learn's as skl2onnx writes them, and similar ones.

import type { ClassLabel, Model, ModelSchema } from '../forest/model.ts';
import { buildModel } from './build-model.ts';
import { NUM_CLASSES_KEY, SCHEMA_KEY } from './onnx.ts';
import { Attributes, fail } from './onnx-attributes.ts';
import { decodeOnnx } from './onnx-decode.ts';
import type { OnnxModel, OnnxNode } from './onnx-model.ts';
import { type Entries, type LeafEntries, type ListedTree, readTrees, toPreorder } from './onnx-trees.ts';

const CLASSIFIER = 'TreeEnsembleClassifier';
const REGRESSOR = 'TreeEnsembleRegressor';
/** Operators that only rename, convert, scale or pack the output of the trees. */
const AROUND_CLASSIFIER = ['Cast', 'Identity', 'ZipMap', 'Div', 'Mul', 'Slice'];
const AROUND_REGRESSOR = ['Cast', 'Identity'];
/** Allowed relative difference of the weight sums of two leaves: they are float32 sums of float32 numbers. */
const WEIGHT_TOLERANCE = 1e-4;

/**
 * Read the model in an ONNX file. It predicts the same as the file: every row of float32 values reaches the same
 * leaves. Sums over trees are float64, where runtimes may sum in float32. Thresholds are rounded down to float32. Such
 * files do not store how many samples a leaf holds, so every leaf counts as one.
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
  if (transform !== 'NONE')
    fail(`post_transform ${transform} is not supported: boosted trees cannot be read, only means over trees`);
  const trees = readTrees(attributes);
  const numFeatures = onnx.graph.inputs[0].dims[1] ?? 1 + findMaxFeature(trees);
  const leaves = isClassifier ? readClassLeaves(attributes, onnx, trees) : readRegressionLeaves(attributes, trees);
  return buildModel({
    numFeatures,
    classLabels: leaves.classLabels,
    isRegression: !isClassifier,
    trees: trees.map((tree) => toPreorder(tree, leaves.entries)),
    schema: readSchema(onnx.metadata[SCHEMA_KEY]),
  });
}

/** The schema is checked with the model. */
function readSchema(text: string | undefined): ModelSchema | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ModelSchema;
  } catch (cause) {
    return fail(`the metadata ${SCHEMA_KEY} are not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function findOperator({ graph }: OnnxModel): OnnxNode {
  const operators = graph.nodes.filter(({ opType }) => opType === CLASSIFIER || opType === REGRESSOR);
  if (operators.length !== 1) fail(`${operators.length} operators ${CLASSIFIER} or ${REGRESSOR}, expected one`);
  const [operator] = operators;
  const allowed = operator.opType === CLASSIFIER ? AROUND_CLASSIFIER : AROUND_REGRESSOR;
  const other = graph.nodes.find((node) => node !== operator && !allowed.includes(node.opType));
  if (other)
    fail(`operator ${other.opType} is not supported; in addition to the trees there may be ${allowed.join(', ')}`);
  let [input] = operator.inputs;
  for (let producer = findProducer(graph.nodes, input); producer; producer = findProducer(graph.nodes, input)) {
    if (producer.opType !== 'Cast' && producer.opType !== 'Identity') fail(`${producer.opType} comes before the trees`);
    if (producer.inputs[0] === input) fail(`${producer.opType} feeds itself`);
    [input] = producer.inputs;
  }
  if (graph.inputs.length !== 1 || graph.inputs[0].name !== input)
    fail('the trees must read the only input of the model');
  return operator;
}

function findProducer(nodes: readonly OnnxNode[], output: string): OnnxNode | undefined {
  return nodes.find(({ outputs }) => outputs.includes(output));
}

function findMaxFeature(trees: readonly ListedTree[]): number {
  return trees.reduce((most, { features }) => features.reduce((a, b) => Math.max(a, b), most), 0);
}

interface Leaves {
  classLabels: ClassLabel[];
  entries: LeafEntries;
}

function readClassLeaves(attributes: Attributes, { metadata }: OnnxModel, trees: readonly ListedTree[]): Leaves {
  const texts = attributes.texts('classlabels_strings');
  const numbers = Array.from(attributes.integers('classlabels_int64s'));
  const listed: ClassLabel[] = texts.length > 0 ? [...texts] : numbers;
  const classLabels = listed.slice(0, Number(metadata[NUM_CLASSES_KEY] ?? listed.length));
  if (classLabels.length < 2) fail(`${classLabels.length} classes, expected two or more`);
  if (Array.from(attributes.numbers('base_values')).some((value) => value !== 0))
    fail('a classifier with base values is not supported');
  const weights = collectWeights(attributes, 'class', classLabels.length);
  const numUsed = countClasses(weights);
  // with two classes the file may list only the second, with its share of the tree
  const isHalf = classLabels.length === 2 && numUsed === 1;
  let total = isHalf ? 1 / trees.length : 0;
  return {
    classLabels,
    entries(treeId, nodeId) {
      const leafEntries = weights.get(treeId)?.get(nodeId) ?? [];
      if (isHalf) {
        const share = leafEntries.reduce((sum, [, weight]) => sum + weight, 0) / total;
        if (!(share >= 0 && share <= 1 + WEIGHT_TOLERANCE))
          fail(`leaf ${nodeId} of tree ${treeId} is not a probability`);
        const second = share > 1 - WEIGHT_TOLERANCE ? 1 : share;
        return keepPositive([
          [0, 1 - second],
          [1, second],
        ]);
      }
      const sum = leafEntries.reduce((part, [, weight]) => part + weight, 0);
      total ||= sum;
      if (
        leafEntries.some(([, weight]) => !(weight >= 0)) ||
        !(Math.abs(sum - total) <= WEIGHT_TOLERANCE * total) ||
        !(sum > 0)
      ) {
        fail(
          `leaf ${nodeId} of tree ${treeId} adds up to ${sum}, others to ${total}: the weights are not probabilities`,
        );
      }
      return keepPositive(leafEntries.map(([k, weight]) => [k, weight / sum]));
    },
  };
}

function countClasses(weights: Weights): number {
  const found = new Set<number>();
  for (const byNode of weights.values()) {
    for (const entries of byNode.values()) for (const [k] of entries) found.add(k);
  }
  return found.size;
}

function keepPositive(entries: Entries): Entries {
  return entries.filter(([, count]) => count > 0);
}

function readRegressionLeaves(attributes: Attributes, trees: readonly ListedTree[]): Leaves {
  if (attributes.integer('n_targets', 1) !== 1) fail('a regressor with several targets is not supported');
  const aggregate = attributes.text('aggregate_function', 'SUM');
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') fail(`aggregate_function ${aggregate}, expected SUM or AVERAGE`);
  const [base = 0] = Array.from(attributes.numbers('base_values'));
  const weights = collectWeights(attributes, 'target', 1);
  const factor = aggregate === 'SUM' ? trees.length : 1;
  return {
    classLabels: [],
    entries(treeId, nodeId) {
      const [[, weight] = [0, 0]] = weights.get(treeId)?.get(nodeId) ?? [];
      const value = weight * factor + base;
      if (!Number.isFinite(value)) fail(`leaf ${nodeId} of tree ${treeId} has the value ${value}`);
      return [
        [0, value],
        [1, 1],
      ];
    },
  };
}

/** By tree and node, the weights of each leaf, in ascending order of the class. */
type Weights = Map<number, Map<number, Entries>>;

function collectWeights(attributes: Attributes, what: 'class' | 'target', numIds: number): Weights {
  const ids = attributes.integers(`${what}_ids`);
  const nodeIds = attributes.integers(`${what}_nodeids`);
  const treeIds = attributes.integers(`${what}_treeids`);
  const weights = attributes.numbers(`${what}_weights`);
  if ([nodeIds, treeIds, weights].some(({ length }) => length !== ids.length))
    fail('the lists of weights differ in length');
  const byTree: Weights = new Map();
  for (let i = 0; i < ids.length; i++) {
    if (!(ids[i] >= 0 && ids[i] < numIds)) fail(`a weight for ${what} ${ids[i]}, but there are ${numIds}`);
    const byNode = byTree.get(treeIds[i]) ?? new Map<number, Entries>();
    byTree.set(treeIds[i], byNode);
    const entries = byNode.get(nodeIds[i]);
    if (entries) entries.push([ids[i], weights[i]]);
    else byNode.set(nodeIds[i], [[ids[i], weights[i]]]);
  }
  for (const [treeId, byNode] of byTree) {
    for (const [nodeId, entries] of byNode) {
      entries.sort(([a], [b]) => a - b);
      if (entries.every(([k], i) => i === 0 || entries[i - 1][0] !== k)) continue;
      fail(`leaf ${nodeId} of tree ${treeId} has two weights for one ${what}`);
    }
  }
  return byTree;
}
