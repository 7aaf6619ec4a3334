import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { decodeModel, decodeTrees, encodeModel, encodeTrees } from '../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS } from '../../../lib/forest/params.ts';
import { predictProba } from '../../../lib/forest/predict.ts';
import { LEAF, type Tree } from '../../../lib/forest/tree.ts';
import { decodeStrange, FUZZ_RUNS, mutations, withNumbers } from '../../fuzz.ts';
import { growTwin, randomTable } from './tables.ts';

const table = randomTable(1, 60, 4, 3);
const trees = growTwin(table, { ...FOREST_DEFAULTS, seed: 1 }, [0, 3]);
const model = encodeModel(
  { trees, edges: table.edges, numClasses: 3, classLabels: ['cat', 'dog', 7] },
  { options: { numTrees: 3 } },
);
const HEADER_BYTES = 64;

/** A length and a checksum that agree with the bytes, so that what lies behind them is looked at. */
function seal(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER_BYTES) return bytes;
  const sealed = bytes.slice();
  const header = new DataView(sealed.buffer);
  header.setBigUint64(8, BigInt(sealed.length), true);
  header.setUint32(16, crc32(sealed.subarray(20), crc32(sealed.subarray(0, 16))), true);
  return sealed;
}

/** Decode and predict, so that a tree without an end or a place outside of it would show. */
function use(bytes: Uint8Array): void {
  const decoded = decodeModel(bytes);
  if (decoded.numClasses === 0) return;
  const columns = Array.from({ length: decoded.numFeatures }, () => Float32Array.of(-1e30, 0, 1e30));
  const shares = predictProba(decoded, columns);
  assert.equal(shares.length, 3 * decoded.numClasses);
}

test('damaged models with a right checksum are decoded or rejected, in time proportional to their size', () => {
  fc.assert(
    fc.property(mutations(model), (bytes) => decodeStrange(use, seal(bytes))),
    { numRuns: FUZZ_RUNS },
  );
});

test('damaged groups of trees are decoded or rejected', () => {
  const property = fc.property(mutations(encodeTrees(trees)), (bytes) => decodeStrange(decodeTrees, seal(bytes)));
  fc.assert(property, { numRuns: FUZZ_RUNS });
});

test('no count in the header, however large, makes decoding hang or exhaust memory', () => {
  for (const bytes of withNumbers(model, [0x7fffffff, 0xffffffff, 0x00100000], HEADER_BYTES)) {
    decodeStrange(use, seal(bytes));
    decodeStrange(use, bytes);
  }
});

/** A file of zeros whose counts add up to its size. */
function empty(counts: number[], length: number): Uint8Array {
  const bytes = model.slice(0, HEADER_BYTES);
  const file = new Uint8Array(length);
  file.set(bytes);
  const header = new DataView(file.buffer);
  for (const [i, count] of counts.entries()) header.setUint32(20 + 4 * i, count, true);
  return seal(file);
}

test('too many features or trees are rejected before anything is allocated', () => {
  const align = (bytes: number) => Math.ceil(bytes / 8) * 8;
  const numFeatures = 1_000_000;
  const features = empty([numFeatures, 0, 0, 0, 0, 0, 0, 0, 0, 0], HEADER_BYTES + align(2 * numFeatures) + 8);
  assert.throws(() => decodeModel(features), { name: 'FormatError', message: 'model: damaged, 1000000 features' });

  const leaf: Tree = {
    numNodes: 1,
    feature: Uint16Array.of(LEAF),
    cut: Uint8Array.of(0),
    next: Uint32Array.of(0),
    leaves: { start: Uint32Array.of(0, 1), classes: Uint16Array.of(0), counts: Uint32Array.of(1) },
  };
  const message = 'model: damaged, 100001 trees, at most 100000';
  assert.throws(() => decodeTrees(encodeTrees(Array(100_001).fill(leaf))), { name: 'FormatError', message });
  assert.equal(decodeTrees(encodeTrees(Array(1000).fill(leaf))).length, 1000);
});
