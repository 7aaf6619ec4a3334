import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  accuracyScore,
  CancelledError,
  InputError,
  meanAbsoluteError,
  type Progress,
  RandomForestClassifier,
  r2Score,
  rootMeanSquaredError,
} from '../../../lib/index.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { fit } from './fit.ts';

suite('a fitted forest', () => {
  test('predicts rows in memory like rows in the store; the estimator class reads its model', async () => {
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

  test('scores a validation split like the report; without validationSize there is none', async () => {
    const { forest, validation } = await fit(undefined, { split: { validationSize: 0.2 } });
    const { validation: scores } = await forest.report();
    assert.equal(await forest.score(validation!), scores && 'accuracy' in scores && scores.accuracy);
    assert.equal((await fit()).validation, null);
  });

  test('reports finished partitions while predicting, and stops when cancelled', async () => {
    const { forest, test: rows } = await fit();
    const told: Progress[] = [];
    await forest.predict(rows, { onProgress: (progress) => told.push(progress) });
    assert.deepEqual(told.at(-1), { stage: 'predict', done: 6, total: 6 });
    await assert.rejects(forest.predict(rows, { signal: AbortSignal.abort() }), CancelledError);
    const stop = new AbortController();
    const stopped = forest.predict(rows, { signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(stopped, CancelledError);
  });

  test("regression scores equal scikit-learn's, and reject values that are not finite numbers", async () => {
    // sklearn.metrics 1.9: r2_score, root_mean_squared_error, mean_absolute_error
    const [truth, predicted] = [[3, -0.5, 2, 7], Promise.resolve(Float64Array.of(2.5, 0, 2, 8))];
    assert.equal(await r2Score(truth, predicted), 0.9486081370449679);
    assert.equal(await rootMeanSquaredError(truth, predicted), 0.6123724356957945);
    assert.equal(await meanAbsoluteError(truth, predicted), 0.5);
    await assert.rejects(r2Score([1], [1]), /R² needs at least 2 rows, got 1/);
    await assert.rejects(r2Score([1, 2], ['1', 2]), /finite numbers, got 1 in row 0|got "1" in row 0/);
    await assert.rejects(meanAbsoluteError([1, 2], [1]), /one prediction per label, got 1 for 2/);
    await assert.rejects(rootMeanSquaredError([], []), InputError);
  });

  test('accuracyScore rejects lists of different lengths', async () => {
    assert.equal(await accuracyScore(['a', 'b', 'b', 'a'], Promise.resolve(['a', 'b', 'a', 'a'])), 0.75);
    await assert.rejects(accuracyScore([1, 2], [1]), /one prediction per label, got 1 for 2/);
    await assert.rejects(accuracyScore([], []), InputError);
  });
});
