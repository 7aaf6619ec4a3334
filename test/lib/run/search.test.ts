import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskFailedError } from '../../../lib/base/errors.ts';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { SchemaResult } from '../../../lib/ingest/shape.ts';
import { accuracy } from '../../../lib/metrics/accuracy.ts';
import { logLoss } from '../../../lib/metrics/log-loss.ts';
import { score } from '../../../lib/metrics/metric.ts';
import { rocAuc } from '../../../lib/metrics/roc-auc.ts';
import { assignFolds } from '../../../lib/partition/folds.ts';
import { forecastRun } from '../../../lib/plan/forecast.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import type { ValueReport } from '../../../lib/report/regression-report.ts';
import type { SearchReport } from '../../../lib/report/search-results.ts';
import { getReport, getRequest, type RunRequest, startRun } from '../../../lib/run/run.ts';
import { gatherRows } from '../../../lib/stages/train.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { runInMemory, runOnData } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

const SEARCH = { grid: { maxDepth: [1, 3, null], maxFeatures: ['sqrt', 'all'] } };

async function search(input: Record<string, unknown>, store = memoryStore()) {
  const { result, invoked } = await runInMemory({ folds: 3, ...input }, store);
  const report = await getReport(store, 'r');
  return { result, invoked, report, found: report.search! };
}

/** What does not depend on the clock. */
const scoresOf = ({ results, ...rest }: SearchReport) => ({
  ...rest,
  results: results.map(({ meanFitSeconds, stdFitSeconds, meanScoreSeconds, stdScoreSeconds, ...scores }) => scores),
});

/** A table of few values, all of which are in every fold: bins of a part are those of all. */
function smallTable(): { rows: number[][]; labels: number[]; csv: string } {
  const random = new RandomStream(3, STREAM.values);
  const rows = Array.from({ length: 150 }, () => Array.from({ length: 4 }, () => random.nextBelow(4)));
  const labels = rows.map(([a, b, c]) => (a + b * c + random.nextBelow(4) > 5 ? 1 : 0));
  return { rows, labels, csv: `a,b,c,d,y\n${rows.map((row, i) => `${row.join(',')},${labels[i]}`).join('\n')}\n` };
}

test('the scores of a fold are those of a forest that is fitted by hand without it', async () => {
  const { rows, labels, csv } = smallTable();
  for (const scoring of ['accuracy', 'log-loss', 'roc-auc'] as const) {
    const grid = { maxDepth: [2, null], criterion: ['gini', 'entropy'] };
    const input = { label: 'y', folds: 4, seed: 5, search: { grid, scoring } };
    const { store } = await runOnData({ 's3://tables/t.csv': csv }, input);
    const { search: found } = await getReport(store, 'r');
    const { params } = await getJson<RunRequest>(store, runKeys('r').run);
    const { schema, shape } = await getJson<SchemaResult>(store, runKeys('r').schema);
    assert.deepEqual(
      schema.features.map(({ type }) => type),
      ['numeric', 'numeric', 'numeric', 'numeric'],
    );
    const training = await gatherRows(store, planRun(params, shape), 'r');
    const folds = assignFolds(training.labels, 4, 5, false);
    const places = [...training.rowIndex.keys()];
    const toRows = (indexes: number[]) => ({ values: indexes.flatMap((i) => rows[i]), numFeatures: 4 });
    for (const { params: candidate, splitTestScores } of found!.results) {
      const { maxDepth, criterion } = candidate as { maxDepth: number | null; criterion: 'gini' };
      for (const [fold, expected] of splitTestScores.entries()) {
        const side = (isHeld: boolean) =>
          places.filter((at) => (folds[at] === fold) === isHeld).map((at) => training.rowIndex[at]);
        const [grown, held] = [side(false), side(true)];
        const forest = new RandomForestClassifier({ numTrees: 6, seed: 5, maxDepth, criterion });
        forest.fit(
          toRows(grown),
          grown.map((i) => labels[i]),
        );
        const probabilities = forest.predictProba(toRows(held));
        const truth = held.map((i) => labels[i]);
        const predicted = truth.map((_, i) => (probabilities[2 * i + 1] > probabilities[2 * i] ? 1 : 0));
        const byHand = {
          accuracy: () => score(accuracy, truth, predicted),
          'log-loss': () => score(logLoss(2), truth, probabilities),
          'roc-auc': () => score(rocAuc(2), truth, probabilities),
        }[scoring]();
        assert.equal(expected, byHand, `${JSON.stringify(candidate)}, fold ${fold}, ${scoring}`);
      }
    }
    const { splitTestScores, meanTestScore, stdTestScore } = found!.results[0];
    const mean = splitTestScores.reduce<number>((sum, value) => sum + value!, 0) / 4;
    assert.equal(meanTestScore, mean);
    const variance = splitTestScores.reduce<number>((sum, value) => sum + (value! - mean) ** 2, 0) / 4;
    assert.ok(Math.abs(stdTestScore! - Math.sqrt(variance)) < 1e-15);
  }
});

test('a search has the same scores and model for any number of workers and chunk size, those of a run with the best', async () => {
  const one = await search({ search: SEARCH, stratify: true, workers: 1 });
  for (const [workers, chunkSize] of [
    [2, 37],
    [4, 600],
  ]) {
    const other = await search({ search: SEARCH, stratify: true, workers, chunkSize, strategy: 'trees' });
    assert.deepEqual(other.result, one.result);
    assert.deepEqual(scoresOf(other.found), scoresOf(one.found));
  }
  const { found, report } = one;
  assert.equal(found.results.length, 6);
  const best = found.results[found.best];
  assert.equal(best.rankTestScore, 1);
  assert.equal(best.meanTestScore, Math.max(...found.results.map(({ meanTestScore }) => meanTestScore!)));
  const { maxDepth, maxFeatures, search: left, folds } = report.params;
  assert.deepEqual(
    [maxDepth, maxFeatures, left, folds],
    [best.params.maxDepth, best.params.maxFeatures, undefined, undefined],
  );
  const plain = await runInMemory({ ...best.params, stratify: true });
  assert.deepEqual(plain.result, one.result);
  const { permutationImportances, featureImportances } = await getReport(plain.store, 'r');
  assert.deepEqual(report.permutationImportances, permutationImportances);
  assert.deepEqual(report.featureImportances, featureImportances);
});

test('equal candidates share a rank, and the first of them is the best; a loss ranks the other way', async () => {
  // one feature: every maxFeatures is the same
  const grid = { maxFeatures: ['all', 'log2', 'sqrt'], maxDepth: [1, 2] };
  const data = { features: 1, informative: 1, redundant: 0, clustersPerClass: 1, flipY: 0.3 };
  for (const scoring of ['accuracy', 'log-loss']) {
    const { found } = await search({ ...data, search: { grid, scoring } });
    const ranks = found.results.map(({ rankTestScore }) => rankTestScore);
    assert.deepEqual(new Set(ranks), new Set([1, 4]));
    const means = found.results.map(({ meanTestScore }) => meanTestScore!);
    const top = scoring === 'accuracy' ? Math.max(...means) : Math.min(...means);
    assert.equal(found.best, means.indexOf(top));
    assert.equal(found.greaterIsBetter, scoring === 'accuracy');
  }
});

test('halving gives fewer candidates more rows, and the first rounds of the same size share their results', async () => {
  const grid = { maxDepth: [1, 2, 3, 4, 5, null], maxFeatures: ['sqrt', 'all'] };
  const calm = await search({ search: { grid, halving: { factor: 2 } } });
  const { rounds, results, best } = calm.found;
  assert.deepEqual(
    rounds.map(({ numCandidates, resources }) => [numCandidates, resources]),
    [
      [12, 67],
      [6, 134],
      [3, 268],
      [2, 536],
    ],
  );
  assert.equal(results.length, 23);
  assert.equal(results[best].round, 3);
  for (const round of [1, 2, 3]) {
    const before = results.filter((one) => one.round === round - 1);
    const left = results.filter((one) => one.round === round).map(({ candidate }) => candidate);
    const out = before.filter(({ candidate }) => !left.includes(candidate)).map(({ meanTestScore }) => meanTestScore!);
    const kept = before.filter(({ candidate }) => left.includes(candidate)).map(({ meanTestScore }) => meanTestScore!);
    assert.equal(kept.length, left.length);
    assert.ok(Math.min(...kept) >= Math.max(...out));
  }
  const fits = calm.invoked.filter((task) => (task as { kind: string }).kind === 'fit');
  assert.equal(fits.length, 23 * 3);
  const aggressive = { factor: 2, minResources: 270, aggressiveElimination: true };
  const repeated = await search({ search: { grid, halving: aggressive } });
  assert.deepEqual(
    repeated.found.rounds.map(({ resources }) => resources),
    [270, 270, 270, 540],
  );
  // 12 candidates with 270 rows, whatever the number of rounds, and 2 with all
  assert.equal(repeated.invoked.filter((task) => (task as { kind: string }).kind === 'fit').length, (12 + 2) * 3);
  assert.deepEqual(repeated.report.tasks.total, repeated.invoked.length);
});

test('with trees as the resource the rounds have more trees, and the best is grown with all', async () => {
  const halving = { resource: 'trees', factor: 3, minResources: 'smallest' };
  const { found, report, invoked } = await search({ trees: 20, search: { ...SEARCH, halving } });
  assert.deepEqual(
    found.rounds.map(({ resources }) => resources),
    [1, 3],
  );
  assert.equal(report.model.numTrees, 20);
  const trees = invoked.flatMap((task) => (task as { kind: string; params: { trees: number } }).params?.trees ?? []);
  assert.deepEqual([...new Set(trees)], [1, 3]);
});

test('a search that was interrupted anywhere goes on without doing a finished task again', async () => {
  const input = { folds: 2, samples: 300, trees: 3, search: { ...SEARCH, halving: { factor: 2, minResources: 60 } } };
  const calm = await search(input);
  for (let stopAt = 13; stopAt < calm.invoked.length; stopAt += 3) {
    const store = memoryStore();
    let calls = 0;
    const first = runInMemory(input, store, (workers) => (name) => async (payload) => {
      if (calls++ === stopAt) throw Object.assign(new Error('power cut'), { name: 'InputError' }); // ends the run at once
      return workers(name)(payload);
    });
    await assert.rejects(first, TaskFailedError);
    const { result, report, found, invoked } = await search(input, store);
    assert.deepEqual(result, calm.result, `stopped at ${stopAt}`);
    assert.deepEqual(scoresOf(found), scoresOf(calm.found));
    assert.equal(report.tasks.reused + invoked.length, calm.invoked.length);
    assert.ok(report.tasks.reused >= stopAt);
  }
});

test('a fold without one of the classes has no ROC AUC, and a candidate without a score comes last', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 10},${(i * 7) % 10},${i < 2 ? 'rare' : 'common'}`);
  const { store } = await runOnData(
    { 's3://tables/t.csv': `a,b,y\n${rows.join('\n')}\n` },
    { label: 'y', folds: 5, testSize: 5, search: { grid: { maxDepth: [1, 2] }, scoring: 'roc-auc' } },
  );
  const { search: found } = await getReport(store, 'r');
  for (const { splitTestScores, meanTestScore, stdTestScore, rankTestScore } of found!.results) {
    assert.ok(splitTestScores.includes(null));
    assert.deepEqual([meanTestScore, stdTestScore, rankTestScore], [null, null, 1]);
  }
  assert.equal(found!.best, 0);
});

test('a search has the tasks that its forecast says, and costs what its fits take', async () => {
  for (const halving of [false, { factor: 2 }]) {
    const input = {
      samples: 600,
      chunkSize: 100,
      features: 5,
      trees: 6,
      workers: 2,
      folds: 3,
      search: { ...SEARCH, halving },
    };
    const { report } = await search(input);
    const forecast = forecastRun(planRun(parseRunParams(input)));
    assert.equal(forecast.total.tasks, report.tasks.total);
    assert.equal(forecast.total.usd, report.forecast);
    const plain = forecastRun(planRun(parseRunParams({ ...input, search: undefined, folds: undefined })));
    assert.equal(plain.search, null);
    assert.ok(forecast.total.usd > plain.total.usd && forecast.total.seconds > plain.total.seconds);
    assert.equal(forecast.search!.rounds.length, halving ? 3 : 1);
  }
});

test('a search that is asked for again is the same one, and another grid is a conflict', async () => {
  const store = memoryStore();
  const orchestrator = {
    start: async (name: string) => name,
    state: async () => ({ state: 'running' as const }),
    stop: async () => {},
  };
  const ask = (grid: unknown) =>
    startRun({ store, orchestrator }, 's', parseRunParams({ search: { grid } }), ['search']);
  await ask({ maxDepth: [1, 2], trees: [3] });
  await ask({ trees: [3], maxDepth: [1, 2] });
  await assert.rejects(ask({ trees: [3], maxDepth: [1, 4] }), {
    name: 'ConflictError',
    message: /run s exists with search/,
  });
  const { params } = await getRequest(store, 's');
  assert.deepEqual(params.search!.grid, { maxDepth: [1, 2], trees: [3] });
});

test('candidates that are expected to take longer than the middle one get that much longer before a second attempt', () => {
  const spreadOf = (trees: number[]) => planRun(parseRunParams({ search: { grid: { trees } } })).search!.spread;
  assert.deepEqual([[7], [10, 20], [10, 20, 50]].map(spreadOf), [1, 2, 2.5]);
});

test('a search of a run that predicts values ranks by R², and by errors the other way', async () => {
  const grid = { maxDepth: [1, 3, null], criterion: ['squared_error', 'absolute_error'] };
  const input = { task: 'regression', folds: 3 };
  const found = await Promise.all(
    ['r2', 'rmse', 'mae'].map(async (scoring) => (await search({ ...input, search: { grid, scoring } })).found),
  );
  for (const { results, best, scoring, greaterIsBetter } of found) {
    const means = results.map(({ meanTestScore }) => meanTestScore!);
    assert.equal(greaterIsBetter, scoring === 'r2');
    assert.equal(means[best], scoring === 'r2' ? Math.max(...means) : Math.min(...means));
  }
  const plain = await runInMemory({ ...input, maxDepth: 3 });
  const { crossValidation } = (await getReport(plain.store, 'r')) as ValueReport;
  const [byR2, byRmse, byMae] = found.map(
    ({ results }) => results.find(({ params }) => params.maxDepth === 3 && params.criterion === 'squared_error')!,
  );
  const { folds } = crossValidation!;
  assert.deepEqual(
    byR2.splitTestScores,
    folds.map(({ r2 }) => r2),
  );
  assert.deepEqual(
    byRmse.splitTestScores,
    folds.map(({ rmse }) => rmse),
  );
  assert.deepEqual(
    byMae.splitTestScores,
    folds.map(({ mae }) => mae),
  );
  const wrong = { ...input, search: { grid, scoring: 'accuracy' } };
  assert.throws(() => parseRunParams(wrong), /scoring must be r2, rmse, mae, got "accuracy"/);
  assert.equal(parseRunParams({ ...input, search: { grid } }).search!.scoring, 'r2');
});
