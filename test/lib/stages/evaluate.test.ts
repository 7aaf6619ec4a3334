import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreSteps } from '../../../lib/stages/evaluate.ts';

test('scores are rounded to a multiple of the trees, and few enough for any number of classes', () => {
  assert.equal(scoreSteps(2, 100), 1900);
  assert.equal(scoreSteps(2, 6), 1998);
  assert.equal(scoreSteps(2, 5000), 1999);
  assert.equal(scoreSteps(10, 100), 100);
  assert.equal(scoreSteps(1000, 100), 1);
  assert.equal(scoreSteps(1001, 100), 0);
  for (const numClasses of [2, 3, 7, 1000]) {
    const lists = numClasses === 2 ? 1 : numClasses;
    assert.ok(lists * 2 * (scoreSteps(numClasses, 1) + 1) <= 4000, `${numClasses} classes`);
  }
});
