import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pollPauseMs } from '../../../local/commands/follow.ts';

test('looks that take long come rarer, and not ever rarer', () => {
  assert.deepEqual(
    [0, 10, 50, 200, 5000].map((tookMs) => Math.round(pollPauseMs(100, tookMs))),
    [100, 100, 450, 1800, 2000],
  );
  assert.equal(pollPauseMs(1000, 20), 1000);
});
