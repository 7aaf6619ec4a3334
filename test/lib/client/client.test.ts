import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  accuracyScore,
  CancelledError,
  Client,
  ConflictError,
  ExtraTreesClassifier,
  ExtraTreesRegressor,
  InputError,
  meanAbsoluteError,
  type Progress,
  RandomForestClassifier,
  RandomForestRegressor,
  RunFailedError,
  r2Score,
  rootMeanSquaredError,
} from '../../../lib/index.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { runInMemory, runOnData } from '../../helpers.ts';
import { DATA, fit, fitValues, readParams } from './fit.ts';
import { memoryCluster } from './memory-cluster.ts';

suite('client.fit', () => {
  test('returns the model, accuracy and importances of the run with the same parameters', async () => {
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

  test("passes the estimator's options to the run, under the names of run parameters", async () => {
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
    assert.deepEqual(await readParams(cluster.store, forest.runId), parseRunParams(expected));
  });

  test('fits a regressor: the model and scores of the run with the same parameters', async () => {
    const estimator = new ExtraTreesRegressor({ trees: 6, seed: 4 });
    const { forest, test: rows, cluster } = await fitValues(estimator, { noise: 3, shuffle: false });
    const given = { task: 'regression', noise: 3, shuffleSamples: false, trees: 6, extraTrees: true, seed: 4 };
    assert.deepEqual(await readParams(cluster.store, forest.runId), parseRunParams({ ...DATA, ...given }));
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

  test('fits a regressor to the values in a file', async () => {
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

  test('takes the number of workers from the cluster unless the caller sets one', async () => {
    const cluster = memoryCluster({ workers: 7 });
    const client = new Client(cluster);
    const { train } = await client.trainTestSplit(await client.makeClassification(DATA));
    for (const [options, expected] of [
      [{}, 7],
      [{ workers: 2 }, 2],
    ] as const) {
      const { runId } = await client.fit(new RandomForestClassifier({ trees: 1 }), train, options);
      assert.equal((await readParams(cluster.store, runId)).workers, expected);
    }
  });

  test('trains on a file with class names: predictions are labels of the file', async () => {
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
    await assert.rejects(forest.predict(sides.test), /has categorical features, whose codes differ between data sets/);
  });

  test('resumes the run with a given id, and rejects one with other parameters', async () => {
    const { client, train, forest } = await fit(undefined, { fit: { runId: 'mine' } });
    assert.equal(forest.runId, 'mine');
    const again = await client.fit(new RandomForestClassifier({ trees: 6 }), train, { runId: 'mine' });
    assert.deepEqual(await again.modelBytes(), await forest.modelBytes());
    await assert.rejects(client.fit(new RandomForestClassifier({ trees: 7 }), train, { runId: 'mine' }), ConflictError);
  });

  test('reports the finished tasks of each stage, ending with all of them', async () => {
    const told: Progress[] = [];
    await fit(undefined, { fit: { onProgress: (progress) => told.push(progress) } });
    const last = new Map(told.map((progress) => [progress.stage, progress]));
    assert.deepEqual([...last.keys()], ['generate', 'split', 'train', 'evaluate']);
    for (const { done, total } of last.values()) assert.ok(done === total && total > 0);
    assert.equal(new Set(told.map((progress) => JSON.stringify(progress))).size, told.length);
  });

  test('an error in onProgress cancels the run, and fit rejects with it', async () => {
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

  test('an aborted signal cancels the run; a signal aborted beforehand prevents it', async () => {
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

  test('closing the client cancels its runs, and closing the cluster ends the waiting', async () => {
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
