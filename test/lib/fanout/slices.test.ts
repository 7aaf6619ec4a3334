import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { divideEvenly } from '../../../lib/fanout/slices.ts';

suite('slices', () => {
  test('where each slice finds a place, the places are spread to the last one', () => {
    const { atOnce, placesOf } = divideEvenly(10_000, 10, 104);
    assert.equal(atOnce, 10);
    assert.deepEqual(Array.from({ length: 10 }, (_, i) => placesOf(i)), [11, 11, 11, 11, 10, 10, 10, 10, 10, 10]); // biome-ignore format: one line
  });

  // [tasks, slices, places] and what that makes: slices at once, places each
  const WAVES: [numTasks: number, numSlices: number, maxInFlight: number, atOnce: number, places: number][] = [
    [1_000_000, 1000, 900, 100, 9], // and not 900 slices of one place, and then 100
    [10_000, 10, 15, 5, 3],
    [10_000, 10, 4, 2, 2],
    [10_000, 10, 1, 1, 1],
    [1500, 5, 4, 1, 4],
  ];
  for (const [numTasks, numSlices, maxInFlight, atOnce, places] of WAVES) {
    test(`${numSlices} slices with ${maxInFlight} places: ${atOnce} at once with ${places} each`, () => {
      const slices = divideEvenly(numTasks, numSlices, maxInFlight);
      assert.deepEqual([slices.atOnce, slices.placesOf(0), slices.placesOf(numSlices - 1)], [atOnce, places, places]);
    });
  }

  test('every task is in one slice, sizes differ by one at most, and no more are in flight than are allowed', () => {
    const given = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 300 })); // biome-ignore format: one line
    fc.assert(
      fc.property(given, ([numTasks, most, maxInFlight]) => {
        const numSlices = Math.min(numTasks, most);
        const { atOnce, rangeOf, placesOf } = divideEvenly(numTasks, numSlices, maxInFlight);
        let next = 0;
        const places: number[] = [];
        for (let i = 0; i < numSlices; i++) {
          const [start, end] = rangeOf(i);
          assert.equal(start, next);
          assert.ok(end - start >= Math.floor(numTasks / numSlices) && end - start <= Math.ceil(numTasks / numSlices));
          next = end;
          places.push(placesOf(i));
        }
        assert.equal(next, numTasks);
        assert.ok(Math.min(...places) >= 1);
        // whichever slices are under way together
        const together = places.sort((a, b) => b - a).slice(0, atOnce);
        assert.ok(together.reduce((sum, count) => sum + count) <= maxInFlight);
      }),
      { seed: 1 },
    );
  });
});
