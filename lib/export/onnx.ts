// A forest as an ONNX model: TreeEnsembleClassifier or TreeEnsembleRegressor of ai.onnx.ml 3.

import { InputError } from '../base/errors.ts';
import type { ClassLabel, Model } from '../forest/model.ts';
import { encodeOnnx } from './onnx-encode.ts';
import { listFractions, listNodes, listValues, type NodeLists } from './onnx-lists.ts';
import { ELEMENT, type OnnxAttribute, type OnnxNode, type OnnxTensor } from './onnx-model.ts';

const ML_DOMAIN = 'ai.onnx.ml';
const OPSETS = [
  { domain: '', version: 13 },
  { domain: ML_DOMAIN, version: 3 },
];
/** In the file's metadata: classes of the forest, where the operator has one more. */
export const NUM_CLASSES_KEY = 'arvoredo.numClasses';
/** In the file's metadata: the columns that the values of a row are, as JSON; the operator knows their places alone. */
export const SCHEMA_KEY = 'arvoredo.schema';

/**
 * A model as an ONNX file, for inputs `X` of float32, NaN where a value is missing; shape [N, numFeatures].
 *
 * Outputs are named as by skl2onnx. Of a classifier `label` and `probabilities`, float32: values are compared and class
 * fractions summed in float64, tree after tree as `predict` does it, so that labels are the same. Only where a runtime gives
 * each thread some of the trees may an exact tie of mixed leaves fall otherwise. Of a regressor `variable`, float32.
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
    metadata: {
      ...(isClassifier && { [NUM_CLASSES_KEY]: String(model.numClasses) }),
      ...(model.schema && { [SCHEMA_KEY]: JSON.stringify(model.schema) }),
    },
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
