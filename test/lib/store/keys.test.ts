import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { runKeys } from '../../../lib/store/keys.ts';

test('partitions sort by their numbers as far as a run can have them', () => {
  const numChunks = 50_000;
  const most = { chunkSize: 10, trees: 1 };
  assert.equal(planRun(parseRunParams({ samples: 10 * numChunks, ...most })).numChunks, numChunks);
  assert.throws(() => planRun(parseRunParams({ samples: 10 * numChunks + 1, ...most })), {
    name: 'InputError',
    message: /^chunkSize 10 makes 50001 chunks, at most 50000 are allowed/,
  });
  const keys = Array.from({ length: numChunks }, (_, i) => runKeys('r').partition(i));
  assert.deepEqual([...keys].sort(), keys);
});
