import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FanOutFailedError, InputError } from '../../../lib/errors.ts';
import { backoffMs } from '../../../lib/fanout/backoff.ts';
import type { Engine } from '../../../lib/fanout/engine.ts';
import { fanOut, map, mapReduce, reducePairwise, startFanOut, workerFunction } from '../../../lib/fanout/fan-out.ts';
import { FAN_OUT_DEFAULTS, type FanOutOptions, resolveOptions } from '../../../lib/fanout/options.ts';
import { quantile } from '../../../lib/fanout/summary.ts';
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
      doubler,
      { toleratedFailures: 1 },
    );
    const typed: (Doubled | null)[] = results;
    assert.deepEqual(typed, [{ twice: 0 }, { twice: 2 }, null, { twice: 6 }]);
    assert.deepEqual([reason, counts.done, counts.failed], ['allDone', 3, 1]);
    assert.deepEqual(failed, [
      {
        taskId: 'n2',
        attempts: 1,
        error: { name: 'InputError', message: 'no 2 here' },
        errors: [{ name: 'InputError', message: 'no 2 here' }],
      },
    ]);
    assert.deepEqual(
      timeline.map(([task, attempt]) => [task, attempt]),
      [0, 1, 2, 3].map((task) => [task, 1]),
    );
    assert.ok(timeline.every(([, , startMs, endMs]) => startMs >= 0 && endMs! >= startMs));
    assert.ok(endedAtMs >= startedAtMs);
  });

  test('no tasks take nothing', async () => {
    const nothing = engine();
    const { reason, results, sums } = await fanOut(nothing, 'f', [], doubler, { results: 'sum' });
    assert.deepEqual([reason, results, sums, nothing.invoked], ['allDone', [], {}, []]);
  });

  for (const shardAbove of [3, 7, 1000]) {
    test(`20 tasks in executions of ${shardAbove} come to the same`, async () => {
      const options = { shardAbove, toleratedFailures: 0.1 };
      const { results, failed, counts, reason } = await fanOut(engine([4, 13]), 'f', tasks(20), doubler, options);
      assert.equal(reason, 'allDone');
      assert.deepEqual(results, numbers(20).map(({ n }) => (n === 4 || n === 13 ? null : { twice: 2 * n }))); // biome-ignore format: one line
      assert.deepEqual([counts.tasks, counts.done, counts.failed, counts.attempts], [20, 18, 2, 20]);
      assert.deepEqual(failed.map(({ taskId }) => taskId), ['n4', 'n13']); // biome-ignore format: one line
      const { sums } = await fanOut(engine(), 'f', tasks(20), doubler, { shardAbove, results: 'sum' });
      assert.deepEqual(sums, { twice: 380 });
      const strict = await fanOut(engine([4]), 'f', tasks(20), doubler, { shardAbove });
      assert.deepEqual([strict.reason, strict.counts.done], ['tooManyFailed', 19]);
    });
  }

  test('payloads too large for one execution are divided by their bytes', async () => {
    const large = Array.from({ length: 40 }, (_, n) => ({ taskId: `n${n}`, payload: { n, text: 'x'.repeat(50_000) } }));
    const worker = workerFunction<{ n: number; text: string }, Doubled>('double');
    const { results } = await fanOut(engine(), 'f', large, worker, { shardAbove: 30 });
    assert.equal(results.length, 40);
  });

  test('an engine that cannot be invoked itself does what one execution can', async () => {
    const lonely = { ...engine(), self: undefined };
    await assert.rejects(fanOut(lonely, 'f', tasks(5), doubler, { shardAbove: 4 }), /f has 5 tasks, more than 4 need/);
  });

  test('map gives answers, and throws when a task failed', async () => {
    assert.deepEqual(await map(engine(), 'm', numbers(3), doubler), [{ twice: 0 }, { twice: 2 }, { twice: 4 }]);
    await assert.rejects(map(engine([1]), 'm', numbers(3), doubler), (error) => {
      assert.ok(error instanceof FanOutFailedError);
      assert.equal(error.reason, 'tooManyFailed');
      assert.match(error.message, /fan-out m ended as tooManyFailed: 2 of 3 tasks done, 1 failed; first: task m-1 failed once; last: InputError: no 1 here/); // biome-ignore format: one line
      return true;
    });
    const tolerated = await map(engine([1]), 'm', numbers(3), doubler, { toleratedFailures: 1 });
    assert.deepEqual(tolerated[1], null);
  });

  test('mapReduce puts neighbours together first', async () => {
    const add = (a: Doubled, b: Doubled) => ({ twice: a.twice + b.twice });
    assert.deepEqual(await mapReduce(engine(), 'r', numbers(10), doubler, add), { twice: 90 });
    assert.equal(await mapReduce(engine(), 'r', [], doubler, add), undefined);
    const shape = (count: number) =>
      reducePairwise(
        Array.from({ length: count }, (_, i) => String(i)),
        (a, b) => `(${a}${b})`,
      );
    assert.deepEqual([1, 2, 3, 4, 5].map(shape), ['0', '(01)', '((01)2)', '((01)(23))', '(((01)(23))4)']);
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
          startOf: () => undefined,
          async watch(pauseSeconds, look, onFound) {
            for (let atMs = 0, found: Awaited<ReturnType<typeof look>>; found === undefined; ) {
              atMs += pauseSeconds(atMs)! * 1000;
              assert.ok(atMs < 100_000, 'it looks on and on');
              found = await look(atMs);
              if (found !== undefined) onFound(found, atMs);
            }
          },
        }),
    };
    const { reason, counts } = await fanOut(looking, 'f', tasks(2), doubler, { isAborted });
    assert.deepEqual([reason, counts.done, counts.abandoned, numLooks], ['aborted', 0, 2, 3]);
  });

  test('a share that is done is told, once the tasks are there or the fan-out is over', async () => {
    let numDone = 0;
    const counting = memoryEngine(() => async () => ++numDone);
    const first = startFanOut(counting, 'f', tasks(10), doubler, { maxInFlight: 1 });
    await first.reached(0.35);
    assert.ok(numDone >= 4 && numDone < 10, `${numDone} of 10 were done`);
    await first.reached(1);
    assert.equal(numDone, 10);
    const failing = startFanOut(engine([0, 1, 2]), 'g', tasks(3), doubler);
    await failing.reached(0.5); // never is, but it is over
    assert.equal((await failing.done).reason, 'tooManyFailed');
  });
});

suite('fan-out options', () => {
  test('an explicit undefined means the default', () => {
    assert.deepEqual(resolveOptions({ maxInFlight: undefined }), FAN_OUT_DEFAULTS);
  });

  const REFUSED: [options: object, message: RegExp][] = [
    [{ retries: 3 }, /unknown fan-out option "retries"; known are maxInFlight, /],
    [{ maxInFlight: 0 }, /maxInFlight must be a whole number from 1 up, got 0/],
    [{ maxAttempts: 1.5 }, /maxAttempts must be .* got 1.5/],
    [{ backoffMs: -1 }, /backoffMs must be milliseconds from 0 up, got -1/],
    [{ toleratedFailures: 1.5 }, /toleratedFailures must be a whole number from 0 up or a share in \(0, 1\), got 1.5/],
    [{ enough: 0 }, /enough must be a whole number from 1 up or a share in \(0, 1\), or null, got 0/],
    [{ breakerRate: 0 }, /breakerRate must be a share in \(0, 1\], got 0/],
    [{ stragglerFactor: 1 }, /stragglerFactor must be a number above 1, got 1/],
    [{ deadlineMs: '5' }, /deadlineMs must be milliseconds from 1 up, or null, got "5"/],
    [{ lookEveryMs: 10 }, /lookEveryMs must be milliseconds from 1000 up, got 10/],
    [{ results: 'none' }, /results must be all or sum, got "none"/],
    [{ shardAbove: 1001 }, /shardAbove must be a whole number from 1 to 1000, got 1001/],
    [{ speculate: 'yes' }, /speculate must be true or false, got "yes"/],
  ];
  for (const [options, message] of REFUSED) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => resolveOptions(options as FanOutOptions), { name: 'InputError', message });
      assert.throws(() => startFanOut(engine(), 'f', [], doubler, options as FanOutOptions), InputError);
    });
  }
});

test('pauses spread over their range, and follow from seed, task and attempt', () => {
  const options = { backoffMs: 1000, maxBackoffMs: 30_000, seed: 3 };
  const pauses = Array.from({ length: 200 }, (_, i) => backoffMs(options, `t${i}`, 2));
  assert.ok(Math.min(...pauses) < 550 && Math.max(...pauses) > 1450);
  assert.ok(pauses.every((ms) => ms >= 500 && ms <= 1500));
  assert.deepEqual(
    pauses,
    Array.from({ length: 200 }, (_, i) => backoffMs(options, `t${i}`, 2)),
  );
});

test('quantiles are values that occur', () => {
  assert.deepEqual([quantile([], 0.5), quantile([7], 0.99), quantile([3, 1, 2, 4], 0.5), quantile([1, 2, 3], 0.99)], [0, 7, 2, 3]); // biome-ignore format: one line
});
