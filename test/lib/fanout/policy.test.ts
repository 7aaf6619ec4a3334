import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Failure } from '../../../lib/fanout/error-class.ts';
import type { FanOutOptions } from '../../../lib/fanout/options.ts';
import { type FanOutCommand, step } from '../../../lib/fanout/policy.ts';
import { summarize } from '../../../lib/fanout/summary.ts';

import { CANCELLED, CRASH, ends, failed, INPUT, invoked, KILLED, MEMORY, ok, start, tick } from './policy-harness.ts';

suite('policy', () => {
  test('starts tasks in order, up to maxInFlight, and the next whenever one ends', () => {
    const { state, commands } = start(4, { maxInFlight: 2 });
    assert.deepEqual(invoked(commands), [
      [0, 1],
      [1, 1],
    ]);
    assert.deepEqual(invoked(step(state, ok(1, 5))), [[2, 1]]);
    assert.deepEqual(invoked(step(state, ok(0, 6))), [[3, 1]]);
    assert.deepEqual(ends(step(state, ok(3, 7))), []);
    assert.deepEqual(ends(step(state, ok(2, 8))), ['allDone']);
  });

  test('a fan-out without tasks ends as allDone', () => {
    assert.deepEqual(start(0).commands, [{ type: 'end', reason: 'allDone' }]);
  });

  test('a crash is retried after a growing pause, the same for the same seed', () => {
    const pauses = (seed: number) => {
      const { state } = start(1, { seed, maxAttempts: 4 });
      return [1, 2, 3].map((attempt) => {
        const [command] = step(state, failed(0, CRASH, 0, attempt));
        assert.equal(command?.type === 'invoke' && command.attempt, attempt + 1);
        return command?.type === 'invoke' ? command.afterMs : 0;
      });
    };
    const [first, second, third] = pauses(1) as [number, number, number];
    assert.ok(first >= 500 && first <= 1500 && second >= 1000 && second <= 3000 && third >= 2000 && third <= 6000);
    assert.deepEqual(pauses(1), [first, second, third]);
    assert.notDeepEqual(pauses(2), [first, second, third]);
  });

  test('a pause stays within 1.5 times maxBackoffMs', () => {
    const { state } = start(1, { maxAttempts: 20, maxBackoffMs: 4000, breakerAttempts: 100 });
    for (let attempt = 1; attempt < 20; attempt++) {
      const [command] = step(state, failed(0, CRASH, 0, attempt));
      assert.equal(command.type, 'invoke');
      assert.ok(command.type === 'invoke' && command.afterMs <= 6000, JSON.stringify(command));
    }
  });

  const ENDINGS: [name: string, error: Failure, options: FanOutOptions, memorySizesMiB: number[], attempts: number][] =
    [
      ['a crash counts as an attempt', CRASH, { maxAttempts: 3 }, [1769], 3],
      [
        'a throttle counts as an attempt',
        { name: 'ThrottledError', message: 'Rate exceeded' },
        { maxAttempts: 2 },
        [1769],
        2,
      ],
      ['wrong input is not retried', INPUT, {}, [1769], 1],
      ['out of memory moves through all memory sizes', MEMORY, {}, [1769, 3538, 10_240], 3],
      ['out of memory in the only memory size is final', MEMORY, {}, [1769], 1],
      ['two kills without a reason move to the next memory size', KILLED, { maxAttempts: 4 }, [1769, 3538], 4],
    ];
  for (const [name, error, options, memorySizesMiB, attempts] of ENDINGS) {
    test(`${name}: ${attempts} attempts`, () => {
      const { state, commands } = start(1, options, memorySizesMiB);
      let last = commands;
      for (let attempt = 1; !state.ended; attempt++) last = step(state, failed(0, error, attempt, attempt));
      assert.deepEqual(ends(last), ['tooManyFailed']);
      const summary = summarize(state);
      assert.equal(summary.failed[0].attempts, attempts);
      assert.equal(summary.failed[0].errors.length, attempts);
      assert.equal(state.tasks[0].attempts.length, attempts);
      const sizes = state.tasks[0].attempts.map(({ sizeIndex }) => sizeIndex);
      if (error === KILLED) assert.deepEqual(sizes, [0, 0, 1, 1]);
      if (error === MEMORY) {
        assert.match(
          summary.failed[0].error.message,
          new RegExp(`${memorySizesMiB.at(-1)} MiB.*make its work smaller`),
        );
        assert.deepEqual(sizes, [...memorySizesMiB.keys()]);
      }
    });
  }

  test('a move to more memory does not count as an attempt', () => {
    const { state } = start(1, { maxAttempts: 2 }, [1769, 3538]);
    assert.deepEqual(step(state, failed(0, MEMORY, 1, 1)), [
      { type: 'invoke', task: 0, attempt: 2, sizeIndex: 1, afterMs: 0 },
    ]);
    assert.deepEqual(invoked(step(state, failed(0, CRASH, 2, 2))), [[0, 3]]);
    assert.deepEqual(ends(step(state, ok(0, 3, 3))), ['allDone']);
    const { counts } = summarize(state);
    assert.deepEqual([counts.outOfMemory, counts.movedUp, counts.crashed, counts.attempts], [1, 1, 1, 3]);
  });

  test('the other tasks finish when one fails, so that a redo has only that one', () => {
    const { state } = start(3, { maxInFlight: 1 });
    assert.deepEqual(invoked(step(state, failed(0, INPUT))), [[1, 1]]);
    step(state, ok(1, 1));
    assert.deepEqual(ends(step(state, ok(2, 2))), ['tooManyFailed']);
    const { counts, failed: lost } = summarize(state);
    assert.deepEqual([counts.done, counts.failed, lost.map(({ taskId }) => taskId)], [2, 1, ['t0']]);
  });

  test('failFast ends the fan-out at the first failure beyond the tolerated ones', () => {
    const { state } = start(3, { maxInFlight: 3, failFast: true, toleratedFailures: 1 });
    assert.deepEqual(ends(step(state, failed(0, INPUT))), []);
    assert.deepEqual(ends(step(state, failed(1, INPUT))), ['tooManyFailed']);
  });

  for (const [tolerated, reason] of [
    [2, 'allDone'],
    [1, 'tooManyFailed'],
    [0.2, 'allDone'],
    [0.19, 'tooManyFailed'],
  ] as const) {
    test(`two failures of ten with ${tolerated} tolerated end as ${reason}`, () => {
      const { state } = start(10, { toleratedFailures: tolerated });
      let last: FanOutCommand[] = [];
      for (let task = 0; task < 10; task++) last = step(state, task < 2 ? failed(task, INPUT) : ok(task, task));
      assert.deepEqual(ends(last), [reason]);
    });
  }

  test('minSuccessful ends the fan-out: a count or a share', () => {
    for (const enough of [3, 0.25]) {
      const { state } = start(12, { minSuccessful: enough });
      assert.deepEqual(ends([...step(state, ok(5, 1)), ...step(state, ok(1, 1))]), []);
      assert.deepEqual(ends(step(state, ok(2, 1))), ['enoughDone']);
    }
  });

  test('the breaker opens when too many attempts fail, and nothing more starts', () => {
    const { state } = start(1000, { maxInFlight: 1000 });
    const events = Array.from({ length: 20 }, (_, task) => (task < 8 ? failed(task, CRASH) : ok(task, 1)));
    for (const event of events) assert.deepEqual(ends(step(state, event)), []); // 8 of 20 is 40 %, not more
    step(state, failed(20, CRASH));
    assert.deepEqual(state.ended?.reason, 'breakerOpen');
    assert.deepEqual(step(state, ok(21, 2)), []);
  });

  test('cancelled work ends the fan-out at once', () => {
    const { state } = start(5, { maxInFlight: 2 });
    assert.deepEqual(step(state, failed(0, CANCELLED, 3)), [{ type: 'end', reason: 'aborted' }]);
    assert.deepEqual(invoked(tick(start(1).state, 5)), []);
    const asked = start(2).state;
    const [command] = step(asked, { type: 'tick', atMs: 9, isAborted: true });
    assert.deepEqual(command, { type: 'decide', decision: { speculate: [], failed: [], end: 'aborted' } });
  });
});
