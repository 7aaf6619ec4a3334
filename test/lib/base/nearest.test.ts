import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../../lib/base/nearest.ts';

const NAMES = ['trees', 'testSize', 'maxDepth', 'seed'];

for (const [wanted, nearest] of [
  ['tress', 'trees'],
  ['TREES', 'trees'],
  ['max-depth', 'maxDepth'],
  ['sed', 'seed'],
  ['something', undefined],
  ['x', undefined],
] as const) {
  test(`the nearest name to ${wanted} is ${nearest ?? 'none: every one takes too many changes'}`, () => {
    assert.equal(nearestName(wanted, NAMES), nearest);
  });
}

test('of two names that are equally near, the first is suggested', () => {
  assert.equal(nearestName('cat', ['bat', 'hat']), 'bat');
});
