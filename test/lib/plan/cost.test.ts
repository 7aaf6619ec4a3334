import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addUsage,
  computeCosts,
  computePrice,
  NO_PART_USAGE,
  NO_USAGE,
  priceOfStorage,
  totalUsage,
} from '../../../lib/plan/cost.ts';

const near = (actual: number, expected: number) => assert.ok(Math.abs(actual / expected - 1) < 1e-3, `${actual}`);

test('each kind of use has its price', () => {
  near(computePrice({ ...NO_USAGE, gbSeconds: 1e6 }), 13.3334);
  near(computePrice({ ...NO_USAGE, invocations: 1e6 }), 0.2);
  near(computePrice({ ...NO_USAGE, durableOperations: 1e6 }), 8 + 0.25 + (0.15 * 14) / (365 / 12)); // a GB written and kept
  near(computePrice({ ...NO_USAGE, s3Writes: 1000 }), 0.005);
  near(computePrice({ ...NO_USAGE, s3Reads: 1000 }), 0.0004);
  near(priceOfStorage(1e9), (0.023 * 30) / (365 / 12));
  assert.equal(computePrice({ ...NO_USAGE, bytesRead: 1e12, unmeasured: 5 }), 0); // transfer within a region is free
});

test('usage adds up, and what a part does not tell counts as nothing', () => {
  assert.deepEqual(addUsage({ gbSeconds: 1, s3Reads: 2 }, { gbSeconds: 3, unmeasured: 1 }), {
    ...NO_USAGE,
    gbSeconds: 4,
    s3Reads: 2,
    unmeasured: 1,
  });
});

test('the costs of the parts and of storage make the total', () => {
  const one = { ...NO_USAGE, gbSeconds: 100, bytesWritten: 1e9 };
  const usage = { ...NO_PART_USAGE, train: one, orchestrator: { ...one, durableOperations: 50 } };
  const { total, storage, train, orchestrator, generate, split, evaluate } = computeCosts(usage);
  assert.deepEqual([generate, split, evaluate], [0, 0, 0]);
  near(storage, priceOfStorage(2e9));
  near(total, train + orchestrator + storage);
  assert.equal(totalUsage(usage).gbSeconds, 200);
});
