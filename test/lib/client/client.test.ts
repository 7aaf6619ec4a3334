import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  accuracyScore,
  CancelledError,
  type ClassificationOptions,
  Client,
  ConflictError,
  type DataOptions,
  type EstimatorOptions,
  ExtraTreesClassifier,
  ExtraTreesRegressor,
  InputError,
  meanAbsoluteError,
  type Progress,
  RandomForestClassifier,
  RandomForestRegressor,
  type RegressionOptions,
  RunFailedError,
  type RunOptions,
  r2Score,
  rootMeanSquaredError,
  type SplitOptions,
} from '../../../lib/index.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import type { RunRequest } from '../../../lib/run/run.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import type { Store } from '../../../lib/store/store.ts';
import { runInMemory, runOnData } from '../../helpers.ts';
import { memoryCluster } from './memory-cluster.ts';

const DATA = { samples: 600, chunkSize: 100, features: 5 };

interface Asked {
  data?: ClassificationOptions;
  split?: SplitOptions;
  fit?: RunOptions;
}

/** Fit a forest, and give all that is in hand then. */
async function fit(estimator = new RandomForestClassifier({ trees: 6 }), { data, split, fit: how }: Asked = {}) {
  const cluster = memoryCluster();
  const client = new Client(cluster);
  const sides = await client.trainTestSplit(await client.makeClassification({ ...DATA, ...data }), split);
  const forest = await client.fit(estimator, sides.train, how);
  return { ...sides, cluster, client, forest };
}

/** As `fit`, for values. */
async function fitValues(estimator = new RandomForestRegressor({ trees: 6 }), options: RegressionOptions = {}) {
  const cluster = memoryCluster();
  const client = new Client(cluster);
  const sides = await client.trainTestSplit(await client.makeRegression({ ...DATA, ...options }));
  return { ...sides, cluster, client, forest: await client.fit(estimator, sides.train) };
}

const paramsOf = async (store: Store, runId: string) => (await getJson<RunRequest>(store, runKeys(runId).run)).params;

suite('client.fit', () => {
  test('gives the model, the accuracy and the importances of the run with the same numbers', async () => {
    const { forest, test: rows } = await fit(new RandomForestClassifier({ trees: 6 }), {
      split: { testSize: 0.2, seed: 3 },
      fit: { workers: 2 },
    });
    const { result } = await runInMemory({ testSize: 0.2, seed: 3 });
    const report = await forest.report();
    assert.equal(report.model.sha256, result.sha256);
    assert.equal(await accuracyScore(rows.labels, await forest.predict(rows)), result.accuracy);
    assert.equal(await forest.score(rows), result.accuracy);
    assert.deepEqual(await forest.featureImportances(), report.featureImportances);
    assert.equal((await rows.labels).length, report.rows.test);
  });

  test('tells a run what the estimator was told, under the names of runs', async () => {
    const estimator = new ExtraTreesClassifier({
      numTrees: 3,
      maxFeatures: null,
      classWeight: new Map([[1, 5]]),
      maxDepth: 4,
      monotonicConstraints: [1, 0, 0, 0, 0],
      seed: 9,
    });
    const { forest, cluster } = await fit(estimator, {
      data: { shuffle: false, informative: 3 },
      split: { stratify: true },
      fit: { strategy: 'trees', deadline: 100 },
    });
    const expected = {
      ...{ ...DATA, shuffleSamples: false, informative: 3, stratify: true, strategy: 'trees', deadline: 100 },
      ...{ trees: 3, maxFeatures: 'all', classWeight: { 1: 5 }, maxDepth: 4, monotonicConstraints: [1, 0, 0, 0, 0] },
      ...{ extraTrees: true, seed: 9 },
    };
    assert.deepEqual(await paramsOf(cluster.store, forest.runId), parseRunParams(expected));
  });

  test('fits a regressor: the model and the scores of the run with the same numbers', async () => {
    const estimator = new ExtraTreesRegressor({ trees: 6, seed: 4 });
    const { forest, test: rows, cluster } = await fitValues(estimator, { noise: 3, shuffle: false });
    const given = { task: 'regression', noise: 3, shuffleSamples: false, trees: 6, extraTrees: true, seed: 4 };
    assert.deepEqual(await paramsOf(cluster.store, forest.runId), parseRunParams({ ...DATA, ...given }));
    const { result } = await runInMemory(given);
    const report = await forest.report();
    assert.equal(report.model.sha256, result.sha256);
    const predictions = await forest.predict(rows);
    const scores = [
      await r2Score(rows.labels, predictions),
      await rootMeanSquaredError(rows.labels, predictions),
      await meanAbsoluteError(rows.labels, forest.predict(rows)),
    ];
    assert.ok('r2' in report, 'the report has R²');
    assert.deepEqual(scores, [report.r2, report.rmse, report.mae]);
    assert.equal(await forest.score(rows), report.r2);
    const bytes = await forest.modelBytes();
    assert.deepEqual(ExtraTreesRegressor.fromBytes(bytes).options.trees ?? 6, 6);
    const keys = await cluster.store.list(`runs/${forest.runId}/test/`);
    const { columns, numRows } = decodeRaw(await cluster.store.get(keys[0]), keys[0]);
    assert.deepEqual(await forest.predict(columns), predictions.slice(0, numRows));
    assert.deepEqual(ExtraTreesRegressor.fromBytes(bytes).predict(columns), predictions.slice(0, numRows));
  });

  test('fits a regressor to the numbers of a file', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${i % 20},${i % 3 ? 'red' : 'blue'},${(i % 20) * 2.5}`);
    const files = { 's3://bucket/t.csv': `x,colour,price\n${rows.join('\n')}\n` };
    const client = new Client(memoryCluster({ files }));
    const data = await client.readData('s3://bucket/t.csv', { label: 'price' });
    const { train, test: kept } = await client.trainTestSplit(data, { testSize: 50 });
    const forest = await client.fit(new RandomForestRegressor({ trees: 6 }), train);
    assert.ok((await kept.labels).every((value) => typeof value === 'number' && value % 2.5 === 0));
    assert.equal((await kept.labels).length, 50);
    assert.ok((await forest.score(kept)) > 0.99, 'the value follows from one column');
  });

  test('takes the number of workers from the cluster, unless it is told another', async () => {
    const cluster = memoryCluster({ workers: 7 });
    const client = new Client(cluster);
    const { train } = await client.trainTestSplit(await client.makeClassification(DATA));
    for (const [options, expected] of [
      [{}, 7],
      [{ workers: 2 }, 2],
    ] as const) {
      const { runId } = await client.fit(new RandomForestClassifier({ trees: 1 }), train, options);
      assert.equal((await paramsOf(cluster.store, runId)).workers, expected);
    }
  });

  test('learns from data with names: labels are those of the file', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${i},${i % 3 ? 'red' : 'blue'},${i < 100 ? 'no' : 'yes'}`);
    const files = { 's3://bucket/t.csv': `x,colour,answer\n${rows.join('\n')}\n` };
    const client = new Client(memoryCluster({ files }));
    const data = await client.readData('s3://bucket/t.csv', { label: 'answer', features: ['x', 'colour'] });
    const { train, test: kept } = await client.trainTestSplit(data, { testSize: 50 });
    const forest = await client.fit(new RandomForestClassifier({ trees: 6, maxFeatures: null }), train, { workers: 2 });
    const { result } = await runOnData(files, {
      ...{ label: 'answer', features: ['x', 'colour'], testSize: 50, maxFeatures: 'all' },
    });
    assert.equal((await forest.report()).model.sha256, result.sha256);
    assert.deepEqual(await forest.classes(), ['no', 'yes']);
    assert.deepEqual(new Set(await kept.labels), new Set(['no', 'yes']));
    assert.equal(await forest.score(kept), result.accuracy);

    const other = await client.readData('s3://bucket/t.csv', { label: 'answer', features: ['x', 'colour'] });
    const sides = await client.trainTestSplit(other, { testSize: 20 });
    await client.fit(new RandomForestClassifier({ trees: 1 }), sides.train);
    await assert.rejects(forest.predict(sides.test), /knows categories, which are numbered by data set/);
  });

  test('goes on with a run that is named, and refuses one that was asked for otherwise', async () => {
    const { client, train, forest } = await fit(undefined, { fit: { runId: 'mine' } });
    assert.equal(forest.runId, 'mine');
    const again = await client.fit(new RandomForestClassifier({ trees: 6 }), train, { runId: 'mine' });
    assert.deepEqual(await again.modelBytes(), await forest.modelBytes());
    await assert.rejects(client.fit(new RandomForestClassifier({ trees: 7 }), train, { runId: 'mine' }), ConflictError);
  });

  test('tells how many tasks of each stage are done, and ends with all', async () => {
    const told: Progress[] = [];
    await fit(undefined, { fit: { onProgress: (progress) => told.push(progress) } });
    const last = new Map(told.map((progress) => [progress.stage, progress]));
    assert.deepEqual([...last.keys()], ['generate', 'split', 'train', 'evaluate']);
    for (const { done, total } of last.values()) assert.ok(done === total && total > 0);
    assert.equal(new Set(told.map((progress) => JSON.stringify(progress))).size, told.length);
  });

  test('what onProgress throws calls the run off, and is what fit rejects with', async () => {
    const cluster = memoryCluster({ wrap: () => () => () => new Promise(() => {}) });
    const client = new Client(cluster);
    const { train } = await client.trainTestSplit(await client.makeClassification(DATA));
    const onProgress = () => {
      throw new SyntaxError('of the caller');
    };
    const fitting = client.fit(new RandomForestClassifier(), train, { runId: 'thrown', onProgress });
    await assert.rejects(fitting, /^SyntaxError: of the caller$/);
    assert.ok(await cluster.store.get(runKeys('thrown').cancel), 'the run was cancelled');
  });

  test('rejects with the failed tasks when the run fails', async () => {
    const cluster = memoryCluster({
      wrap: (workers) => (name) => async (payload) => {
        if (name === 'train') throw new RangeError('no such tree');
        return workers(name)(payload);
      },
    });
    const client = new Client(cluster);
    const { train, test: rows } = await client.trainTestSplit(await client.makeClassification(DATA));
    const error = await client.fit(new RandomForestClassifier(), train, { runId: 'r' }).then(
      () => assert.fail('it was fitted'),
      (reason) => reason,
    );
    assert.ok(error instanceof RunFailedError);
    assert.match(error.message, /^run r failed: task train-0-100 failed once; last: RangeError: no such tree/);
    assert.deepEqual(
      error.tasks.map(({ taskId, inputKey }) => [taskId, inputKey]),
      [['train-0-100', 'runs/r/train/']],
    );
    await assert.rejects(rows.labels, InputError);
  });

  test('an aborted signal cancels the run; nothing starts when it was aborted before', async () => {
    const stop = new AbortController();
    const cluster = memoryCluster({
      wrap: (workers) => (name) => async (payload) => {
        if (name !== 'train') return workers(name)(payload);
        stop.abort(new Error('enough'));
        return new Promise(() => {});
      },
    });
    const client = new Client(cluster);
    const { train } = await client.trainTestSplit(await client.makeClassification(DATA));
    const how = { signal: stop.signal };
    await assert.rejects(
      client.fit(new RandomForestClassifier(), train, { ...how, runId: 'r' }),
      (error: Error) => error instanceof CancelledError && (error.cause as Error).message === 'enough',
    );
    assert.ok(await cluster.store.get(runKeys('r').cancel));
    await assert.rejects(client.fit(new RandomForestClassifier(), train, { ...how, runId: 'never' }), CancelledError);
    await assert.rejects(cluster.store.get(runKeys('never').run));
  });

  test('closing the client cancels its runs, and a cluster that goes away ends the waiting', async () => {
    for (const end of ['client', 'cluster'] as const) {
      const cluster = memoryCluster({ wrap: () => () => () => new Promise(() => {}) });
      const client = new Client(cluster);
      const { train } = await client.trainTestSplit(await client.makeClassification(DATA));
      const fitted = client.fit(new RandomForestClassifier(), train, { runId: 'r' });
      fitted.catch(() => {});
      if (end === 'client') await client.close();
      else cluster.close();
      await assert.rejects(fitted, CancelledError);
      await assert.rejects(client.makeClassification(), end === 'client' ? InputError : CancelledError);
    }
  });
});

suite('what is refused', () => {
  const readLocal = (place: unknown, options: unknown = {}) =>
    new Client(memoryCluster()).readData(place as string, options as DataOptions);
  const refusals: [name: string, refused: () => Promise<unknown>, message: RegExp][] = [
    [
      'two seeds',
      () => fit(new RandomForestClassifier({ seed: 2 }), { data: { seed: 1 } }),
      /one seed .* got 1 from makeClassification and 2 from RandomForestClassifier; give it once/,
    ],
    ['exact', () => fit(new RandomForestClassifier({ exact: true })), /exact is not for runs/],
    ['no estimator', () => fit({} as never), /fit takes a RandomForestClassifier, .* got Object/],
    [
      'a regressor of classes',
      () => fit(new RandomForestRegressor() as never),
      /these rows have classes: fit a RandomForestClassifier or an ExtraTreesClassifier .* got RandomForestRegressor/,
    ],
    ['a classifier of values', () => fitValues(new RandomForestClassifier() as never), /have values: .*Regressor/],
    [
      'options of another generator',
      () => fitValues(undefined, { generator: 'friedman1', bias: 1 }),
      /bias .*friedman1/,
    ],
    [
      'an option of another call',
      () => fit(undefined, { data: { trees: 5 } as ClassificationOptions }),
      /unknown option of makeClassification trees/,
    ],
    [
      "scikit-learn's name",
      () => fit(undefined, { split: { test_size: 0.1 } as SplitOptions }),
      /unknown option of trainTestSplit test_size; known are testSize/,
    ],
    ['sampleWeight', () => fit(undefined, { fit: { sampleWeight: [] } as RunOptions }), /unknown option of fit/],
    ['a value', () => fit(undefined, { fit: { workers: 0 } }), /workers must be an integer from 1 to 1000, got 0/],
    ['data that cannot be', () => fit(undefined, { data: { informative: 9 } }), /informative must be .* got 9/],
    ['columns of no data', () => fit(undefined, { split: { group: 'g' } }), /group has a meaning beside data only/],
    ['two ways to divide', () => fit(undefined, { split: { shuffle: false, stratify: true } }), /in one way only/],
    ['a path where there is only S3', () => readLocal('table.csv'), /data must be given as s3:\/\/bucket\/key/],
    ['data without a label', () => readLocal('s3://bucket/t.csv'), /label must say which column/],
    ['a list of options', () => readLocal('s3://bucket/t.csv', []), /options of readData must be an object, got \[\]/],
    ['no place', () => readLocal(undefined), /readData takes a path or a list of them, got undefined/],
    ['no signal', () => fit(undefined, { fit: { signal: 5 as never } }), /signal of fit must be an AbortSignal, got 5/],
    [
      'no callback',
      () => fit(undefined, { fit: { onProgress: {} as never } }),
      /onProgress of fit must be a function, got {}/,
    ],
    [
      'another criterion',
      async () => fit(new RandomForestClassifier({ criterion: 'poisson' })),
      /criterion must be gini, entropy, log_loss/,
    ],
  ];
  for (const [name, refused, message] of refusals) {
    test(name, async () => {
      await assert.rejects(refused, (error: Error) => {
        assert.ok(error instanceof InputError, `${error.stack}`);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test('handles of another kind, or of another cluster', async () => {
    const { client, train, test: rows, forest } = await fit();
    const other = new Client(memoryCluster());
    await assert.rejects(other.fit(new RandomForestClassifier(), train), /a client of another cluster/);
    await assert.rejects(
      client.fit(new RandomForestClassifier(), rows as never),
      /fit takes the train side .* got TestRows$/,
    );
    await assert.rejects(client.trainTestSplit({} as never), /takes what makeClassification, makeRegression or/);
    assert.throws(() => new Client({} as never), /a client needs a cluster/);
    await assert.rejects(forest.predict([new Float32Array(1)]), /rows must have 5 features as in training, got 1/);
    await assert.rejects(
      forest.predict([[1, 2, 3, 4, 5]] as never),
      /must be a Float32Array, got \[1,2,3,4,5\]; for a list of rows/,
    );
    await assert.rejects(
      forest.predict(rows, { batch: 1 } as never),
      /unknown option of predict batch; known are signal/,
    );
    await assert.rejects(accuracyScore(undefined as never, [1]), /accuracy takes a list of labels .* got undefined/);
    await assert.rejects(
      Client.connect({ stak: 'A' } as never),
      /unknown option of Client.connect stak; known are stack/,
    );
  });

  test('rows that no run has made yet', async () => {
    const { client, forest } = await fit();
    const { test: rows } = await client.trainTestSplit(await client.makeClassification(DATA));
    await assert.rejects(rows.labels, /the test rows are not there yet: .* call client.fit first/);
    await assert.rejects(forest.predict(rows), InputError);
    await client.fit(new RandomForestClassifier({ trees: 1 }), (await client.trainTestSplit(rows.split.dataset)).train);
    await assert.rejects(rows.labels, InputError); // another split
  });

  test('trees and numTrees that differ', () => {
    assert.throws(() => new RandomForestClassifier({ trees: 1, numTrees: 2 }), /trees is another name of numTrees/);
    const options: EstimatorOptions = new RandomForestClassifier({ trees: 3 }).options;
    assert.deepEqual(options, { trees: 3 });
    assert.throws(() => new RandomForestClassifier({ trees: 0 }), InputError);
  });
});

suite('a fitted forest', () => {
  test('predicts rows in memory as those of the store, and the estimator class takes its model', async () => {
    const { forest, test: rows, cluster } = await fit();
    const keys = await cluster.store.list(`runs/${forest.runId}/test/`);
    const first = decodeRaw(await cluster.store.get(keys[0]), keys[0]);
    const predictions = await forest.predict(rows);
    assert.deepEqual(await forest.predict(first.columns), predictions.slice(0, first.numRows));
    const probabilities = await forest.predictProba(rows);
    assert.equal(probabilities.length, predictions.length * (await forest.classes()).length);
    const estimator = RandomForestClassifier.fromBytes(await forest.modelBytes());
    assert.deepEqual(estimator.predictProba(first.columns), probabilities.slice(0, first.numRows * 2));
    assert.deepEqual(Array.from(estimator.featureImportances), await forest.featureImportances());
  });

  test('saves its model to a file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'arvoredo-client-'));
    t.after(() => rm(folder, { recursive: true }));
    const { forest } = await fit();
    await forest.save(join(folder, 'model.arvo'));
    assert.deepEqual(new Uint8Array(await readFile(join(folder, 'model.arvo'))), await forest.modelBytes());
  });

  test('scores a validation side as the report does; without one there is none', async () => {
    const { forest, validation } = await fit(undefined, { split: { validationSize: 0.2 } });
    const { validation: scores } = await forest.report();
    assert.equal(await forest.score(validation!), scores && 'accuracy' in scores && scores.accuracy);
    assert.equal((await fit()).validation, null);
  });

  test('tells its partitions as it predicts, and stops when it is told to', async () => {
    const { forest, test: rows } = await fit();
    const told: Progress[] = [];
    await forest.predict(rows, { onProgress: (progress) => told.push(progress) });
    assert.deepEqual(told.at(-1), { stage: 'predict', done: 6, total: 6 });
    await assert.rejects(forest.predict(rows, { signal: AbortSignal.abort() }), CancelledError);
    const stop = new AbortController();
    const stopped = forest.predict(rows, { signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(stopped, CancelledError);
  });

  test('scores of values are those of scikit-learn, and refuse what is no number', async () => {
    // sklearn.metrics 1.9: r2_score, root_mean_squared_error, mean_absolute_error
    const [truth, predicted] = [[3, -0.5, 2, 7], Promise.resolve(Float64Array.of(2.5, 0, 2, 8))];
    assert.equal(await r2Score(truth, predicted), 0.9486081370449679);
    assert.equal(await rootMeanSquaredError(truth, predicted), 0.6123724356957945);
    assert.equal(await meanAbsoluteError(truth, predicted), 0.5);
    await assert.rejects(r2Score([1], [1]), /R² needs at least 2 rows, got 1/);
    await assert.rejects(r2Score([1, 2], ['1', 2]), /finite numbers, got 1 in row 0|got "1" in row 0/);
    await assert.rejects(meanAbsoluteError([1, 2], [1]), /a prediction for each label, got 1 for 2/);
    await assert.rejects(rootMeanSquaredError([], []), InputError);
  });

  test('accuracyScore refuses lists that do not belong together', async () => {
    assert.equal(await accuracyScore(['a', 'b', 'b', 'a'], Promise.resolve(['a', 'b', 'a', 'a'])), 0.75);
    await assert.rejects(accuracyScore([1, 2], [1]), /a prediction for each label, got 1 for 2/);
    await assert.rejects(accuracyScore([], []), InputError);
  });
});
