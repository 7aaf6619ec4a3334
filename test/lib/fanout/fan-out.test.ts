import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FanOutFailedError, InputError } from '../../../lib/base/errors.ts';
import type { Engine } from '../../../lib/fanout/engine.ts';
import { fanOut, map, mapReduce, reducePairwise, startFanOut, workerFunction } from '../../../lib/fanout/fan-out.ts';
import type { FanOutOptions } from '../../../lib/fanout/options.ts';
import { memoryEngine } from '../../helpers.ts';

interface Doubled {
  twice: number;
}
const doubler = workerFunction<{ n: number }, Doubled>('double');

/** Doubles numbers; refuses those that are named. */
function engine(refused: readonly number[] = []) {
  return memoryEngine(() => async (payload) => {
    const { n } = payload as { n: number };
    if (refused.includes(n)) throw new InputError(`no ${n} here`);
    return { twice: 2 * n };
  });
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const tasks = (count: number) => numbers(count).map((payload) => ({ taskId: `n${payload.n}`, payload }));

suite('fan-out', () => {
  test('gathers answers in the order of the tasks, with every attempt', async () => {
    const { results, reason, counts, timeline, failed, startedAtMs, endedAtMs } = await fanOut(
      engine([2]),
      'f',
      tasks(4),
      { worker: doubler, toleratedFailures: 1 },
    );
    const typed: (Doubled | null)[] = results;
    assert.deepEqual(typed, [{ twice: 0 }, { twice: 2 }, null, { twice: 6 }]);
    assert.deepEqual([reason, counts.done, counts.failed], ['allDone', 3, 1]);
    const log = 'no log came with it: see the log group of function double';
    const error = { name: 'InputError', message: 'no 2 here', log };
    assert.deepEqual(failed, [{ taskId: 'n2', attempts: 1, error, errors: [error] }]);
    assert.deepEqual(
      timeline.map(([task, attempt]) => [task, attempt]),
      [0, 1, 2, 3].map((task) => [task, 1]),
    );
    assert.ok(timeline.every(([, , startMs, endMs]) => startMs >= 0 && endMs! >= startMs));
    assert.ok(endedAtMs >= startedAtMs);
  });

  test('no tasks take nothing', async () => {
    const nothing = engine();
    const { reason, results, sums } = await fanOut(nothing, 'f', [], { worker: doubler, results: 'sum' });
    assert.deepEqual([reason, results, sums, nothing.invoked], ['allDone', [], {}, []]);
  });

  for (const maxTasksPerExecution of [3, 7, 1000]) {
    test(`20 tasks in executions of ${maxTasksPerExecution} come to the same`, async () => {
      const options = { maxTasksPerExecution, toleratedFailures: 0.1 };
      const { results, failed, counts, reason } = await fanOut(engine([4, 13]), 'f', tasks(20), {
        worker: doubler,
        ...options,
      });
      assert.equal(reason, 'allDone');
      assert.deepEqual(
        results,
        numbers(20).map(({ n }) => (n === 4 || n === 13 ? null : { twice: 2 * n })),
      );
      assert.deepEqual([counts.tasks, counts.done, counts.failed, counts.attempts], [20, 18, 2, 20]);
      assert.deepEqual(
        failed.map(({ taskId }) => taskId),
        ['n4', 'n13'],
      );
      const { sums } = await fanOut(engine(), 'f', tasks(20), {
        worker: doubler,
        maxTasksPerExecution,
        results: 'sum',
      });
      assert.deepEqual(sums, { twice: 380 });
      const strict = await fanOut(engine([4]), 'f', tasks(20), { worker: doubler, maxTasksPerExecution });
      assert.deepEqual([strict.reason, strict.counts.done], ['tooManyFailed', 19]);
    });
  }

  test('each shard makes its tasks from the source, and gets no list', async () => {
    const asked: [unknown, number, number][] = [];
    const sourced = memoryEngine(
      () => async (payload) => ({ twice: 2 * (payload as { n: number }).n }),
      (source, start, end) => {
        asked.push([source, start, end]);
        return tasks(end).slice(start);
      },
    );
    const source = { numTasks: 20, source: { first: 0 } };
    const whole = await fanOut<{ n: number }, Doubled>(sourced, 'f', source, { worker: doubler });
    assert.deepEqual(
      whole.results.map((result) => result!.twice),
      numbers(20).map(({ n }) => 2 * n),
    );
    assert.deepEqual(asked.splice(0), [[{ first: 0 }, 0, 20]]);
    const sharded = await fanOut<{ n: number }, Doubled>(sourced, 'g', source, {
      worker: doubler,
      maxTasksPerExecution: 7,
    });
    assert.deepEqual([sharded.results, sharded.counts], [whole.results, whole.counts]);
    assert.deepEqual(asked, [
      [{ first: 0 }, 0, 6],
      [{ first: 0 }, 6, 13],
      [{ first: 0 }, 13, 20],
    ]);
    assert.deepEqual(
      sourced.shards.map((shard) => shard.tasks),
      asked.map(([from, start, end]) => ({ source: from, start, end })),
    );
    await assert.rejects(
      fanOut(engine(), 'f', source, { worker: doubler }),
      /f has a source of tasks, so durableHandler needs the option makeTasks/,
    );
    const short = memoryEngine(
      () => async () => ({ twice: 0 }),
      () => tasks(1),
    );
    await assert.rejects(
      fanOut(short, 'f', source, { worker: doubler }),
      /f: makeTasks must return 20 tasks for 0 to 20, got 1/,
    );
  });

  test('a list that one execution cannot write is rejected with a suggestion', async () => {
    const text = 'x'.repeat(100_000);
    const large = Array.from({ length: 600 }, (_, n) => ({ taskId: `n${n}`, payload: { n, text } }));
    const worker = workerFunction<{ n: number; text: string }, Doubled>('double');
    await assert.rejects(
      fanOut(engine(), 'f', large, { worker, maxTasksPerExecution: 30 }),
      /f has a list of 600 tasks with 60\d+ bytes, at most 50000000 are allowed; use a source/,
    );
  });

  test('a shard stopped by its breaker resumes if the failures over all shards are few', async () => {
    // all attempts of the first shard fail at first, none of the others
    const tries = new Map<number, number>();
    const flaky = memoryEngine(() => async (payload) => {
      const { n } = payload as { n: number };
      tries.set(n, (tries.get(n) ?? 0) + 1);
      if (n < 10 && tries.get(n)! < 3) throw new Error('crash');
      return { twice: 2 * n };
    });
    const options = { maxTasksPerExecution: 30, breakerAttempts: 10, maxInFlight: 100 };
    const { reason, results, counts, timeline } = await fanOut(flaky, 'f', tasks(90), { worker: doubler, ...options });
    assert.equal(reason, 'allDone');
    assert.deepEqual(
      results,
      numbers(90).map(({ n }) => ({ twice: 2 * n })),
    );
    assert.deepEqual([counts.tasks, counts.done, counts.failed], [90, 90, 0]);
    const [again] = flaky.shards.slice(3);
    assert.equal(again.fanOutShard, 'f-shard-0-again');
    assert.ok(again.only!.length > 0 && again.only!.length <= 30);
    // each attempt is told once, with the position of its task
    assert.equal(new Set(timeline.map(([task, attempt]) => `${task} ${attempt}`)).size, timeline.length);
    assert.ok(timeline.every(([task]) => task >= 0 && task < 90));
  });

  test('the breaker opens by the failures over all shards', async () => {
    const broken = memoryEngine(() => async () => {
      throw new Error('crash');
    });
    const options = { maxTasksPerExecution: 30, breakerAttempts: 10, maxInFlight: 30 };
    const { reason, counts } = await fanOut(broken, 'f', tasks(900), { worker: doubler, ...options });
    assert.equal(reason, 'breakerOpen');
    // ended before many shards had started
    assert.ok(counts.attempts < 300, `${counts.attempts} attempts`);
  });

  test('failures are tolerated over all shards, even if all are in one', async () => {
    const lost = Array.from({ length: 9 }, (_, n) => n);
    for (const failFast of [false, true]) {
      const options = { maxTasksPerExecution: 10, failFast };
      const fine = await fanOut(engine(lost), 'f', tasks(100), { worker: doubler, ...options, toleratedFailures: 0.1 });
      assert.deepEqual([fine.reason, fine.counts.failed, fine.counts.done], ['allDone', 9, 91]);
      const few = await fanOut(engine(lost), 'f', tasks(100), { worker: doubler, ...options, toleratedFailures: 8 });
      assert.equal(few.reason, 'tooManyFailed');
      assert.equal(few.counts.done, failFast ? few.counts.done : 91);
      assert.ok(!failFast || few.counts.done < 91);
    }
  });

  test('payloads too large for one execution are divided by their bytes', async () => {
    const large = Array.from({ length: 40 }, (_, n) => ({ taskId: `n${n}`, payload: { n, text: 'x'.repeat(50_000) } }));
    const worker = workerFunction<{ n: number; text: string }, Doubled>('double');
    const { results } = await fanOut(engine(), 'f', large, { worker, maxTasksPerExecution: 30 });
    assert.equal(results.length, 40);
  });

  test('an engine without shards runs as many tasks as one execution can', async () => {
    const lonely = { ...engine(), self: undefined };
    await assert.rejects(
      fanOut(lonely, 'f', tasks(5), { worker: doubler, maxTasksPerExecution: 4 }),
      /f has 5 tasks; more than 4 require/,
    );
  });

  test('map gives answers, and throws when a task failed', async () => {
    assert.deepEqual(await map(engine(), 'm', numbers(3), { worker: doubler }), [
      { twice: 0 },
      { twice: 2 },
      { twice: 4 },
    ]);
    await assert.rejects(map(engine([1]), 'm', numbers(3), { worker: doubler }), (error) => {
      assert.ok(error instanceof FanOutFailedError);
      assert.equal(error.reason, 'tooManyFailed');
      assert.match(
        error.message,
        /fan-out m ended as tooManyFailed: 2 of 3 tasks done, 1 failed; first: task m-1 failed once; last: InputError: no 1 here/,
      );
      return true;
    });
    const tolerated = await map(engine([1]), 'm', numbers(3), { worker: doubler, toleratedFailures: 1 });
    assert.deepEqual(tolerated[1], null);
  });

  test('mapReduce puts neighbours together first', async () => {
    const add = (a: Doubled, b: Doubled) => ({ twice: a.twice + b.twice });
    assert.deepEqual(await mapReduce(engine(), 'r', numbers(10), { worker: doubler, reduce: add }), { twice: 90 });
    assert.equal(await mapReduce(engine(), 'r', [], { worker: doubler, reduce: add }), undefined);
    const shape = (count: number) =>
      reducePairwise(
        Array.from({ length: count }, (_, i) => String(i)),
        (a, b) => `(${a}${b})`,
      );
    assert.deepEqual([1, 2, 3, 4, 5].map(shape), ['0', '(01)', '((01)2)', '((01)(23))', '(((01)(23))4)']);
  });

  test('an answer of null is an answer', async () => {
    const some = memoryEngine(() => async (payload) => (payload as { n: number }).n || null);
    const worker = workerFunction<{ n: number }, number | null>('some');
    const joined = await mapReduce(some, 'm', numbers(3), { worker, reduce: (a, b) => [a, b] as unknown as number });
    assert.deepEqual(joined, [[null, 1], 2]);
  });

  test('map refuses to keep sums only, and two tasks of one name are refused', async () => {
    await assert.rejects(
      map(engine(), 'm', numbers(2), { worker: doubler, ...({ results: 'sum' } as FanOutOptions) }),
      {
        name: 'InputError',
        message: /^map keeps the results of all tasks/,
      },
    );
    assert.throws(() => startFanOut(engine(), 'f', [...tasks(2), ...tasks(1)], { worker: doubler }), {
      name: 'InputError',
      message: 'fan-out f has two tasks "n0"; task ids must differ',
    });
  });

  for (const share of [0, 1.5, Number.NaN, -1]) {
    test(`a share of ${share} is never reached, and is refused`, async () => {
      const { done, reached } = startFanOut(engine(), 'f', tasks(2), { worker: doubler });
      await assert.rejects(reached(share), { name: 'InputError', message: /^share must be above 0 and at most 1/ });
      await done;
    });
  }

  test('all shards have the same deadline, however late they start', async () => {
    const one = engine();
    await fanOut(one, 'f', tasks(6), { worker: doubler, maxTasksPerExecution: 2, maxInFlight: 1, deadlineMs: 5000 });
    const [first, ...others] = one.shards;
    assert.ok(Math.abs(first.endsAtMs! - Date.now() - 5000) < 4000);
    assert.deepEqual(
      [first, ...others].map((shard) => [shard.endsAtMs, shard.options.deadlineMs]),
      new Array(3).fill([first.endsAtMs, null]),
    );
  });

  test('when the breaker opens, the tasks that had failed are told, though none was given up', async () => {
    const broken = memoryEngine(() => async () => {
      throw new Error('no luck');
    });
    const options = { breakerAttempts: 5, maxAttempts: 3 };
    const { reason, failed, counts } = await fanOut(broken, 'f', tasks(8), { worker: doubler, ...options });
    assert.deepEqual([reason, counts.failed], ['breakerOpen', 0]);
    assert.ok(failed.length >= 5);
    assert.ok(failed.every(({ error }) => error.message === 'no luck'));
  });

  test('one that is called off ends, whoever is in flight; that nobody can say so is no reason', async () => {
    const answers = [new Error('no answer'), false, true];
    let numLooks = 0;
    const isAborted = async () => {
      const answer = answers[numLooks++];
      if (answer instanceof Error) throw answer;
      return answer ?? assert.fail('it was over');
    };
    const looking: Engine = {
      ...engine(),
      lanes: (_name, _numLanes, body) =>
        body({
          startedAtMs: 0,
          invoke() {}, // never ends
          getStart: () => undefined,
          async poll(pauseSeconds, look, onFound) {
            for (let atMs = 0, found: Awaited<ReturnType<typeof look>>; found === undefined; ) {
              atMs += pauseSeconds(atMs)! * 1000;
              assert.ok(atMs < 100_000, 'it looks on and on');
              found = await look(atMs);
              if (found !== undefined) onFound(found, atMs);
            }
          },
        }),
    };
    const { reason, counts } = await fanOut(looking, 'f', tasks(2), { worker: doubler, isAborted });
    assert.deepEqual([reason, counts.done, counts.abandoned, numLooks], ['aborted', 0, 2, 3]);
  });

  test('a share that is done is told, once the tasks are there or the fan-out is over', async () => {
    let numDone = 0;
    const counting = memoryEngine(() => async () => ++numDone);
    const first = startFanOut(counting, 'f', tasks(10), { worker: doubler, maxInFlight: 1 });
    await first.reached(0.35);
    assert.ok(numDone >= 4 && numDone < 10, `${numDone} of 10 were done`);
    await first.reached(1);
    assert.equal(numDone, 10);
    const failing = startFanOut(engine([0, 1, 2]), 'g', tasks(3), { worker: doubler });
    await failing.reached(0.5); // never is, but it is over
    assert.equal((await failing.done).reason, 'tooManyFailed');
  });
});
