import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { divideEvenly } from '../../../lib/fanout/division.ts';

suite('division', () => {
  test('if each shard gets a slot, all slots are spread over the shards', () => {
    const { atOnce, getSlots: placesOf } = divideEvenly(10_000, 10, 104);
    assert.equal(atOnce, 10);
    assert.deepEqual(
      Array.from({ length: 10 }, (_, i) => placesOf(i)),
      [11, 11, 11, 11, 10, 10, 10, 10, 10, 10],
    );
  });

  // [tasks, shards, slots] and the result: shards at once, slots each
  const WAVES: [numTasks: number, numShards: number, maxInFlight: number, atOnce: number, slots: number][] = [
    [1_000_000, 1000, 900, 100, 9], // not 900 shards with one slot, and then 100
    [10_000, 10, 15, 5, 3],
    [10_000, 10, 4, 2, 2],
    [10_000, 10, 1, 1, 1],
    [1500, 5, 4, 1, 4],
  ];
  for (const [numTasks, numShards, maxInFlight, atOnce, slots] of WAVES) {
    test(`${numShards} shards with ${maxInFlight} slots: ${atOnce} at once with ${slots} each`, () => {
      const division = divideEvenly(numTasks, numShards, maxInFlight);
      assert.deepEqual(
        [division.atOnce, division.getSlots(0), division.getSlots(numShards - 1)],
        [atOnce, slots, slots],
      );
    });
  }

  test('each task is in one shard, shard sizes differ by at most one, and maxInFlight holds', () => {
    const given = fc.tuple(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 300 }),
    );
    fc.assert(
      fc.property(given, ([numTasks, most, maxInFlight]) => {
        const numShards = Math.min(numTasks, most);
        const { atOnce, getRange: rangeOf, getSlots: placesOf } = divideEvenly(numTasks, numShards, maxInFlight);
        let next = 0;
        const slots: number[] = [];
        for (let i = 0; i < numShards; i++) {
          const [start, end] = rangeOf(i);
          assert.equal(start, next);
          assert.ok(end - start >= Math.floor(numTasks / numShards) && end - start <= Math.ceil(numTasks / numShards));
          next = end;
          slots.push(placesOf(i));
        }
        assert.equal(next, numTasks);
        assert.ok(Math.min(...slots) >= 1);
        // whichever shards run together
        const together = slots.sort((a, b) => b - a).slice(0, atOnce);
        assert.ok(together.reduce((sum, count) => sum + count) <= maxInFlight);
      }),
      { seed: 1 },
    );
  });
});
