import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../../../lib/fanout/error-class.ts';
import { nextPollMs, poll } from '../../../lib/fanout/looks.ts';
import { type FanOutOptions, resolveOptions } from '../../../lib/fanout/options.ts';
import { type FanOutCommand, type FanOutEvent, step } from '../../../lib/fanout/policy.ts';
import { createState, type FanOutState } from '../../../lib/fanout/state.ts';
import { summarize } from '../../../lib/fanout/summary.ts';

const CRASH: Failure = { name: 'CrashError', message: 'Runtime exited with error: exit status 1' };
const KILLED: Failure = { name: 'CrashError', message: 'Runtime exited with error: signal: killed' };
const INPUT: Failure = { name: 'InputError', message: 'no such column' };
const MEMORY: Failure = { name: 'OutOfMemoryError', message: 'killed' };
const CANCELLED: Failure = { name: 'CancelledError', message: 'run r was cancelled' };

function start(numTasks: number, options: FanOutOptions = {}, tiersMiB?: number[]) {
  const ids = Array.from({ length: numTasks }, (_, i) => `t${i}`);
  const state = createState(ids, resolveOptions(options), tiersMiB);
  return { state, commands: step(state, { type: 'start', atMs: 0 }) };
}

const ok = (task: number, atMs: number, attempt = 1): FanOutEvent => ({ type: 'succeeded', task, attempt, atMs });
const failed = (task: number, error: Failure, atMs = 0, attempt = 1): FanOutEvent => ({
  type: 'failed',
  task,
  attempt,
  atMs,
  error,
});
/** The task and attempt of each invocation that is asked for. */
const invoked = (commands: FanOutCommand[]) =>
  commands.flatMap((command) => (command.type === 'invoke' ? [[command.task, command.attempt]] : []));
const ends = (commands: FanOutCommand[]) =>
  commands.flatMap((command) => (command.type === 'end' ? [command.reason] : []));

/** Look, and remember what was found as a shell does. */
function tick(state: FanOutState, atMs: number): FanOutCommand[] {
  const [command] = step(state, { type: 'tick', atMs });
  return command?.type === 'decide' ? step(state, { type: 'decided', decision: command.decision, atMs }) : [];
}

suite('policy', () => {
  test('starts tasks in their order, as many as may be in flight, and the next whenever one ends', () => {
    const { state, commands } = start(4, { maxInFlight: 2 });
    assert.deepEqual(invoked(commands), [[0, 1], [1, 1]]); // biome-ignore format: pairs
    assert.deepEqual(invoked(step(state, ok(1, 5))), [[2, 1]]);
    assert.deepEqual(invoked(step(state, ok(0, 6))), [[3, 1]]);
    assert.deepEqual(ends(step(state, ok(3, 7))), []);
    assert.deepEqual(ends(step(state, ok(2, 8))), ['allDone']);
  });

  test('no task at all is all done', () => {
    assert.deepEqual(start(0).commands, [{ type: 'end', reason: 'allDone' }]);
  });

  test('a crash is tried again after a pause that grows, the same for the same seed', () => {
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

  test('a pause does not grow beyond its most', () => {
    const { state } = start(1, { maxAttempts: 20, maxBackoffMs: 4000 });
    for (let attempt = 1; attempt < 20; attempt++) {
      const [command] = step(state, failed(0, CRASH, 0, attempt));
      assert.ok(command?.type !== 'invoke' || command.afterMs <= 6000);
    }
  });

  const ENDINGS: [name: string, error: Failure, options: FanOutOptions, tiers: number[], attempts: number][] = [
    ['a crash uses up the budget', CRASH, { maxAttempts: 3 }, [1769], 3],
    ['a throttle does too', { name: 'ThrottledError', message: 'Rate exceeded' }, { maxAttempts: 2 }, [1769], 2],
    ['wrong input is given up at once', INPUT, {}, [1769], 1],
    ['out of memory goes through the sizes once', MEMORY, {}, [1769, 3538, 10_240], 3],
    ['out of memory of the only size is given up at once', MEMORY, {}, [1769], 1],
    ['two kills without a reason lead to the next size', KILLED, { maxAttempts: 4 }, [1769, 3538], 4],
  ];
  for (const [name, error, options, tiers, attempts] of ENDINGS) {
    test(`${name}: ${attempts} attempts`, () => {
      const { state, commands } = start(1, options, tiers);
      let last = commands;
      for (let attempt = 1; !state.ended; attempt++) last = step(state, failed(0, error, attempt, attempt));
      assert.deepEqual(ends(last), ['tooManyFailed']);
      const summary = summarize(state);
      assert.equal(summary.failed[0].attempts, attempts);
      assert.equal(summary.failed[0].errors.length, attempts);
      assert.equal(state.tasks[0].attempts.length, attempts);
      if (error === KILLED) assert.deepEqual(state.tasks[0].attempts.map(({ tier }) => tier), [0, 0, 1, 1]); // biome-ignore format: one line
      if (error === MEMORY) {
        assert.match(summary.failed[0].error.message, new RegExp(`${tiers.at(-1)} MiB.*make its work smaller`));
        assert.deepEqual(
          state.tasks[0].attempts.map(({ tier }) => tier),
          tiers.map((_, i) => i),
        );
      }
    });
  }

  test('moving to more memory uses none of the attempts', () => {
    const { state } = start(1, { maxAttempts: 2 }, [1769, 3538]);
    assert.deepEqual(step(state, failed(0, MEMORY, 1, 1)), [
      { type: 'invoke', task: 0, attempt: 2, tier: 1, afterMs: 0 },
    ]);
    assert.deepEqual(invoked(step(state, failed(0, CRASH, 2, 2))), [[0, 3]]);
    assert.deepEqual(ends(step(state, ok(0, 3, 3))), ['allDone']);
    const { counts } = summarize(state);
    assert.deepEqual([counts.outOfMemory, counts.movedUp, counts.crashed, counts.attempts], [1, 1, 1, 3]);
  });

  test('the other tasks are done when one fails, so that a redo has that one only', () => {
    const { state } = start(3, { maxInFlight: 1 });
    assert.deepEqual(invoked(step(state, failed(0, INPUT))), [[1, 1]]);
    step(state, ok(1, 1));
    assert.deepEqual(ends(step(state, ok(2, 2))), ['tooManyFailed']);
    const { counts, failed: lost } = summarize(state);
    assert.deepEqual([counts.done, counts.failed, lost.map(({ taskId }) => taskId)], [2, 1, ['t0']]);
  });

  test('with failFast the first failure too many ends it', () => {
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

  test('enough is enough: a count or a share', () => {
    for (const enough of [3, 0.25]) {
      const { state } = start(12, { enough });
      assert.deepEqual(ends([...step(state, ok(5, 1)), ...step(state, ok(1, 1))]), []);
      assert.deepEqual(ends(step(state, ok(2, 1))), ['enoughDone']);
    }
  });

  test('when too many attempts fail, nothing more is spent', () => {
    const { state } = start(1000, { maxInFlight: 1000 });
    const events = Array.from({ length: 20 }, (_, task) => (task < 8 ? failed(task, CRASH) : ok(task, 1)));
    for (const event of events) assert.deepEqual(ends(step(state, event)), []); // 8 of 20 are not beyond 40 %
    step(state, failed(20, CRASH));
    assert.deepEqual(state.ended?.reason, 'breakerOpen');
    assert.deepEqual(step(state, ok(21, 2)), []);
  });

  test('work that was called off ends the fan-out at once', () => {
    const { state } = start(5, { maxInFlight: 2 });
    assert.deepEqual(step(state, failed(0, CANCELLED, 3)), [{ type: 'end', reason: 'aborted' }]);
    assert.deepEqual(invoked(tick(start(1).state, 5)), []);
    const asked = start(2).state;
    const [command] = step(asked, { type: 'tick', atMs: 9, isAborted: true });
    assert.deepEqual(command, { type: 'decide', decision: { speculate: [], failed: [], end: 'aborted' } });
  });
});

suite('stragglers', () => {
  /** Twelve tasks of which `done` took a second each; the others are at work. */
  function twelve(done: number, options: FanOutOptions = {}) {
    const { state } = start(12, options);
    for (let task = 0; task < done; task++) step(state, ok(task, 1000));
    return state;
  }

  const CASES: [name: string, done: number, atMs: number, options: FanOutOptions, twins: number[]][] = [
    // that there are places for the others is known from when the first were done
    ['half are done, three times as long has passed', 6, 4001, {}, [6, 7, 8, 9, 10, 11]],
    ['fewer than half are done', 5, 60_000, {}, []],
    ['three times as long has not passed', 11, 4000, {}, []],
    ['only one is left', 11, 4001, {}, [11]],
    ['another factor is asked for', 11, 4001, { stragglerFactor: 4 }, []],
    ['it is switched off', 11, 60_000, { speculate: false }, []],
  ];
  for (const [name, done, atMs, options, twins] of CASES) {
    test(`second attempts for ${twins.length === 0 ? 'nobody' : twins.length}: ${name}`, () => {
      const commands = tick(twelve(done, options), atMs);
      assert.deepEqual(invoked(commands), twins.map((task) => [task, 2])); // biome-ignore format: one line
    });
  }

  /** Forty tasks that wait for four places in their order: the first half take 0.1 s each, the others a second, all until `untilMs`. */
  function queue(untilMs: number) {
    const { state } = start(40);
    const freeMs = [0, 0, 0, 0];
    for (let task = 0; task < 40; task++) {
      const place = freeMs.indexOf(Math.min(...freeMs));
      // of four, the last is done first
      freeMs[place] += (task < 20 ? 100 : 1000) - 2 * (task % 4);
      if (freeMs[place] <= untilMs) step(state, ok(task, freeMs[place]));
    }
    return state;
  }

  test('a task that waits for a place is not slow, however long it waits', () => {
    for (let atMs = 500; atMs < 5600; atMs += 100) assert.deepEqual(tick(queue(atMs), atMs), [], `at ${atMs}`);
  });

  test('one that has a place is, and those that wait behind it are not', () => {
    const state = queue(4600);
    // four were begun then, and have not been heard of since
    assert.deepEqual(invoked(tick(state, 6700)), [[36, 2], [37, 2], [38, 2], [39, 2]]); // biome-ignore format: pairs
    const early = queue(2600);
    assert.deepEqual(invoked(tick(early, 4700)), [[28, 2], [29, 2], [30, 2], [31, 2]]); // biome-ignore format: pairs
  });

  test('fewer than ten tasks have none, and tasks of a few milliseconds neither', () => {
    const { state } = start(9);
    for (let task = 0; task < 8; task++) step(state, ok(task, 1000));
    assert.deepEqual(tick(state, 60_000), []);
    const quick = start(12).state;
    for (let task = 0; task < 11; task++) step(quick, ok(task, 3));
    assert.deepEqual(tick(quick, 1900), []);
  });

  test('the first answer wins, whoever gives it; the loser is counted, and its answer is not', () => {
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

  test('an error is ignored while the twin may still succeed; when both fail, it is one failure', () => {
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

  test('a task has one twin at most', () => {
    const state = twelve(11);
    assert.equal(tick(state, 5000).length, 1);
    assert.deepEqual(tick(state, 50_000), []);
    assert.deepEqual(step(state, failed(11, CRASH, 51_000, 2)), []);
    assert.deepEqual(tick(state, 60_000), []); // it alone is in flight again, and has had its twin
  });

  test('a replay that sees the failure before the decision comes to the same attempts', () => {
    const decision = { speculate: [{ task: 11, attempt: 2 }], failed: [] };
    const live = twelve(11);
    step(live, { type: 'decided', decision, atMs: 5000 });
    step(live, failed(11, CRASH, 5500));
    const replayed = twelve(11);
    const [retry] = step(replayed, failed(11, CRASH, 5500));
    assert.ok(retry?.type === 'invoke' && retry.attempt === 2 && retry.afterMs > 0);
    // what is pausing as a retry need not pause: it was begun long ago
    assert.deepEqual(step(replayed, { type: 'decided', decision, atMs: 5000 }), [{ ...retry, afterMs: 0 }]);
    for (const state of [live, replayed]) {
      assert.deepEqual(invoked(step(state, failed(11, CRASH, 6000, 2))), [[11, 3]]);
      assert.equal(state.tasks[11].failures, 1);
    }
  });
});

suite('time', () => {
  const TIMEOUTS = { attemptTimeoutMs: 60_000, startWithinMs: 30_000, breakerAttempts: 100 };

  test('an attempt without an answer beyond what its function may run has never started, and the cause is told', () => {
    const silent = start(3, TIMEOUTS).state;
    assert.deepEqual(tick(silent, 89_999), []);
    assert.deepEqual(ends(tick(silent, 90_000)), ['tooManyFailed']);
    const { failed: lost, counts } = summarize(silent);
    assert.equal(counts.notStarted, 3);
    assert.equal(lost[0].error.name, 'NotStartedError');
    assert.match(lost[0].error.message, /no answer for 90 s.*may run 60 s.*30 s to start.*reserved concurrency 0/);

    const crowded = start(3, TIMEOUTS).state;
    step(crowded, ok(0, 50_000));
    assert.deepEqual(tick(crowded, 90_000), []); // others come and go: it is in a queue
    tick(crowded, 140_000);
    assert.match(summarize(crowded).failed[0].error.message, /no place was free/);

    const throttled = start(2, TIMEOUTS).state;
    step(throttled, failed(0, { name: 'ThrottledError', message: 'Rate exceeded' }, 1000));
    tick(throttled, 200_000);
    assert.match(summarize(throttled).failed[0].error.message, /likely throttled/);

    const broken = start(2, TIMEOUTS).state;
    step(broken, failed(0, CRASH, 1000));
    tick(broken, 200_000);
    assert.match(summarize(broken).failed[0].error.message, /a crash while the function loads/);
  });

  test('a task that takes longer than it may is given up, the others go on', () => {
    const { state } = start(3, { taskDeadlineMs: 5000, maxInFlight: 2 });
    step(state, ok(0, 4000));
    assert.deepEqual(invoked(tick(state, 5000)), []); // task 1 fails; task 2 began at 4 s
    assert.equal(state.tasks[1].error?.name, 'DeadlineError');
    assert.deepEqual(ends(step(state, ok(2, 6000))), ['tooManyFailed']);
  });

  test('a fan-out that takes longer than it may ends, whatever is in flight', () => {
    const { state } = start(3, { deadlineMs: 5000 });
    assert.deepEqual(tick(state, 4999), []);
    assert.deepEqual(ends(tick(state, 5000)), ['deadline']);
  });

  test('looks come when something can be found, and rarer as time goes on', () => {
    const next = (numTasks: number, options: FanOutOptions, atMs: number) =>
      nextPollMs(start(numTasks, options).state, atMs);
    assert.equal(next(9, {}, 0), undefined); // no straggler can be among nine
    assert.equal(next(10, {}, 0), 2000);
    assert.equal(next(10, {}, 100_000), 10_000);
    assert.equal(next(10, { speculate: false }, 0), undefined);
    assert.equal(next(1, TIMEOUTS, 0), 90_000);
    assert.equal(next(1, { deadlineMs: 7000 }, 1000), 6000);
    // a stage of fifteen minutes takes some fifty looks
    let looks = 0;
    for (let atMs = 0; atMs < 900_000; looks++) atMs += next(10, {}, atMs)!;
    assert.ok(looks > 20 && looks < 60, `${looks} looks`);
  });

  test('a look changes nothing', () => {
    const { state } = start(12);
    for (let task = 0; task < 11; task++) step(state, ok(task, 1000));
    const before = structuredClone(state);
    assert.ok(poll(state, 60_000));
    assert.deepEqual(state, before);
  });
});

// whatever happens in whatever order: it ends, no task is lost or counted twice, and no budget is passed
const anyError = fc.constantFrom(CRASH, KILLED, INPUT, MEMORY, {
  name: 'TimeoutError',
  message: 'timed out after 3 s',
});
const anyOptions = fc.record({
  maxInFlight: fc.integer({ min: 1, max: 30 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  toleratedFailures: fc.constantFrom(0, 1, 0.5),
  failFast: fc.boolean(),
  enough: fc.constantFrom(null, 3, 0.5),
  speculate: fc.boolean(),
  breakerAttempts: fc.constantFrom(5, 1000),
  taskDeadlineMs: fc.constantFrom(null, 20_000),
});

/** Runs a fan-out in which chance decides which attempt ends next, how, and what is told twice or late. */
function simulate(
  numTasks: number,
  options: FanOutOptions,
  tiers: number[],
  choices: number[],
  errors: Failure[],
  share: number,
) {
  const state = createState(
    Array.from({ length: numTasks }, (_, i) => `t${i}`),
    resolveOptions(options),
    tiers,
  );
  const inFlight: { task: number; attempt: number }[] = [];
  const reasons: string[] = [];
  const asked = new Set<string>();
  let atMs = 0;
  let turn = 0;
  const choose = (below: number) => choices[turn++ % choices.length] % below;
  const perform = (commands: FanOutCommand[]) => {
    for (const command of commands) {
      if (command.type === 'end') reasons.push(command.reason);
      if (command.type === 'decide') perform(step(state, { type: 'decided', decision: command.decision, atMs }));
      if (command.type !== 'invoke') continue;
      const key = `${command.task} ${command.attempt}`;
      const { task, attempt } = command;
      if (!asked.has(key)) inFlight.push({ task, attempt });
      asked.add(key);
    }
  };
  perform(step(state, { type: 'start', atMs }));
  for (; inFlight.length > 0; ) {
    atMs += choose(3000);
    assert.ok(state.inFlight <= 2 * state.options.maxInFlight, 'more in flight than asked for, twins included');
    if (choose(4) === 0) perform(step(state, { type: 'tick', atMs }));
    const [one] = inFlight.splice(choose(inFlight.length), 1) as [(typeof inFlight)[0]];
    const event: FanOutEvent =
      choose(100) < share
        ? { type: 'failed', ...one, atMs, error: errors[choose(errors.length)] }
        : { type: 'succeeded', ...one, atMs };
    perform(step(state, event));
    if (choose(5) === 0) perform(step(state, event)); // told twice
  }
  return { state, reasons, asked };
}

suite('policy, whatever happens', () => {
  test('ends once, loses no task, counts none twice, keeps to the budgets', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 40 }),
      anyOptions,
      fc.constantFrom<number[]>([1769], [1769, 3538]),
      fc.array(fc.nat(10_000), { minLength: 20, maxLength: 200 }),
      fc.array(anyError, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 10, 40, 100),
      (numTasks, options, tiers, choices, errors, share) => {
        const { state, reasons, asked } = simulate(numTasks, options, tiers, choices, errors, share);
        assert.equal(reasons.length, 1);
        const { counts, failed: lost } = summarize(state);
        const open = state.tasks.filter((task) => task.state === 'queued' || task.state === 'running').length;
        assert.equal(counts.done + counts.failed + open, numTasks);
        // where the breaker opened, those behind them had failed and were not given up
        assert.ok(lost.length === counts.failed || (reasons[0] === 'breakerOpen' && lost.length > counts.failed));
        assert.ok(open === 0 || !['allDone'].includes(reasons[0]), 'a task was lost');
        assert.ok(reasons[0] !== 'tooManyFailed' || counts.failed > state.tolerated);
        assert.ok(reasons[0] !== 'allDone' || counts.failed <= state.tolerated);
        for (const task of state.tasks) {
          assert.ok(task.attempts.length <= options.maxAttempts + tiers.length - 1 + (options.speculate ? 1 : 0));
          assert.ok(task.failures <= options.maxAttempts);
          assert.equal(task.state === 'done', task.winner !== undefined);
        }
        assert.equal(asked.size, state.tasks.reduce((sum, task) => sum + task.attempts.length, 0)); // biome-ignore format: one line
        const started = state.tasks.filter((task) => task.attempts.length > 0).length;
        assert.equal(counts.attempts, started + counts.retried + counts.speculative);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
