import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bindings, findBinding } from '../../bench/simulate/binding.ts';
import { AWS, type Aws, type Scenario, WORK, type Work } from '../../bench/simulate/scenario.ts';
import { simulate } from '../../bench/simulate/simulate.ts';
import type { FanOutOptions } from '../../lib/fanout/index.ts';

const STEADY = { sigma: 0, slowShare: 0, crashShare: 0, timeoutShare: 0 };

function scenario(
  work: Partial<Work>,
  { aws, options, ...rest }: { aws?: Partial<Aws>; options?: FanOutOptions; seed?: number } = {},
): Scenario {
  const inFlight = { maxInFlight: work.numTasks };
  return {
    aws: { ...AWS, ...aws },
    work: { ...WORK, ...work },
    options: { ...inFlight, ...options },
    seed: 0,
    ...rest,
  };
}

suite('simulator', () => {
  test('one task takes the sum of its parts', async () => {
    const aws = { invokeMs: 1, orchestratorColdMs: 10, checkpointMs: 100, workerColdMs: 1000, s3Ms: 10_000 };
    const replayMs = [
      [0, 0],
      [10, 0],
    ] as const;
    const work = { ...STEADY, numTasks: 1, taskMs: 100_000, timeoutMs: 900_000, s3Reads: 1, s3Writes: 2 };
    const { seconds, counts, operations, resumes, overheadMs } = await simulate(
      scenario(work, { aws: { ...aws, replayMs } }),
    );
    // invoked, cold, checkpoint of fan-out and task, invoked, cold, read, work, two writes, resumed
    assert.equal(Math.round(seconds * 1000), 1 + 10 + 100 + 1 + 1000 + 10_000 + 100_000 + 20_000 + 1);
    assert.equal(Math.round(overheadMs.p50), 100 + 1 + 1000 + 10_000 + 20_000 + 1);
    // the execution, the fan-out, the task, the pause before a look for its start
    assert.deepEqual([counts.attempts, operations.total, resumes], [1, 4, 2]);
  });

  test('for any seed a fan-out ends, each task is done or failed once, and results are in task order', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const shares = { slowShare: 0.05, crashShare: 0.1, timeoutShare: 0.02, memoryShare: 0.02 };
      const aws = { concurrency: 60, sandboxesPer10s: 40, s3WritesPerSecond: 50, s3ReadsPerSecond: 80 };
      const options = { maxTasksPerExecution: 100, maxInFlight: 80, breakerRate: 1 };
      const { gathered, counts, duplicates } = await simulate(
        scenario({ numTasks: 250, ...shares }, { aws, options, seed }),
      );
      const failed = new Set(gathered.failed.map(({ taskId }) => taskId));
      for (const [i, result] of gathered.results.entries()) {
        assert.deepEqual(result, failed.has(`task-${i}`) ? null : { i });
      }
      assert.equal(gathered.results.length, 250);
      assert.deepEqual([counts.done + counts.failed, counts.failed], [250, failed.size]);
      assert.equal(gathered.reason, failed.size > 0 ? 'tooManyFailed' : 'allDone');
      assert.ok(duplicates <= counts.speculative);
    }
  });

  test('the same seed gives the same outcome, another seed another', async () => {
    const run = (seed: number) =>
      simulate(scenario({ numTasks: 500 }, { seed, options: { maxTasksPerExecution: 200 } }));
    assert.deepEqual(await run(1), await run(1));
    assert.notEqual((await run(1)).seconds, (await run(2)).seconds);
  });

  test('speculative attempts save time where few tasks are very slow, for less than 5 % more attempts', async () => {
    const run = (speculate: boolean) =>
      simulate(scenario({ numTasks: 2000, slowShare: 0.01, slowFactor: 20 }, { options: { speculate } }));
    const [without, withThem] = [await run(false), await run(true)];
    assert.ok(withThem.seconds < 0.6 * without.seconds, `${withThem.seconds} of ${without.seconds} s`);
    assert.ok(withThem.counts.attempts < 1.05 * without.counts.attempts);
    assert.ok(withThem.speculativeWins > 10 && withThem.speculativeWins <= withThem.counts.speculative);
  });

  test('when 60 % of the attempts fail, the fan-out ends early', async () => {
    const { gathered, counts } = await simulate(
      scenario({ numTasks: 2000, crashShare: 0.6 }, { options: { maxInFlight: 50, maxTasksPerExecution: 1000 } }),
    );
    assert.equal(gathered.reason, 'breakerOpen');
    assert.ok(counts.attempts < 300, `${counts.attempts}`);
  });

  test('new sandboxes come at 1,000 and then 100 a second', async () => {
    const work = { ...STEADY, numTasks: 4000, taskMs: 50_000, s3Reads: 0, s3Writes: 0 };
    const options = { results: 'sum', speculate: false } as const;
    const run = (sandboxesPer10s: number) =>
      simulate(scenario(work, { aws: { concurrency: 10_000, sandboxesPer10s }, options }));
    const [ramped, free] = [await run(1000), await run(Infinity)];
    // the last of 4,000 gets its place after 30 s, before the first is done
    assert.ok(ramped.coldStarts > 4000 && ramped.coldStarts <= 4005);
    assert.ok(Math.abs(ramped.seconds - free.seconds - 30) < 1, `${ramped.seconds}, ${free.seconds}`);
  });

  test('the concurrency of the account limits workers and orchestrators together', async () => {
    const work = { ...STEADY, numTasks: 300, taskMs: 1000 };
    const waiting = await simulate(scenario(work, { aws: { concurrency: 20 } }));
    assert.equal(waiting.peakConcurrency, 20);
    assert.deepEqual([waiting.counts.done, waiting.counts.throttled], [300, 0]);
    const failing = await simulate(scenario(work, { aws: { concurrency: 20, whenThrottled: 'fail' } }));
    assert.equal(failing.gathered.reason, 'breakerOpen');
    assert.equal(failing.counts.throttled, failing.counts.attempts - failing.counts.abandoned - failing.counts.done);
  });

  test('S3 answers 503 beyond its rate, and more prefixes help', async () => {
    const work = { ...STEADY, numTasks: 400, taskMs: 100, s3Reads: 1, s3Writes: 1 };
    const aws = { s3ReadsPerSecond: 100, s3WritesPerSecond: 100 };
    const one = await simulate(scenario(work, { aws }));
    const eight = await simulate(scenario(work, { aws: { ...aws, s3Prefixes: 8 } }));
    assert.ok(one.slowedDown > 0 && one.peaks.s3Writes <= 200);
    assert.equal(eight.slowedDown, 0);
    assert.ok(eight.seconds < one.seconds);
  });

  const CASES: [binds: string, work: Partial<Work>, aws: Partial<Aws>][] = [
    ['concurrency of the account', { taskMs: 5000 }, { concurrency: 20 }],
    ['ramp of new sandboxes', { taskMs: 20_000 }, { sandboxesPer10s: 50 }],
    ['S3 requests of a prefix', { taskMs: 100, s3Reads: 10 }, { s3ReadsPerSecond: 50 }],
    ['checkpoints in a second', { taskMs: 100 }, { checkpointsPerSecond: 0.5 }],
    ['starts of executions', { taskMs: 100 }, { executionsPerSecond: 0.2 }],
    [
      'replay of orchestrators',
      { taskMs: 100 },
      {
        replayMs: [
          [0, 0],
          [1, 5000],
        ],
      },
    ],
    ['cold starts', { taskMs: 100 }, { workerColdMs: 5000 }],
    ['slow and failed attempts', { taskMs: 5000, slowShare: 0.5 }, {}],
    ['none of them', { taskMs: 100_000, timeoutMs: 900_000 }, {}],
  ];
  for (const [binds, work, aws] of CASES) {
    test(`the limit that costs the most time is found: ${binds}`, async () => {
      const options = { maxTasksPerExecution: 40, pollIntervalMs: 60_000 };
      const given = scenario({ ...STEADY, numTasks: 100, ...work }, { aws, options });
      const run = await simulate(given);
      assert.equal(findBinding(run, await bindings(given, run)), binds);
    });
  }

  test('shards get the same result from a list as from a source, for which the root writes little', async () => {
    const given = scenario(
      { ...STEADY, numTasks: 2000 },
      { options: { maxTasksPerExecution: 50, maxInFlight: 200, results: 'sum' } },
    );
    const [source, list] = [await simulate(given), await simulate({ ...given, sendsTasks: true })];
    assert.deepEqual(source.gathered, list.gathered);
    assert.ok(list.mostBytes > 2000 * 200, `${list.mostBytes}`);
    // of a slice, its own tasks are the most
    assert.ok(source.mostBytes < 50 * 300 + 40 * 1500, `${source.mostBytes}`);
  });

  test('limits at which AWS would end an execution are reported', async () => {
    const exceeded = async (aws: Partial<Aws>) =>
      (await simulate(scenario({ numTasks: 50 }, { aws, options: { maxTasksPerExecution: 20 } }))).exceeded;
    assert.deepEqual(await exceeded({}), []);
    assert.deepEqual(await exceeded({ bytesPerExecution: 3000 }), ['bytes of an execution']);
    assert.deepEqual(await exceeded({ operationsPerExecution: 10 }), ['operations of an execution']);
  });
});
