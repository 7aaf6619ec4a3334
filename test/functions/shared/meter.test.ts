import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMeter } from '../../../functions/shared/meter.ts';

const STORE = { usage: { reads: 5, writes: 7, bytesRead: 100, bytesWritten: 200 } };

test('an invocation is told what it asked of the store, and no more', () => {
  const store = structuredClone(STORE);
  const tell = startMeter(2048, store, {})();
  store.usage.reads += 2;
  store.usage.writes += 1;
  store.usage.bytesRead += 30;
  store.usage.bytesWritten += 40;
  const { gbSeconds, ...counts } = tell();
  assert.deepEqual(counts, {
    invocations: 1,
    durableOperations: 0,
    s3Reads: 2,
    s3Writes: 1,
    bytesRead: 30,
    bytesWritten: 40,
    unmeasured: 0,
  });
  assert.ok(gbSeconds > 0);
});

test('the start of the sandbox counts with its first invocation only', () => {
  const startMs = performance.now();
  const measure = startMeter(2048, STORE, {});
  const first = measure()().gbSeconds;
  assert.ok(first >= (startMs / 1000) * 2, `${first} GB-s for a start of ${startMs} ms`);
  const second = measure();
  assert.ok(second().gbSeconds < first);
});

test('a sandbox that shares its cores is not charged for waiting', () => {
  const begun = performance.now();
  const { gbSeconds } = startMeter(1024, STORE, { SHARED_CORES: '1' })()();
  assert.ok(gbSeconds >= 0 && gbSeconds <= performance.now() / 1000 + 0.001, `${gbSeconds}, begun at ${begun}`);
});
