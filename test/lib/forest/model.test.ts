import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { ModelSchema } from '../../../lib/forest/model.ts';
import { decodeModel, decodeTrees, encodeModel, encodeTrees } from '../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS } from '../../../lib/forest/params.ts';
import { LEAF, type Tree } from '../../../lib/forest/tree.ts';
import { growTwin, randomTable } from './tables.ts';

const table = randomTable(1, 300, 6, 3);
const trees = growTwin(table, { ...FOREST_DEFAULTS, seed: 1 }, [0, 5]);
const bytes = encodeModel({ trees, edges: table.edges, numClasses: 3, classLabels: ['cat', 'dog', 7] });
const oldFile = readFileSync(new URL('../../fixtures/forest/model-v1.arvo', import.meta.url));

/** Nodes and leaf counts of a tree, whichever table holds the counts. */
function content({ feature, cut, next, leaves }: Tree) {
  const rest = Array.from(next, (at, node) =>
    feature[node] === LEAF
      ? Array.from(leaves.counts.subarray(leaves.start[at], leaves.start[at + 1]), (count, i) => [
          leaves.classes[leaves.start[at] + i],
          count,
        ])
      : at,
  );
  return { feature: [...feature], cut: [...cut], rest };
}

/** The model with other bytes at an offset, and a checksum that agrees. */
function forged(offset: number, values: number[], from = bytes): Uint8Array {
  const copy = from.slice();
  copy.set(values, offset);
  const checksum = crc32(copy.subarray(20), crc32(copy.subarray(0, 16)));
  new DataView(copy.buffer).setUint32(16, checksum, true);
  return copy;
}

const damaged = (what: RegExp) => ({ name: 'FormatError', message: what });

test('a decoded model equals the encoded one', () => {
  const model = decodeModel(bytes);
  assert.deepEqual(model.trees.map(content), trees.map(content));
  assert.deepEqual(model.edges, table.edges);
  assert.deepEqual(model.classLabels, ['cat', 'dog', 7]);
  assert.equal(model.numFeatures, 6);
  assert.equal(model.numClasses, 3);
  assert.deepEqual(
    encodeModel({ trees: model.trees, edges: model.edges, numClasses: 3, classLabels: model.classLabels }),
    bytes,
  );
});

test('a model keeps the schema of its table, and an invalid schema is rejected', () => {
  const features = Array.from({ length: 6 }, (_, i) => ({ name: `x${i}`, type: 'numeric' as const }));
  const encode = (schema: ModelSchema) =>
    encodeModel({ trees, edges: table.edges, numClasses: 3, classLabels: [0, 1, 2] }, { schema });
  const schema: ModelSchema = {
    label: 'y',
    features: [...features.slice(1), { name: 'c', type: 'categorical', categories: [1, 'a'] }],
  };
  assert.deepEqual(decodeModel(encode(schema)).schema, schema);
  assert.equal(decodeModel(bytes).schema, null);
  const wrong: ModelSchema[] = [
    { label: 'y', features: features.slice(1) },
    { label: 'y', features: [...features.slice(1), { name: 'c', type: 'categorical' }] },
    { label: 'y', features: [...features.slice(1), { name: 'c', type: 'text' as 'date' }] },
    { label: 3 as unknown as string, features },
  ];
  for (const one of wrong) assert.throws(() => decodeModel(encode(one)), damaged(/^model: damaged, schema$/));
});

test('a model may be read from the middle of a buffer', () => {
  const buffer = new Uint8Array(bytes.length + 3);
  buffer.set(bytes, 3);
  assert.deepEqual(decodeModel(buffer.subarray(3)).trees.map(content), trees.map(content));
});

test('a model has the same bytes from one group of trees and from several', () => {
  const whole = encodeModel({ trees, edges: table.edges, numClasses: 3 });
  for (const ends of [[5], [1, 5], [2, 4, 5], [1, 2, 3, 4, 5]]) {
    const groups = ends.map((end, i) => encodeTrees(trees.slice(ends[i - 1] ?? 0, end)));
    assert.deepEqual(encodeModel({ trees: groups.flatMap(decodeTrees), edges: table.edges, numClasses: 3 }), whole);
  }
});

test('a decoded group of trees equals the encoded one, also when it is empty', () => {
  assert.deepEqual(decodeTrees(encodeTrees(trees)).map(content), trees.map(content));
  assert.deepEqual(decodeTrees(encodeTrees([])), []);
});

test('a model of fully grown trees takes less than six bytes a node', () => {
  const large = randomTable(2, 20_000, 20, 2);
  const grown = growTwin(large, FOREST_DEFAULTS, [0, 4]);
  const numNodes = grown.reduce((sum, tree) => sum + tree.numNodes, 0);
  assert.ok(encodeModel({ trees: grown, edges: large.edges, numClasses: 2 }).length / numNodes < 6);
});

// Hashes of this build. A change here is a change of every stored model's hash: say so when it is meant.
const HASHES = [
  { numClasses: 2, minSamplesLeaf: 1, hash: '949ea110ddbfec9d' },
  { numClasses: 2, minSamplesLeaf: 3, hash: '078ec94d1c3f1dff' },
  { numClasses: 3, minSamplesLeaf: 1, hash: 'ac794c4da43e711a' },
];
for (const { numClasses, minSamplesLeaf, hash } of HASHES) {
  test(`seed 4 gives the known bytes for ${numClasses} classes and minSamplesLeaf ${minSamplesLeaf}`, () => {
    const known = randomTable(11, 1000, 20, numClasses);
    const grown = growTwin(known, { ...FOREST_DEFAULTS, seed: 4, minSamplesLeaf }, [0, 3]);
    const sha256 = createHash('sha256')
      .update(encodeModel({ trees: grown, edges: known.edges, numClasses }))
      .digest('hex');
    assert.equal(sha256.slice(0, 16), hash);
  });
}

test('a wrong magic, version and length are rejected in this order, each with its message', () => {
  const wrong = forged(0, [1, 2, 3, 4, 9, 0, 1, 0, 5]);
  assert.throws(() => decodeModel(wrong), damaged(/^model: not an arvoredo file, it must begin with ARVO$/));
  wrong.set(bytes.subarray(0, 4));
  assert.throws(() => decodeModel(wrong), damaged(/^model: version 9, this build reads 2; train again$/));
  wrong.set(bytes.subarray(4, 6), 4);
  assert.throws(() => decodeModel(wrong), damaged(/^model: damaged, \d+ bytes where the header says \d+$/));
  assert.throws(() => decodeModel(forged(32, [1])), damaged(/bytes where its counts add up to/));
  assert.throws(() => decodeModel(encodeTrees(trees)), damaged(/another kind of file/));
});

test('a model of version 1 is rejected', () => {
  const message = 'model: version 1, this build reads 2; train again';
  assert.throws(() => decodeModel(oldFile), { name: 'FormatError', message });
});

test('a file cut short anywhere is rejected', () => {
  for (let length = 0; length < bytes.length; length += length < 70 ? 1 : 101) {
    assert.throws(() => decodeModel(bytes.slice(0, length)), { name: 'FormatError' });
  }
});

test('a flipped bit anywhere is rejected', () => {
  for (let at = 0; at < bytes.length; at++) {
    const copy = bytes.slice();
    copy[at] ^= 1 << (at % 8);
    assert.throws(() => decodeModel(copy), { name: 'FormatError' }, `byte ${at}`);
  }
});

test('equal forests have equal bytes, even if the leaves of their trees hold stale values', () => {
  const [tree] = trees;
  const isLeaf = (node: number) => tree.feature[node] === LEAF;
  assert.ok(tree.cut.every((cut, node) => !isLeaf(node) || cut === 0));
});

test('a wrong file with a right checksum is rejected or decodes to finite trees', () => {
  for (let at = 20; at < bytes.length; at++) {
    for (const value of [0, 1, 255]) {
      let decoded: Tree[];
      try {
        decoded = decodeModel(forged(at, [value])).trees;
      } catch (error) {
        assert.equal((error as Error).name, 'FormatError', `byte ${at}`);
        continue;
      }
      for (const { numNodes, feature, next, leaves } of decoded) {
        for (let node = 0; node < numNodes; node++) {
          if (feature[node] === LEAF) assert.ok(next[node] < leaves.start.length - 1);
          else assert.ok(next[node] > node + 1 && next[node] < numNodes && feature[node] < 6);
        }
      }
    }
  }
});

test('numbers out of range are rejected by name', () => {
  // a stump: one feature, one edge, two classes, three nodes
  const stump: Tree = {
    numNodes: 3,
    feature: Uint16Array.of(0, LEAF, LEAF),
    cut: Uint8Array.of(0, 0, 0),
    next: Uint32Array.of(2, 0, 1),
    leaves: { start: Uint32Array.of(0, 1, 2), classes: Uint16Array.of(0, 1), counts: Uint32Array.of(3, 4) },
  };
  const file = encodeModel({ trees: [stump], edges: [Float32Array.of(0.5)], numClasses: 2 });
  // sections of 8 bytes each from 88: edge counts, edges, tree sizes, feature, cut; leaf rows from 128
  const cases: [offset: number, values: number[], what: RegExp][] = [
    [52, [16], /layout 16/],
    [64, [0x5b], /damaged, description/],
    [67, [0x40], /class labels/],
    [88, [2], /1 edges where the features have 2/],
    [104, [1], /tree 0 ends without a leaf/],
    [104, [2], /tree 0 of 2 nodes/],
    [112, [1, 0], /feature 1 of 1/],
    [114, [0, 0], /tree 0 doesn't end with its last leaf/],
    [112, [255, 255], /tree 0 doesn't end with its last leaf/],
    [120, [1], /cut 1 of 1 edges/],
    [128, [2], /leaf row 2 of 2/],
    [136, [1], /leaf table of another length/],
    [140, [2], /leaf row 1 is empty/],
    [152, [2], /leaf row 0, class 2/],
    [160, [0], /leaf row 0, class 0/],
  ];
  for (const [offset, values, what] of cases) {
    assert.throws(() => decodeModel(forged(offset, values, file)), damaged(what), `offset ${offset}`);
  }
});
