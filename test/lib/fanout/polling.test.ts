import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FanOutOptions } from '../../../lib/fanout/options.ts';
import { step } from '../../../lib/fanout/policy.ts';
import { decide, nextPollMs } from '../../../lib/fanout/polling.ts';
import { summarize } from '../../../lib/fanout/summary.ts';

import { CRASH, ends, failed, invoked, ok, start, tick } from './policy-harness.ts';

suite('polling', () => {
  const TIMEOUTS = { attemptTimeoutMs: 60_000, startTimeoutMs: 30_000, breakerAttempts: 100 };

  test("an attempt without a result beyond its function's time limit never started; the likely cause is named", () => {
    const silent = start(3, TIMEOUTS).state;
    assert.deepEqual(tick(silent, 89_999), []);
    assert.deepEqual(ends(tick(silent, 90_000)), ['tooManyFailed']);
    const { failed: lost, counts } = summarize(silent);
    assert.equal(counts.notStarted, 3);
    assert.equal(lost[0].error.name, 'NotStartedError');
    assert.match(lost[0].error.message, /no result for 90 s.*may run 60 s.*30 s to start.*reserved concurrency 0/);

    const crowded = start(3, TIMEOUTS).state;
    step(crowded, ok(0, 50_000));
    assert.deepEqual(tick(crowded, 90_000), []); // other attempts end: it is in a queue
    tick(crowded, 140_000);
    assert.match(summarize(crowded).failed[0].error.message, /no concurrency was free/);

    const throttled = start(2, TIMEOUTS).state;
    step(throttled, failed(0, { name: 'ThrottledError', message: 'Rate exceeded' }, 1000));
    tick(throttled, 200_000);
    assert.match(summarize(throttled).failed[0].error.message, /likely throttled/);

    const broken = start(2, TIMEOUTS).state;
    step(broken, failed(0, CRASH, 1000));
    tick(broken, 200_000);
    assert.match(summarize(broken).failed[0].error.message, /a crash while the function loads/);
  });

  test('a task beyond its deadline fails, and the others continue', () => {
    const { state } = start(3, { taskDeadlineMs: 5000, maxInFlight: 2 });
    step(state, ok(0, 4000));
    assert.deepEqual(invoked(tick(state, 5000)), []); // task 1 fails; task 2 started at 4 s
    assert.equal(state.tasks[1].error?.name, 'DeadlineError');
    assert.deepEqual(ends(step(state, ok(2, 6000))), ['tooManyFailed']);
  });

  test('a fan-out beyond its deadline ends, whatever is in flight', () => {
    const { state } = start(3, { deadlineMs: 5000 });
    assert.deepEqual(tick(state, 4999), []);
    assert.deepEqual(ends(tick(state, 5000)), ['deadline']);
  });

  test('polls come when they can find something, and become rarer with time', () => {
    const next = (numTasks: number, options: FanOutOptions, atMs: number) =>
      nextPollMs(start(numTasks, options).state, atMs);
    assert.equal(next(9, {}, 0), undefined); // nine tasks have no stragglers
    assert.equal(next(10, {}, 0), 2000);
    assert.equal(next(10, {}, 100_000), 10_000);
    assert.equal(next(10, { speculate: false }, 0), undefined);
    assert.equal(next(1, TIMEOUTS, 0), 90_000);
    assert.equal(next(1, { deadlineMs: 7000 }, 1000), 6000);
    // a stage of fifteen minutes takes about fifty polls
    let polls = 0;
    for (let atMs = 0; atMs < 900_000; polls++) atMs += next(10, {}, atMs)!;
    assert.ok(polls > 20 && polls < 60, `${polls} polls`);
  });

  test('a poll does not change the state', () => {
    const { state } = start(12);
    for (let task = 0; task < 11; task++) step(state, ok(task, 1000));
    const before = structuredClone(state);
    assert.ok(decide(state, 60_000));
    assert.deepEqual(state, before);
  });
});
