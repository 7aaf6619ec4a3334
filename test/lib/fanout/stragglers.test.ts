import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FanOutOptions } from '../../../lib/fanout/options.ts';
import { step } from '../../../lib/fanout/policy.ts';
import { summarize } from '../../../lib/fanout/summary.ts';

import { CRASH, ends, failed, INPUT, invoked, ok, start, tick } from './policy-harness.ts';

suite('stragglers', () => {
  /** Twelve tasks: `done` of them took a second each, the others are running. */
  function twelve(done: number, options: FanOutOptions = {}) {
    const { state } = start(12, options);
    for (let task = 0; task < done; task++) step(state, ok(task, 1000));
    return state;
  }

  const CASES: [name: string, done: number, atMs: number, options: FanOutOptions, twins: number[]][] = [
    // the ends of the first show that the others have slots
    ['half are done, and three times as long has passed', 6, 4001, {}, [6, 7, 8, 9, 10, 11]],
    ['fewer than half are done', 5, 60_000, {}, []],
    ['three times as long has not passed', 11, 4000, {}, []],
    ['only one is left', 11, 4001, {}, [11]],
    ['a larger factor is set', 11, 4001, { stragglerFactor: 4 }, []],
    ['speculate is false', 11, 60_000, { speculate: false }, []],
  ];
  for (const [name, done, atMs, options, twins] of CASES) {
    test(`${twins.length} speculative attempts: ${name}`, () => {
      const commands = tick(twelve(done, options), atMs);
      const expected = twins.map((task) => [task, 2]);
      assert.deepEqual(invoked(commands), expected);
    });
  }

  /** Forty tasks that wait for four slots: the first half take 0.1 s each, the others a second; ends until `untilMs`. */
  function queue(untilMs: number) {
    const { state } = start(40);
    const freeMs = [0, 0, 0, 0];
    for (let task = 0; task < 40; task++) {
      const slot = freeMs.indexOf(Math.min(...freeMs));
      // the last of four ends first
      freeMs[slot] += (task < 20 ? 100 : 1000) - 2 * (task % 4);
      if (freeMs[slot] <= untilMs) step(state, ok(task, freeMs[slot]));
    }
    return state;
  }

  test('a task that waits for a slot is not slow, however long it waits', () => {
    for (let atMs = 500; atMs < 5600; atMs += 100) assert.deepEqual(tick(queue(atMs), atMs), [], `at ${atMs}`);
  });

  test('a task with a slot can be slow; those waiting behind it are not', () => {
    const state = queue(4600);
    // four started then, and have not ended
    assert.deepEqual(invoked(tick(state, 6700)), [
      [36, 2],
      [37, 2],
      [38, 2],
      [39, 2],
    ]);
    const early = queue(2600);
    assert.deepEqual(invoked(tick(early, 4700)), [
      [28, 2],
      [29, 2],
      [30, 2],
      [31, 2],
    ]);
  });

  test('fewer than ten tasks, and tasks of a few milliseconds, have no stragglers', () => {
    const { state } = start(9);
    for (let task = 0; task < 8; task++) step(state, ok(task, 1000));
    assert.deepEqual(tick(state, 60_000), []);
    const quick = start(12).state;
    for (let task = 0; task < 11; task++) step(quick, ok(task, 3));
    assert.deepEqual(tick(quick, 1900), []);
  });

  test('the first result wins, from either attempt; the other attempt only counts', () => {
    for (const winner of [1, 2]) {
      const state = twelve(11);
      tick(state, 5000);
      assert.deepEqual(ends(step(state, ok(11, 6000, winner))), ['allDone']);
      step(state, ok(11, 7000, 3 - winner));
      const { counts } = summarize(state);
      assert.deepEqual([counts.done, counts.attempts, counts.speculative, counts.retried], [12, 13, 1, 0]);
      assert.equal(state.tasks[11].winner, winner);
    }
  });

  test('an error is ignored while the twin may succeed; two errors are one failure', () => {
    const state = twelve(11, { breakerAttempts: 100 });
    tick(state, 5000);
    assert.deepEqual(step(state, failed(11, INPUT, 5500)), []);
    assert.deepEqual(ends(step(state, ok(11, 6000, 2))), ['allDone']);
    const both = twelve(11);
    tick(both, 5000);
    step(both, failed(11, CRASH, 5500));
    assert.deepEqual(invoked(step(both, failed(11, CRASH, 5600, 2))), [[11, 3]]);
    assert.equal(both.tasks[11].failures, 1);
  });

  test('a task gets at most one twin', () => {
    const state = twelve(11);
    assert.equal(tick(state, 5000).length, 1);
    assert.deepEqual(tick(state, 50_000), []);
    assert.deepEqual(step(state, failed(11, CRASH, 51_000, 2)), []);
    assert.deepEqual(tick(state, 60_000), []); // it is in flight alone again, and has had its twin
  });

  test('a replay that sees the failure before the decision makes the same attempts', () => {
    const decision = { speculate: [{ task: 11, attempt: 2 }], failed: [] };
    const live = twelve(11);
    step(live, { type: 'decided', decision, atMs: 5000 });
    step(live, failed(11, CRASH, 5500));
    const replayed = twelve(11);
    const [retry] = step(replayed, failed(11, CRASH, 5500));
    assert.ok(retry?.type === 'invoke' && retry.attempt === 2 && retry.afterMs > 0);
    // a retry that is pausing need not pause: it started long ago
    assert.deepEqual(step(replayed, { type: 'decided', decision, atMs: 5000 }), [{ ...retry, afterMs: 0 }]);
    for (const state of [live, replayed]) {
      assert.deepEqual(invoked(step(state, failed(11, CRASH, 6000, 2))), [[11, 3]]);
      assert.equal(state.tasks[11].failures, 1);
    }
  });
});
