import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { toOnnx } from '../../../lib/export/onnx.ts';
import { fromOnnx } from '../../../lib/export/onnx-import.ts';
import { growForest } from '../../../lib/forest/grow-forest.ts';
import { decodeModel, encodeModel } from '../../../lib/forest/model-file.ts';
import { oobSums, scoreOob } from '../../../lib/forest/oob.ts';
import { predictValues } from '../../../lib/forest/predict.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { tableOfRows } from '../../../lib/forest/training-table.ts';
import { score } from '../../../lib/metrics/metric.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../../../lib/metrics/regression-metrics.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { renderReport } from '../../../lib/report/page.ts';
import type { ValueReport } from '../../../lib/report/regression-report.ts';
import { isRegressionReport } from '../../../lib/report/report.ts';
import { cardToMarkdown, makeCard } from '../../../lib/run/card.ts';
import { getReport, viewRun } from '../../../lib/run/run.ts';
import { type BinsResult, toBinEdges } from '../../../lib/stages/bins.ts';
import { gatherRows } from '../../../lib/stages/train.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import type { Store } from '../../../lib/store/store.ts';
import { runInMemory, runOnData } from '../../helpers.ts';

const keys = runKeys('r');
const regression = { task: 'regression', noise: 30, testSize: 0.25 };

async function reportOf(store: Store): Promise<ValueReport> {
  const report = await getReport(store, 'r');
  assert.ok(isRegressionReport(report));
  return report;
}

/** Test rows, all partitions end to end. */
async function testRows(store: Store) {
  const names = await store.list('runs/r/test/');
  const parts = await Promise.all(names.map(async (key) => decodeRaw(await store.get(key), key)));
  return {
    columns: parts[0].columns.map((_, j) => Float32Array.from(parts.flatMap(({ columns }) => [...columns[j]]))),
    labels: Float64Array.from(parts.flatMap(({ labels }) => [...labels])),
  };
}

suite('a run of regression', () => {
  test('its scores are those of the model on the test rows, and its numbers agree with each other', async () => {
    const { result, store } = await runInMemory({ ...regression, trees: 20 });
    const report = await reportOf(store);
    const { columns, labels } = await testRows(store);
    assert.equal(labels.length, 150);
    const model = decodeModel(await store.get(keys.model));
    assert.equal(model.numClasses, 0);
    const predicted = predictValues(model, columns);
    assert.equal(report.r2, score(r2, labels, predicted));
    assert.equal(report.rmse, score(rootMeanSquaredError, labels, predicted));
    assert.equal(report.mae, score(meanAbsoluteError, labels, predicted));
    assert.deepEqual([result.r2, result.rmse, result.mae], [report.r2, report.rmse, report.mae]);
    assert.ok(Math.abs(1 - (report.rmse / report.rmseOfMean) ** 2 - report.r2) < 1e-12);
    const [low, high] = report.r2Interval!;
    assert.ok(low < report.r2 && report.r2 < high && high < 1);
    // noise of 30 beside five coefficients of up to 100
    assert.ok(report.r2 > 0.6 && report.r2 < report.r2Ceiling! && report.r2Ceiling! < 0.995);
    assert.equal(
      report.density.reduce((sum, [, , rows]) => sum + rows, 0),
      150,
    );
    assert.equal(
      report.residuals.reduce((sum, [, rows]) => sum + rows, 0),
      150,
    );
    assert.ok(report.values.min < report.values.mean && report.values.mean < report.values.max);
    assert.equal(report.permutationImportances!.mean.length, 5);
    const { state, r2: shown, rmse, mae, accuracy } = await viewRun(store, 'r');
    assert.deepEqual([state, shown, rmse, mae, accuracy], ['succeeded', report.r2, report.rmse, report.mae, undefined]);
  });

  const OPTIONS: Record<string, unknown>[] = [
    {},
    { generator: 'friedman1', noise: 1, criterion: 'poisson' },
    { criterion: 'absolute_error', maxDepth: 3, maxFeatures: 'sqrt' },
    { extraTrees: true, minSamplesLeaf: 3 },
    { maxLeafNodes: 12, ccpAlpha: 1, monotonicConstraints: { 0: 1 }, maxSamples: 0.5 },
  ];
  for (const options of OPTIONS) {
    test(`${JSON.stringify(options)}: the same for any chunk size, workers and strategy`, async () => {
      const input = { ...regression, ...options, oobScore: !options.extraTrees, validationSize: 0.1, folds: 3 };
      const of = async (layout: Record<string, unknown>) => {
        const { result, store } = await runInMemory({ ...input, ...layout });
        const { partitions, seconds, stages, timeline, tasks, overheadMs, ...others } = await reportOf(store);
        const { forecast, bill, costs, usage, params, strategy, ...scores } = others;
        return { result, scores };
      };
      const expected = await of({ strategy: 'gather' });
      assert.deepEqual(
        await of({ chunkSize: 37, workers: 1, strategy: 'trees' }).then(withoutCurve),
        withoutCurve(expected),
      );
      assert.deepEqual(
        await of({ chunkSize: 600, workers: 3, strategy: 'trees' }).then(withoutCurve),
        withoutCurve(expected),
      );
    });
  }

  /** Points of the curve are where groups of trees end. */
  function withoutCurve({ result, scores }: { result: unknown; scores: Partial<ValueReport> }) {
    return { result, scores: { ...scores, oobCurve: scores.oobCurve?.at(-1) } };
  }

  test('the model is that of the library on the same rows and bins, and the out-of-bag score too', async () => {
    const { store } = await runInMemory({
      ...regression,
      oobScore: true,
      criterion: 'poisson',
      generator: 'friedman1',
      noise: 1,
    });
    const plan = planRun(parseRunParams((await getJson<{ params: unknown }>(store, keys.run)).params));
    const [rows, bins, bytes] = await Promise.all([
      gatherRows(store, plan, 'r'),
      getJson<BinsResult>(store, keys.binsResult),
      store.get(keys.model),
    ]);
    const edges = toBinEdges(bins.edges);
    const table = tableOfRows(rows, edges, 0);
    const trees = growForest({ table, params: plan.forest, treeStart: 0, treeEnd: 6 });
    const { options, ranges } = decodeModel(bytes);
    const details = { options: options!, ranges: ranges! };
    assert.deepEqual(bytes, encodeModel({ trees, edges, numClasses: 0, classLabels: [] }, details));
    const { oobScore, oobCoverage, oobCurve, featureImportances } = await reportOf(store);
    assert.deepEqual(
      { score: oobScore, coverage: oobCoverage },
      scoreOob(table.target, oobSums(table, plan.forest, trees, 0)),
    );
    assert.equal(oobCurve!.at(-1)!.score, oobScore);
    const loaded = RandomForestRegressor.fromBytes(bytes);
    assert.deepEqual([...loaded.featureImportances], featureImportances);
  });

  test('a model of the default job says nothing of options, and leaves as ONNX, page and card', async () => {
    const { store } = await runInMemory({ ...regression, trees: 100 });
    const model = decodeModel(await store.get(keys.model));
    assert.equal(model.options, null);
    const { columns } = await testRows(store);
    assert.deepEqual(predictValues(fromOnnx(toOnnx(model)), columns), predictValues(model, columns));
    const page = renderReport(await reportOf(store));
    for (const part of ['Predicted against true values', 'Residuals', 'RMSE', '--task regression', '--noise 30']) {
      assert.ok(page.includes(part), part);
    }
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
    const card = cardToMarkdown(await makeCard(store, 'r', model));
    assert.match(card, /random forest, regressor[\s\S]*\| r2 \| 0\.\d{4} \|[\s\S]*never below/);
  });
});

suite('a run of regression on data', () => {
  const csv = readFileSync('test/fixtures/tables/diabetes.csv', 'utf8');
  const data = { 's3://tables/diabetes.csv': csv };
  const onData = { task: 'regression', label: 'progression', side: 'side' };

  // made by bench/reference/diabetes_csv.py; the column `side` holds out the same rows there and here
  type Scores = Record<'r2' | 'rmse' | 'mae', number>;
  const found: { options: Record<string, unknown>; mean: Scores; std: Scores }[] = JSON.parse(
    readFileSync('test/fixtures/tables/diabetes-scores.json', 'utf8'),
  );
  const SEEDS = 3;
  for (const { options, mean, std } of found) {
    test(`diabetes with ${JSON.stringify(options)}: as good as scikit-learn's regressor`, async () => {
      const reports = await Promise.all(
        Array.from({ length: SEEDS }, async (_, seed) =>
          reportOf((await runOnData(data, { ...onData, ...options, trees: 100, seed })).store),
        ),
      );
      for (const name of ['r2', 'rmse', 'mae'] as const) {
        const ours = reports.reduce((sum, report) => sum + report[name], 0) / SEEDS;
        // 4 standard errors of the difference of both means, and what bins change
        const margin = 4 * std[name] * Math.sqrt(1 / SEEDS + 1 / 20) + 0.01 * Math.abs(mean[name]);
        assert.ok(Math.abs(ours - mean[name]) <= margin, `${name} ${ours}, there ${mean[name]} ± ${margin}`);
      }
      assert.deepEqual(reports[0].rows, { total: 442, train: 331, test: 111 });
    });
  }

  test('groups, times, hashes and weights work, and the same file in parts gives the same model', async () => {
    const lines = [
      'a,b,key,day,w,y',
      ...Array.from(
        { length: 300 },
        (_, i) => `${i % 17},${(i * 7) % 23},${i % 40},${i},${1 + (i % 3)},${(i % 17) * 1.5 + ((i * 7) % 23) * 0.25}`,
      ),
    ];
    const table = { 's3://tables/t.csv': `${lines.join('\n')}\n` };
    const base = { task: 'regression', label: 'y', weights: 'w', testSize: 0.2 };
    for (const how of [{ group: 'key' }, { time: 'day' }, { hashBy: 'key' }, { shuffle: false }, { folds: 3 }]) {
      const named = Object.keys(how)[0];
      const { store, result } = await runOnData(table, { ...base, ...how });
      assert.ok((await reportOf(store)).r2 > 0.5, `${named}: ${result.r2}`);
      const parts = await runOnData(table, { ...base, ...how, chunkBytes: 500, workers: 5, strategy: 'trees' });
      assert.equal(parts.result.sha256, result.sha256, named);
      const card = await makeCard(store, 'r', decodeModel(await store.get(keys.model)));
      const markdown = cardToMarkdown(card);
      assert.match(markdown, /\| b \| numeric \| 0 \| 0 to 22 \|/);
      assert.doesNotMatch(markdown, /generator|chunkSize|samples/);
      const side =
        { group: 'other groups of key', time: 'the latest rows by day', hashBy: 'chosen by the hash of key' }[named] ??
        '';
      assert.ok(markdown.includes(side), `${named}: ${markdown}`);
      const page = renderReport(await reportOf(store));
      assert.match(page, /text-anchor="end">b<\/text>/);
      assert.doesNotMatch(page, /text-anchor="end">f\d/);
      assert.equal(page.includes('drawn at random'), named === 'folds', named);
      assert.deepEqual([card.model.kind, card.data.values?.min, card.data.classCounts], ['regressor', 0, undefined]);
    }
  });

  const refused: [Record<string, unknown>, string, RegExp][] = [
    [{ stratify: true }, 'x,y\n1,2\n', /^stratify applies only to classification, got the task regression/],
    [{ classWeight: 'balanced' }, 'x,y\n1,2\n', /^classWeight applies only to classification/],
    [
      { criterion: 'gini' },
      'x,y\n1,2\n',
      /^criterion must be squared_error, absolute_error or poisson for the task regression, got gini$/,
    ],
    [{ engine: 'ml-random-forest' }, 'x,y\n1,2\n', /^engine ml-random-forest supports only classification/],
    [
      { categorical: ['y'] },
      'x,y\n1,2\n3,4\n',
      /label "y" is named in categorical, but the task regression predicts numbers/,
    ],
    [{}, 'x,y\n1,2\n2,five\n3,4\n', /row 2, column "y": the task regression predicts numbers, got "five"/],
    [{}, 'x,y\n1,2\n2,\n3,4\n', /row 2, column "y": the label is missing in 1 row/],
    [{}, 'x,y\n1,2\n2,2\n3,2\n', /label "y" is 2 in all rows; there is nothing to learn/],
    [
      { criterion: 'poisson' },
      'x,y\n1,-2\n2,2\n3,2\n4,1\n',
      /poisson needs labels ≥ 0, some of them above, got -2 to 2/,
    ],
    [{ testSize: 1 }, 'x,y\n1,-2\n2,2\n3,2\n', /needs at least 2 rows to score: testSize leaves 1 on the test side/],
  ];
  for (const [input, text, message] of refused) {
    test(`refuses ${JSON.stringify(input)} on ${JSON.stringify(text)}`, async () => {
      const run = runOnData({ 's3://tables/t.csv': text }, { task: 'regression', label: 'y', testSize: 0.5, ...input });
      await assert.rejects(run, (error: Error) => message.test(error.message.replace(/^.*last: \w+: /s, '')));
    });
  }

  test('classification of many fractions says which task predicts them', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i + 0.5}`);
    const table = { 's3://tables/t.csv': `x,y\n${rows.join('\n')}\n` };
    await assert.rejects(
      runOnData(table, { label: 'y' }),
      /60 distinct numbers, some with fractions; .*task regression/,
    );
    const many = { 's3://tables/t.csv': `x,y\n${Array.from({ length: 1100 }, (_, i) => `1,${i}`).join('\n')}\n` };
    await assert.rejects(runOnData(many, { label: 'y' }), /or predict its numbers with the task regression/);
  });
});

test('the task follows from the generator, and the other way round', () => {
  const of = (input: Record<string, unknown>) => {
    const { task, generator, criterion, maxFeatures } = parseRunParams(input);
    return [task, generator, criterion, maxFeatures];
  };
  assert.deepEqual(of({}), ['classification', 'hypercube', 'gini', 'sqrt']);
  assert.deepEqual(of({ task: 'regression' }), ['regression', 'regression', 'squared_error', 'all']);
  assert.deepEqual(of({ generator: 'friedman1' }), ['regression', 'friedman1', 'squared_error', 'all']);
  assert.throws(() => planRun(parseRunParams({ task: 'classification', generator: 'friedman1' })), InputError);
  const wrong = { task: 'regression', generator: 'logistic' };
  assert.throws(
    () => planRun(parseRunParams(wrong)),
    /generator must be regression or friedman1 for the task regression, got logistic/,
  );
  assert.throws(() => planRun(parseRunParams({ noise: 1 })), /noise does not apply to the generator hypercube/);
});

test('values that no function holds are refused before the run, with what would fit', () => {
  const plan = (input: Record<string, unknown>) => planRun(parseRunParams({ task: 'regression', ...input }));
  assert.throws(
    () => plan({ samples: 1e6 }),
    /would take about \d+ MiB in the function \w+, .* raise minSamplesLeaf to \d+, or lower trees to \d+/,
  );
  assert.equal(plan({}).strategy, 'trees');
  assert.equal(plan({ samples: 1e6, minSamplesLeaf: 20 }).numTrain, 900_000);
});
