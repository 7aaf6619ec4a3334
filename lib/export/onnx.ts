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
/** Metadata key for the number of classes: the operator has one more where there are two. */
export const NUM_CLASSES_KEY = 'arvoredo.numClasses';
/** Metadata key for the columns as JSON: the operator knows them by index only. */
export const SCHEMA_KEY = 'arvoredo.schema';

/**
 * Write a model as an ONNX file. The input is `X`, float32, shape [N, numFeatures], NaN where a value is missing.
 *
 * Outputs are named like those of skl2onnx: for a classifier `label` and `probabilities`, float32, for a regressor
 * `variable`, float32. Values are compared and class fractions summed in float64, tree after tree like `predict`, so
 * that labels are the same. Only if a runtime splits the trees over threads, an exact tie of mixed leaves may have
 * another label.
 *
 * @throws {InputError} when ONNX has no type for the labels, or the forest has one class
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
  if (numClasses < 2) throw new InputError('ONNX needs two classes or more, the forest has one class');
  // for two classes runtimes compare one sum with 0.5; for more they take the largest sum, as we do
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
        class_weights_as_tensor: doubleTensor('class_weights', weights),
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
      target_weights_as_tensor: doubleTensor('target_weights', weights),
      post_transform: { type: 'string', value: 'NONE' },
    },
  };
  const outputs = [{ name: 'variable', elementType: ELEMENT.float, dims: [null, 1] }];
  return { graphNodes: [operator], initializers: [], outputs };
}

function plainNode(opType: string, inputs: string[], output: string): OnnxNode {
  return { opType, domain: '', inputs, outputs: [output], attributes: {} };
}

function doubleTensor(name: string, values: Float64Array): OnnxAttribute {
  return { type: 'tensor', value: { name, dims: [values.length], values } };
}

/** Class labels as ONNX stores them: integers, with true as 1 and false as 0, or strings. */
function toOnnxLabels(labels: readonly ClassLabel[]): Record<string, OnnxAttribute> {
  if (labels.every((label): label is string => typeof label === 'string')) {
    return { classlabels_strings: { type: 'strings', value: labels } };
  }
  const numbers = labels.map((label) => (typeof label === 'string' ? Number.NaN : Number(label)));
  const wrong = numbers.findIndex((label) => !Number.isSafeInteger(label));
  if (wrong >= 0) {
    throw new InputError(
      `ONNX class labels must be all integers or all strings, got ${JSON.stringify(labels[wrong])}; rename the classes, or export as json`,
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
    nodes_values_as_tensor: doubleTensor('nodes_values', nodes.thresholds),
    nodes_truenodeids: { type: 'ints', value: nodes.trueIds },
    nodes_falsenodeids: { type: 'ints', value: nodes.falseIds },
    nodes_missing_value_tracks_true: { type: 'ints', value: nodes.missingTrue },
  };
}
