import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { encodeColumn, quantileEdges } from '../../../lib/forest/bins.ts';

const edgesOf = (values: number[], maxBins?: number) => [...quantileEdges(Float32Array.from(values), maxBins)];

function encode(values: Float32Array, edges: Float32Array): Uint8Array {
  const codes = new Uint8Array(values.length);
  encodeColumn(values, edges, codes);
  return codes;
}

/** Values of one of several shapes, from smooth to a few atoms. */
function sample(seed: number, length: number): Float32Array {
  const random = new RandomStream(seed, 1);
  const shapes = [
    () => random.nextOpen() - 0.5,
    () => Math.exp(20 * (random.nextOpen() - 0.5)),
    () => (random.nextOpen() < 0.7 ? 0 : random.nextOpen()),
    () => random.nextBelow(300),
    () => 1 + random.nextBelow(3000) * 2 ** -23, // neighbours among the float32 numbers
    () => (random.nextBelow(2001) - 1000) * 2 ** -149, // the smallest numbers there are
  ];
  return Float32Array.from({ length }, shapes[seed % shapes.length]);
}

test('few distinct values get the middles between neighbours, in any order and with repeats', () => {
  assert.deepEqual(edgesOf([3, 1, 2, 1, 3]), [1.5, 2.5]);
  assert.deepEqual(edgesOf([-0, 0, 1]), [0.5]);
  assert.equal(edgesOf(Array.from({ length: 255 }, (_, i) => i)).length, 254);
});

test('a constant or empty sample has no edges', () => {
  assert.deepEqual(edgesOf([7, 7, 7]), []);
  assert.deepEqual(edgesOf([]), []);
});

test('bins of many distinct values grow from single rows at the ends to twice an equal share', () => {
  const numRows = 255 * 40;
  const values = Float32Array.from({ length: numRows }, (_, i) => (i * 7919) % numRows);
  const ends = [-0.5, ...quantileEdges(values), numRows - 0.5];
  const sizes = ends.slice(1).map((end, bin) => end - ends[bin]);
  assert.ok(sizes.length > 250);
  assert.deepEqual([sizes[0], sizes.at(-1)], [1, 1]);
  const middle = sizes.length >> 1;
  assert.ok(Math.abs(sizes[middle] - 80) <= 2, `${sizes[middle]} rows in the middle`);
  for (const [bin, size] of sizes.entries()) {
    const nearer = sizes[bin < middle ? bin + 1 : bin - 1];
    assert.ok(nearer >= size - 2, `bin ${bin}`); // sizes are whole
  }
  assert.deepEqual(edgesOf([1, 2, 3, 4, 5, 6, 7, 8], 4), [1.5, 4.5, 7.5]);
  assert.deepEqual(edgesOf([1, 2, 3, 4], 1), []);
});

test('bins depend on ranks: an outlier or another scale moves no row to another bin', () => {
  const values = sample(0, 5000).map((value) => value + 1);
  const codes = encode(values, quantileEdges(values));
  const stretched = values.map((value) => value ** 9);
  stretched[stretched.indexOf(Math.max(...stretched))] = 3e38;
  assert.deepEqual(encode(stretched, quantileEdges(stretched)), codes);
});

test('a frequent value takes one bin and leaves the others to the other values', () => {
  const values = Float32Array.from({ length: 20_000 }, (_, i) => (i < 10_000 ? 0 : i));
  const edges = quantileEdges(values);
  assert.equal(edges[0], 5000);
  assert.ok(edges.length > 250, `${edges.length} edges`);
});

test('an edge is at least the value below it and less than the value above, on samples of any shape', () => {
  for (let seed = 0; seed < 60; seed++) {
    const values = sample(seed, 2000);
    const sorted = values.slice().sort();
    const edges = quantileEdges(values);
    assert.ok(edges.length <= 254);
    for (const edge of edges) {
      const above = sorted.findIndex((value) => value > edge);
      assert.ok(above > 0 && sorted[above - 1] <= edge, `edge ${edge} of seed ${seed}`);
      // rounded down from the middle
      assert.ok(edge <= (sorted[above - 1] + sorted[above]) / 2);
    }
    assert.deepEqual(edges, quantileEdges(values.slice().reverse()));
  }
});

test('the middle of adjacent float32 numbers is the lower one', () => {
  const next = 1 + 2 ** -23;
  assert.deepEqual(edgesOf([1, next]), [1]);
  assert.deepEqual(edgesOf([-next, -1]), [Math.fround(-next)]);
  assert.deepEqual(edgesOf([-(2 ** -149), 0]), [-(2 ** -149)]);
  assert.deepEqual(edgesOf([0, 2 ** -149]), [0]);
});

test('a code is the number of edges below the value: x <= edges[c] if and only if code <= c', () => {
  for (let seed = 0; seed < 30; seed++) {
    const edges = quantileEdges(sample(seed, 1000));
    const values = Float32Array.of(...sample(seed + 30, 300), ...edges, Number.MAX_VALUE, -3e38, 3e38, -0, 0);
    const codes = encode(values, edges);
    for (const [i, value] of values.entries()) assert.equal(codes[i], edges.filter((edge) => edge < value).length);
  }
});

test('a sample with values that are not finite is rejected', () => {
  const error = (got: string) => ({ name: 'InputError', message: `bin sample: values must be finite, got ${got}` });
  assert.throws(() => edgesOf([1, Number.NaN]), error('NaN'));
  assert.throws(() => edgesOf([1, Number.POSITIVE_INFINITY]), error('Infinity'));
  assert.throws(() => edgesOf([Number.NEGATIVE_INFINITY, 1]), error('-Infinity'));
});
