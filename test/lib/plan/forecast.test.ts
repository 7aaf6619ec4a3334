import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeCosts, totalUsage } from '../../../lib/plan/cost.ts';
import { forecastRun, forecastUsage } from '../../../lib/plan/forecast.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

const forecast = (input: Record<string, unknown>, cores?: number) => forecastRun(planRun(parseRunParams(input)), cores);

test('the parts and the storage make the total, and it is the cost of the usage', () => {
  const { parts, storage, total } = forecast({});
  const sum = parts.reduce((usd, part) => usd + part.usd, storage.usd);
  assert.ok(Math.abs(sum - total.usd) < 1e-12);
  assert.equal(total.usd, computeCosts(forecastUsage(planRun(parseRunParams({})))).total);
});

test('a run has the tasks that the forecast says', async () => {
  for (const input of [{}, { strategy: 'trees', workers: 3 }, { samples: 101, chunkSize: 1000 }]) {
    const { store } = await runInMemory(input);
    const { params, tasks, usage } = await getClassReport(store);
    const { total } = forecast(params);
    assert.equal(total.tasks, tasks.total);
    assert.equal(total.tasks, totalUsage(usage).invocations - usage.orchestrator.invocations);
  }
});

test('an out-of-bag score takes time, a file for each group of trees, a look at each and at the first curve', () => {
  const input = { strategy: 'trees', workers: 3 };
  const [without, within] = [{}, { oobScore: true }].map((more) =>
    forecastUsage(planRun(parseRunParams({ ...input, ...more }))),
  );
  assert.equal(within.train.s3Writes - without.train.s3Writes, 3);
  assert.equal(within.train.s3Reads - without.train.s3Reads, 4);
  assert.ok(within.train.gbSeconds > without.train.gbSeconds);
  assert.ok(within.train.bytesWritten > without.train.bytesWritten + 3 * 90_000 * 16);
});

test('the smallest function that the forecast fits is chosen, and paid for', () => {
  const of = (input: Record<string, unknown>) => forecast(input).parts.find(({ part }) => part === 'train')!;
  const [small, large] = [
    of({ samples: 2e6, maxDepth: 6 }),
    of({ samples: 3e7, chunkSize: 1e5, maxDepth: 6, trees: 20 }),
  ];
  assert.deepEqual([small.limitMiB, large.limitMiB], [3538, 10_240]);
  assert.ok(small.peakMiB! < 3538 && large.peakMiB! > 3538 && large.peakMiB! < 10_240);
  const { train } = forecastUsage(planRun(parseRunParams({ samples: 3e7, chunkSize: 1e5, maxDepth: 6, trees: 20 })));
  assert.ok(train.gbSeconds > 10 * large.seconds! * 0.5, `${train.gbSeconds} GB-s in ${large.seconds} s`);
});

test('long fan-outs take looks at what is slow, and chunks beyond one execution their executions', () => {
  const operations = (input: Record<string, unknown>) => forecast(input).total.durableOperations;
  assert.equal(operations({}), 52);
  const withoutLooks = 7 + 6 * 2 + 3 * 100 + 5;
  const long = operations({ samples: 1e6 });
  assert.ok(long > withoutLooks && long < withoutLooks + 80, `${long} operations`);
  // 1,500 chunks: five slices each of generate, split and evaluate
  assert.ok(operations({ samples: 15_000, chunkSize: 10, trees: 4 }) > 3 * (1500 + 5 * 4));
});

test('more workers are sooner done, and cost no less', () => {
  const input = { samples: 1_000_000, strategy: 'trees' };
  const [few, many] = [2, 20].map((workers) => forecast({ ...input, workers }));
  assert.ok(many.total.seconds < few.total.seconds);
  assert.ok(many.total.usd >= few.total.usd);
});

test('cores that all functions share make a run longer, not dearer', () => {
  const input = { samples: 1_000_000, workers: 8 };
  const [own, shared] = [forecast(input), forecast(input, 2)];
  assert.ok(shared.total.seconds > 1.5 * own.total.seconds);
  assert.equal(shared.total.usd, own.total.usd);
});

// taken in the emulator, see docs/cost.md: USD in millionths, and MiB of generate, split, train and evaluate
const MEASURED: [input: Record<string, unknown>, microUsd: number, mib: number[]][] = [
  [{}, 1622, [74, 87, 119, 102]],
  [{ samples: 2000, chunkSize: 500, trees: 10 }, 624, [70, 68, 77, 59]],
  [{ generator: 'logistic' }, 2096, [73, 84, 177, 164]],
  [{ classes: 10, informative: 10 }, 2432, [73, 87, 202, 191]],
  [{ trees: 500 }, 2954, [73, 84, 198, 215]],
  [{ samples: 1_000_000 }, 13_098, [89, 105, 324, 342]],
  [{ samples: 1_000_000, chunkSize: 250_000, trees: 10 }, 3813, [110, 185, 205, 111]],
  [{ samples: 200_000, features: 100 }, 5334, [98, 124, 165, 126]],
  [{ samples: 20_000, features: 1000, chunkSize: 2000, trees: 50 }, 5658, [127, 271, 187, 79]],
];
for (const [input, microUsd, mib] of MEASURED) {
  test(`the forecast for ${JSON.stringify(input)} is near what was measured`, () => {
    const { parts, total } = forecast(input);
    const ratio = (total.usd * 1e6) / microUsd;
    assert.ok(ratio > 0.7 && ratio < 1.4, `${ratio} of the bill`);
    for (const [i, measured] of mib.entries()) {
      const share = parts[i].peakMiB! / measured;
      assert.ok(share > 0.8 && share < 1.8, `${parts[i].part}: ${share} of the memory`);
    }
  });
}

test('leaves that must have several rows take the slower search, with two classes too', () => {
  const secondsOf = (minSamplesLeaf: number) => planRun(parseRunParams({ minSamplesLeaf })).growSeconds;
  // measured with 90,000 rows × 20: 3.1 to 5.2 times as long
  const ratio = secondsOf(5) / secondsOf(1);
  assert.ok(ratio > 3 && ratio < 5.5, `${ratio}`);
});
