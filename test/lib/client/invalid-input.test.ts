import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  accuracyScore,
  type ClassificationOptions,
  Client,
  type DataOptions,
  type EstimatorOptions,
  InputError,
  RandomForestClassifier,
  RandomForestRegressor,
  type RunOptions,
  type SplitOptions,
} from '../../../lib/index.ts';
import { DATA, fit, fitValues } from './fit.ts';
import { memoryCluster } from './memory-cluster.ts';

suite('invalid input to the client', () => {
  const readLocal = (location: unknown, options: unknown = {}) =>
    new Client(memoryCluster()).readData(location as string, options as DataOptions);
  const refusals: [name: string, refused: () => Promise<unknown>, message: RegExp][] = [
    [
      'two seeds',
      () => fit(new RandomForestClassifier({ seed: 2 }), { data: { seed: 1 } }),
      /one seed .* got 1 from makeClassification and 2 from RandomForestClassifier; set it once/,
    ],
    ['exact', () => fit(new RandomForestClassifier({ exact: true })), /exact is not supported in runs/],
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
    [
      'an invalid value',
      () => fit(undefined, { fit: { workers: 0 } }),
      /workers must be an integer from 1 to 1000, got 0/,
    ],
    ['impossible data', () => fit(undefined, { data: { informative: 9 } }), /informative must be .* got 9/],
    ['a column without data', () => fit(undefined, { split: { group: 'g' } }), /group requires data/],
    ['two ways to split', () => fit(undefined, { split: { shuffle: false, stratify: true } }), /in only one way/],
    [
      'a local path where only S3 is available',
      () => readLocal('table.csv'),
      /data must be given as s3:\/\/bucket\/key/,
    ],
    ['data without a label', () => readLocal('s3://bucket/t.csv'), /label must name the column/],
    ['a list of options', () => readLocal('s3://bucket/t.csv', []), /options of readData must be an object, got \[\]/],
    ['no location', () => readLocal(undefined), /readData takes a path or a list of paths, got undefined/],
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

  test('handles of another kind or from another cluster', async () => {
    const { client, train, test: rows, forest } = await fit();
    const other = new Client(memoryCluster());
    await assert.rejects(other.fit(new RandomForestClassifier(), train), /a client of another cluster/);
    await assert.rejects(
      client.fit(new RandomForestClassifier(), rows as never),
      /fit takes the training split .* got TestRows$/,
    );
    await assert.rejects(
      client.trainTestSplit({} as never),
      /takes the result of makeClassification, makeRegression or/,
    );
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

  test('rows that do not exist before a fit', async () => {
    const { client, forest } = await fit();
    const { test: rows } = await client.trainTestSplit(await client.makeClassification(DATA));
    await assert.rejects(rows.labels, /the test rows do not exist before a forest is fitted; call client.fit first/);
    await assert.rejects(forest.predict(rows), InputError);
    await client.fit(new RandomForestClassifier({ trees: 1 }), (await client.trainTestSplit(rows.split.dataset)).train);
    await assert.rejects(rows.labels, InputError); // another split
  });

  test('different values for trees and numTrees', () => {
    assert.throws(() => new RandomForestClassifier({ trees: 1, numTrees: 2 }), /trees is another name of numTrees/);
    const options: EstimatorOptions = new RandomForestClassifier({ trees: 3 }).options;
    assert.deepEqual(options, { trees: 3 });
    assert.throws(() => new RandomForestClassifier({ trees: 0 }), InputError);
  });
});
