import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { oobSums, scoreOob } from '../../../lib/forest/oob.ts';
import { tableOfRows } from '../../../lib/forest/training-table.ts';
import { totalUsage } from '../../../lib/plan/cost.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { type RunRequest, viewRun } from '../../../lib/run/run.ts';
import { type BinsResult, toBinEdges } from '../../../lib/stages/bins.ts';
import { gatherRows } from '../../../lib/stages/train.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

suite('pipeline', () => {
  test('a run ends with a report whose numbers agree with each other', async () => {
    const { result, store } = await runInMemory({});
    const report = await getClassReport(store);
    assert.equal(report.accuracy, result.accuracy);
    assert.deepEqual(report.rows, { total: 600, train: 540, test: 60 });
    assert.equal(
      report.confusion.reduce((sum, [, , rows]) => sum + rows, 0),
      60,
    );
    assert.equal(
      report.classCounts.reduce((sum, rows) => sum + rows),
      600,
    );
    assert.equal(report.model.sha256, result.sha256);
    assert.equal(report.model.numTrees, 6);
    assert.ok(report.accuracy > 0.7 && report.accuracyCeiling! > 0.7);
    assert.ok(report.logLoss > 0 && report.brier > 0 && report.brier < 0.25);
    assert.ok(report.rocAuc! > report.accuracy && report.rocAuc! <= 1 && report.rocAucError! < 0.1);
    // 6 chunks: generate, split, evaluate; bins, 2 groups of trees or 1, merge
    assert.equal(report.tasks.total, report.tasks.attempts);
    assert.equal(report.bill, report.costs.bill.total);
    assert.equal(report.forecast, report.costs.forecast.total);
    // the workers of this test use 1 GB-s each, the orchestrator 2
    const gbSeconds = Object.values(report.usage).map((part) => part.gbSeconds);
    assert.deepEqual(gbSeconds, [6, 7, report.tasks.total - 19, 6, 2]);
    assert.equal(totalUsage(report.usage).unmeasured, 0);
    assert.equal((await viewRun(store, 'r')).state, 'succeeded');
  });

  for (const engine of ['arvoredo', 'ml-random-forest']) {
    test(`engine ${engine}: the same seed gives the same model for any chunk size, workers and strategy`, async () => {
      const { result: expected } = await runInMemory({ engine, strategy: 'gather' });
      for (const chunkSize of [1, 7, 599, 600, 10_000]) {
        if (chunkSize === 1 && engine !== 'arvoredo') continue; // the kernel is not what differs here
        for (const workers of [1, 4]) {
          const { result } = await runInMemory({ engine, chunkSize, workers, strategy: 'trees' });
          assert.deepEqual(result, expected, `chunk size ${chunkSize}, ${workers} workers`);
        }
      }
      const { result: other } = await runInMemory({ engine, seed: 1 });
      assert.notEqual(other.sha256, expected.sha256);
    });
  }

  const OPTIONS: Record<string, unknown>[] = [
    { criterion: 'entropy' },
    { maxLeafNodes: 8 },
    { minWeightFractionLeaf: 0.05 },
    { minImpurityDecrease: 0.01 },
    { minSamplesSplit: 0.1, minSamplesLeaf: 0.02 },
    { maxSamples: 0.3 },
    { classWeight: 'balanced', weights: [0.9, 0.1] },
    { classWeight: 'balanced_subsample', weights: [0.9, 0.1] },
    { classWeight: { 1: 5 } },
    { ccpAlpha: 0.01 },
    { monotonicConstraints: { 0: 1, 1: -1 } },
    { extraTrees: true },
    { extraTrees: true, bootstrap: true, criterion: 'log_loss', classes: 3, clustersPerClass: 1 },
  ];
  for (const options of OPTIONS) {
    test(`${JSON.stringify(options)}: another model than without, the same for any chunk size, workers and strategy`, async () => {
      const input = { ...options, oobScore: options.bootstrap !== false && (options.bootstrap || !options.extraTrees) };
      const { result: expected, store } = await runInMemory({ ...input, strategy: 'gather' });
      const report = await getClassReport(store);
      const { weights, classes, clustersPerClass } = options;
      const plain = await runInMemory({ weights, classes, clustersPerClass });
      assert.notEqual(expected.sha256, plain.result.sha256);
      for (const [chunkSize, workers] of [
        [37, 1],
        [600, 3],
      ]) {
        const other = await runInMemory({ ...input, chunkSize, workers, strategy: 'trees' });
        assert.deepEqual(other.result, expected);
        const { oobScore, oobCoverage, featureImportances, logLoss } = await getClassReport(other.store);
        assert.deepEqual(
          { oobScore, oobCoverage, featureImportances, logLoss },
          {
            oobScore: report.oobScore,
            oobCoverage: report.oobCoverage,
            featureImportances: report.featureImportances,
            logLoss: report.logLoss,
          },
        );
      }
    });
  }

  test('a model stores the options that differ from the defaults, and an estimator extends it', async () => {
    const { store } = await runInMemory({ criterion: 'entropy', classWeight: [1, 2], seed: 5 });
    const bytes = await store.get(runKeys('r').model);
    const { options } = decodeModel(bytes);
    const { criterion, classWeight, seed, numTrees } = options!;
    assert.deepEqual(
      [criterion, classWeight, seed, numTrees],
      [
        'entropy',
        [
          [0, 1],
          [1, 2],
        ],
        5,
        6,
      ],
    );
    const found = [...RandomForestClassifier.fromBytes(bytes).featureImportances];
    assert.deepEqual(found, (await getClassReport(store)).featureImportances);
    const random = await runInMemory({ extraTrees: true, bootstrap: true });
    const stored = decodeModel(await random.store.get(runKeys('r').model)).options!;
    assert.deepEqual([stored.splitter, stored.bootstrap], ['random', true]);
    const byDefault = await runInMemory({ trees: 100, oobScore: true });
    assert.equal(decodeModel(await byDefault.store.get(runKeys('r').model)).options, null);
  });

  for (const engine of ['arvoredo', 'ml-random-forest']) {
    test(`engine ${engine}: the out-of-bag score is that of all trees at once, and changes no byte of the model`, async () => {
      const input = { engine, samples: 300, flipY: 0.2, testSize: 0.5 };
      const { result: without } = await runInMemory(input);
      const { result, store } = await runInMemory({ ...input, oobScore: true, strategy: 'trees', workers: 3 });
      assert.equal(result.sha256, without.sha256);
      const plan = planRun((await getJson<RunRequest>(store, runKeys('r').run)).params);
      const [rows, bins] = await Promise.all([
        gatherRows(store, plan, 'r'),
        getJson<BinsResult>(store, runKeys('r').binsResult),
      ]);
      const table = tableOfRows(rows, toBinEdges(bins.edges), 2);
      const { trees } = decodeModel(await store.get(runKeys('r').model));
      const { score, coverage } = scoreOob(table.target, oobSums(table, plan.forest, trees, 0));
      const { oobScore, oobCoverage } = await getClassReport(store);
      assert.deepEqual([oobScore, oobCoverage], [score, coverage]);
      // trees of other bags would know their rows by heart
      assert.ok(coverage > 0.8 && coverage < 1 && score > 0.55 && score < 0.85, `${score} of ${coverage}`);
    });
  }

  test('without bootstrap or oobScore there is no out-of-bag score', async () => {
    const { store } = await runInMemory({});
    const { oobScore, oobCoverage, featureImportances } = await getClassReport(store);
    assert.deepEqual([oobScore, oobCoverage], [null, null]);
    assert.equal(featureImportances.length, 5);
    assert.ok(Math.abs(featureImportances.reduce((sum, share) => sum + share) - 1) < 1e-12);
    assert.deepEqual(
      (await store.list('runs/r/trees/')).filter((key) => key.includes('oob')),
      [],
    );
  });

  test('a last chunk of one row and a chunk size larger than the data work', async () => {
    const { result: whole, invoked, store } = await runInMemory({ samples: 101, chunkSize: 1000 });
    const inTwo = await runInMemory({ samples: 101, chunkSize: 100 });
    assert.deepEqual(inTwo.result, whole);
    const scoresOf = async (from: typeof store) => {
      const { confusion, logLoss, brier, rocAuc, rocAucError } = await getClassReport(from);
      return { confusion, logLoss, brier, rocAuc, rocAucError };
    };
    assert.deepEqual(await scoresOf(inTwo.store), await scoresOf(store));
    assert.equal(invoked.length, 1 + 2 + 2 + 1); // one chunk
  });
});
