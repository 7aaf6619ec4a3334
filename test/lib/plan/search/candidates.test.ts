import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunParams } from '../../../../lib/plan/params.ts';
import { listCandidates } from '../../../../lib/plan/search/candidates.ts';

const list = (search: Record<string, unknown>, seed = 0) =>
  listCandidates(parseRunParams({ search }).search!, seed) as Record<string, number>[];

test('a grid is gone through by the alphabet, the last parameter changing fastest, however it was written', () => {
  const expected = [
    { maxDepth: 5, trees: 10 },
    { maxDepth: 5, trees: 20 },
    { maxDepth: null, trees: 10 },
    { maxDepth: null, trees: 20 },
  ];
  assert.deepEqual(list({ grid: { maxDepth: [5, null], trees: [10, 20] } }), expected);
  assert.deepEqual(list({ grid: { trees: [10, 20], maxDepth: [5, null] } }), expected);
});

test('candidates drawn from a grid are different ones, and the first stay when more are drawn', () => {
  const grid = { maxDepth: [1, 2, 3, 4, 5], trees: [1, 2, 3, 4, 5] };
  const all = list({ grid, random: 25 }).map((one) => JSON.stringify(one));
  assert.equal(new Set(all).size, 25);
  const few = list({ grid, random: 7 }).map((one) => JSON.stringify(one));
  assert.deepEqual(few, all.slice(0, 7));
  assert.notDeepEqual(list({ grid, random: 7 }, 1), list({ grid, random: 7 }));
});

test('numbers from ranges stay in them, are whole where both ends are, and are different candidates', () => {
  const grid = {
    maxDepth: { from: 2, to: 20 },
    minSamplesLeaf: { from: 1, to: 100, log: true },
    maxFeatures: { from: 0.1, to: 0.9 },
    ccpAlpha: { from: 0, to: 1 },
    bootstrap: [true, false],
  };
  const drawn = list({ grid, random: 400 });
  assert.equal(new Set(drawn.map((one) => JSON.stringify(one))).size, 400);
  const values = (name: string) => drawn.map((one) => one[name]);
  for (const depth of values('maxDepth')) assert.ok(Number.isInteger(depth) && depth >= 2 && depth <= 20);
  assert.equal(new Set(values('maxDepth')).size, 19);
  for (const share of values('maxFeatures'))
    assert.ok(share >= 0.1 && share <= 0.9 && share === Number(share.toPrecision(4)));
  assert.ok(values('ccpAlpha').some((value) => value > 0 && value < 1));
  const leaves = values('minSamplesLeaf');
  assert.ok(leaves.every((rows) => Number.isInteger(rows) && rows >= 1 && rows <= 100));
  // half of the logarithms are below 10, where a tenth of the numbers is
  const small = leaves.filter((rows) => rows < 10).length;
  assert.ok(small > 160 && small < 240, `${small} of 400`);
  assert.deepEqual(list({ grid, random: 400 }), drawn);
  assert.deepEqual(list({ grid, random: 20 }), drawn.slice(0, 20));
});

test('too many candidates are refused, and more than there are', () => {
  const tens = Array.from({ length: 40 }, (_, i) => i + 1);
  const grid = { maxDepth: tens, trees: tens };
  assert.throws(
    () => list({ grid }),
    /the grid has 1600 candidates, at most 1000 are allowed; use fewer values, or draw/,
  );
  assert.equal(list({ grid, random: 1000 }).length, 1000);
  assert.throws(
    () => list({ grid: { trees: [1, 2] }, random: 3 }),
    /random must be at most the 2 candidates of the grid, got 3/,
  );
  assert.throws(
    () => list({ grid: { trees: { from: 1, to: 3 } }, random: 4 }),
    /random 4: the ranges gave 3 distinct candidates in 400 draws/,
  );
});
