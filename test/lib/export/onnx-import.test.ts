// Forests of scikit-learn, exported to ONNX by bench/reference/sklearn_onnx.py, and files that are rejected.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { toOnnx } from '../../../lib/export/onnx.ts';
import { decodeOnnx } from '../../../lib/export/onnx-decode.ts';
import { encodeOnnx } from '../../../lib/export/onnx-encode.ts';
import { fromOnnx } from '../../../lib/export/onnx-import.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode } from '../../../lib/export/onnx-model.ts';
import { predict, predictProba, predictValues } from '../../../lib/forest/predict.ts';
import { FUZZ_RUNS, mutations } from '../../fuzz.ts';

const { cases } = JSON.parse(readFileSync('test/fixtures/sklearn-onnx.json', 'utf8')) as {
  cases: Record<string, { onnx: string; columns: string[]; predicted: (string | number)[]; expected: string }>;
};
const copy = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

for (const [name, { onnx, columns, predicted, expected }] of Object.entries(cases)) {
  test(`a forest of scikit-learn predicts the same here: ${name}`, () => {
    const model = fromOnnx(copy(onnx));
    const rows = columns.map((column) => new Float32Array(copy(column).buffer));
    const theirs = new Float64Array(copy(expected).buffer);
    const ours = model.numClasses > 0 ? predictProba(model, rows) : predictValues(model, rows);
    assert.equal(ours.length, theirs.length);
    for (let i = 0; i < ours.length; i++) {
      assert.ok(
        Math.abs(ours[i] - theirs[i]) <= 1e-6 * Math.max(1, Math.abs(theirs[i])),
        `${i}: ${ours[i]}, ${theirs[i]}`,
      );
    }
    if (model.numClasses > 0) {
      assert.deepEqual(
        Array.from(predict(model, rows), (k) => model.classLabels[k]),
        predicted,
      );
    }
  });
}

test('a file in a part of a larger buffer is read', () => {
  const bytes = copy(cases.iris.onnx);
  const larger = Buffer.alloc(bytes.length + 3);
  larger.set(bytes, 3);
  assert.equal(fromOnnx(larger.subarray(3)).trees.length, 5);
  const ours = toOnnx(fromOnnx(bytes));
  assert.equal(fromOnnx(Buffer.concat([Buffer.alloc(1), ours]).subarray(1)).trees.length, 5);
});

const ints = (...value: number[]): OnnxAttribute => ({ type: 'ints', value });
const floats = (...value: number[]): OnnxAttribute => ({ type: 'floats', value });
const texts = (...value: string[]): OnnxAttribute => ({ type: 'strings', value });

/** One tree of one test on feature 0 at 1.5: class 0 on true, class 1 on false. */
const STUMP: Record<string, OnnxAttribute> = {
  nodes_treeids: ints(0, 0, 0),
  nodes_nodeids: ints(0, 1, 2),
  nodes_featureids: ints(0, 0, 0),
  nodes_modes: texts('BRANCH_LEQ', 'LEAF', 'LEAF'),
  nodes_values: floats(1.5, 0, 0),
  nodes_truenodeids: ints(1, 0, 0),
  nodes_falsenodeids: ints(2, 0, 0),
  class_ids: ints(0, 1),
  class_nodeids: ints(1, 2),
  class_treeids: ints(0, 0),
  class_weights: floats(1, 1),
  classlabels_int64s: ints(0, 1),
};

function file(changes: Record<string, OnnxAttribute | undefined> = {}, nodes: OnnxNode[] = [], opType?: string) {
  const attributes = Object.fromEntries(
    Object.entries({ ...STUMP, ...changes }).filter(([, attribute]) => attribute !== undefined),
  ) as Record<string, OnnxAttribute>;
  const model: OnnxModel = {
    producer: 'test',
    opsets: [{ domain: 'ai.onnx.ml', version: 1 }],
    graph: {
      name: 'stump',
      nodes: [
        {
          opType: opType ?? 'TreeEnsembleClassifier',
          domain: 'ai.onnx.ml',
          inputs: ['X'],
          outputs: ['a', 'b'],
          attributes,
        },
        ...nodes,
      ],
      initializers: [],
      inputs: [{ name: 'X', elementType: 1, dims: [null, 1] }],
      outputs: [],
    },
    metadata: {},
  };
  return encodeOnnx(model);
}

const next = Math.fround(1.5 + 2 ** -23);
const MODES: [mode: string, atThreshold: number, above: number][] = [
  ['BRANCH_LEQ', 0, 1],
  ['BRANCH_LT', 1, 1],
  ['BRANCH_GT', 1, 0],
  ['BRANCH_GTE', 0, 0],
];
for (const [mode, atThreshold, above] of MODES) {
  test(`${mode} keeps its meaning on, above and below the threshold, and for missing values`, () => {
    for (const missing of [0, 1]) {
      const model = fromOnnx(
        file({ nodes_modes: texts(mode, 'LEAF', 'LEAF'), nodes_missing_value_tracks_true: ints(missing, 0, 0) }),
      );
      const rows = [Float32Array.of(1.5, next, 1, Number.NaN)];
      const below = mode === 'BRANCH_LEQ' || mode === 'BRANCH_LT' ? 0 : 1;
      assert.deepEqual([...predict(model, rows)], [atThreshold, above, below, missing === 1 ? 0 : 1]);
    }
  });
}

test('a threshold that is not a float32 is rounded down', () => {
  const tensor: OnnxAttribute = { type: 'tensor', value: { dims: [3], values: Float64Array.of(0.1, 0, 0) } };
  const model = fromOnnx(file({ nodes_values: undefined, nodes_values_as_tensor: tensor }));
  assert.ok(model.edges[0][0] < 0.1);
  assert.deepEqual([...predict(model, [Float32Array.of(0.1)])], [1], 'float32 of 0.1 is above 0.1');
});

const plain = (opType: string, input: string, output: string): OnnxNode => ({
  opType,
  domain: '',
  inputs: [input],
  outputs: [output],
  attributes: {},
});
const REJECTED: [why: string, bytes: () => Uint8Array, message: RegExp][] = [
  ['another operator', () => file({}, [plain('Softmax', 'b', 'c')]), /operator Softmax is not supported/],
  ['an operator before the trees', () => file({}, [plain('Mul', 'Y', 'X')]), /Mul comes before the trees/],
  ['an operator that feeds itself', () => file({}, [plain('Cast', 'X', 'X')]), /feeds itself/],
  ['two ensembles', () => file({}, [plain('TreeEnsembleRegressor', 'X', 'c')]), /2 operators/],
  ['boosting', () => file({ post_transform: { type: 'string', value: 'LOGISTIC' } }), /boosted/],
  ['weights that are not probabilities', () => file({ class_weights: floats(1, 7) }), /not probabilities/],
  ['a negative weight', () => file({ class_weights: floats(1, -1) }), /not probabilities/],
  ['lists of different lengths', () => file({ nodes_featureids: ints(0) }), /lists of 3, 3, 1/],
  ['a node twice', () => file({ nodes_nodeids: ints(0, 1, 1) }), /node 1 of tree 0 is listed twice/],
  ['a child that does not exist', () => file({ nodes_truenodeids: ints(9, 0, 0) }), /tree 0 has no node 9/],
  ['a cycle', () => file({ nodes_truenodeids: ints(0, 0, 0) }), /two parents/],
  ['a leaf without weights', () => file({ class_nodeids: ints(1, 1) }), /leaf 1|leaf 2|two weights/],
  ['a class that does not exist', () => file({ class_ids: ints(0, 5) }), /class 5, but there are 2/],
  [
    'a feature that does not exist',
    () => file({ nodes_featureids: ints(4, 0, 0) }),
    /feature 4; the features are 0 to 0/,
  ],
  [
    'another mode',
    () => file({ nodes_modes: texts('BRANCH_NEQ', 'LEAF', 'LEAF') }),
    /mode BRANCH_NEQ is not supported/,
  ],
  ['a category of half', () => file({ nodes_modes: texts('BRANCH_EQ', 'LEAF', 'LEAF') }), /from 0 to 254, got 1.5/],
  ['a threshold that is NaN', () => file({ nodes_values: floats(Number.NaN, 0, 0) }), /threshold NaN/],
  ['no graph', () => Uint8Array.of(8, 8), /no graph/],
  ['another file', () => new TextEncoder().encode('ARVO, not ONNX'), /not an ONNX model/],
];
for (const [why, bytes, message] of REJECTED) {
  test(`a file with ${why} is rejected`, () => {
    assert.throws(() => fromOnnx(bytes()), { name: 'FormatError', message });
  });
}

test('encoding and decoding keep the model', () => {
  const attributes: Record<string, OnnxAttribute> = {
    whole: { type: 'int', value: -3 },
    large: ints(0, 127, 128, 2 ** 31, 2 ** 40, -1, -(2 ** 31)),
    real: { type: 'float', value: 0.5 },
    reals: floats(1, -0.25),
    text: { type: 'string', value: 'grove — арвореду' },
    texts: texts('a', '', 'b'.repeat(300)),
    tensor: { type: 'tensor', value: { name: 't', dims: [2], values: Float64Array.of(Math.PI, -0) } },
    wholes: { type: 'tensor', value: { name: 'w', dims: [], values: BigInt64Array.of(-5n) } },
  };
  const node: OnnxNode = { opType: 'Op', domain: 'd', inputs: ['x', 'y'], outputs: ['z'], attributes };
  const value = { name: 'x', elementType: 11, dims: [null, 3] };
  const initializer = { name: 'i', dims: [1], values: Float32Array.of(7) };
  const model: OnnxModel = {
    producer: 'p',
    opsets: [{ domain: '', version: 13 }],
    graph: { name: 'g', nodes: [node], initializers: [initializer], inputs: [value], outputs: [value] },
    metadata: { key: 'value' },
  };
  const read = decodeOnnx(encodeOnnx(model));
  assert.deepEqual(JSON.parse(JSON.stringify(read, show)), JSON.parse(JSON.stringify(model, show)));
  function show(_key: string, part: unknown) {
    if (typeof part === 'bigint') return String(part);
    return ArrayBuffer.isView(part) ? Array.from(part as Float64Array, String) : part;
  }
});

test('a damaged file is read or fails with a FormatError', () => {
  const property = fc.property(mutations(Buffer.from(copy(cases.iris.onnx))), (bytes) => {
    try {
      fromOnnx(new Uint8Array(bytes));
    } catch (error) {
      assert.equal((error as Error).name, 'FormatError', (error as Error).stack);
    }
  });
  fc.assert(property, { numRuns: Math.min(FUZZ_RUNS, 300) });
});
