import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runKeys } from '../../../lib/store/keys.ts';
import { packKeys, unpackKeys } from '../../../lib/store/packed-keys.ts';

test('the results of 50,000 chunks are remembered in a fraction of what one operation may hold', () => {
  const { partitionResult } = runKeys('r'.repeat(59));
  const keys = Array.from({ length: 50_000 }, (_, i) => partitionResult(i));
  const packed = packKeys(keys);
  assert.ok(JSON.stringify(keys).length > 1_048_576);
  assert.ok(packed.length < 300_000, `${packed.length} characters`);
  assert.deepEqual(unpackKeys(packed), keys);
});

test('no keys, and letters beyond ASCII', () => {
  for (const keys of [[], ['runs/r/a.json'], ['é', '日']]) assert.deepEqual(unpackKeys(packKeys(keys)), keys);
});
