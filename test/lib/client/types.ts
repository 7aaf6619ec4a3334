// What the client's types promise. Nothing here runs: `npm run check` reads it.

import {
  accuracyScore,
  asCompleted,
  type ClassLabel,
  Client,
  type FittedClassifier,
  type FittedRegressor,
  type Future,
  type FutureStatus,
  LocalCluster,
  RandomForestClassifier,
  RandomForestRegressor,
  type Report,
  r2Score,
  type StageName,
  type TestRows,
  workerFunction,
} from 'arvoredo';
import type {
  ClassificationOptions,
  DataOptions,
  RegressionOptions,
  RunOptions,
  SplitOptions,
} from '../../../lib/client/options.ts';
import type { CallOption } from '../../../lib/plan/parameters/table.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Takes a value of just this type. */
function exactly<Expected>() {
  return <Actual>(_value: Actual, ..._same: Equal<Actual, Expected> extends true ? [] : [never]): void => {};
}

export async function promises(): Promise<void> {
  await using cluster = await LocalCluster.start({ workers: 2, functions: { f: './f.mjs', g: { file: './g.mjs' } } });
  await using client = new Client(cluster);
  exactly<Client>()(await Client.connect({ stack: 'Arvoredo', region: 'eu-west-1', profile: 'me' }));

  const data = await client.makeClassification({ samples: 100, weights: [0.9], shuffle: false, seed: 1 });
  const { train, test, validation } = await client.trainTestSplit(data, { testSize: 0.1, stratify: true });
  exactly<TestRows | null>()(validation);
  const forest = await client.fit(new RandomForestClassifier({ trees: 10, classWeight: 'balanced' }), train, {
    strategy: 'trees',
    signal: AbortSignal.timeout(1000),
    onProgress: ({ stage, done, total }) => exactly<StageName | 'predict'>()(stage) ?? exactly<number>()(done / total),
  });
  exactly<FittedClassifier>()(forest);
  exactly<ClassLabel[]>()(await forest.predict(test));
  exactly<ClassLabel[]>()(await forest.predict([new Float32Array(3)]));
  exactly<Float64Array>()(await forest.predictProba({ values: [1, 2, 3], numFeatures: 3 }));
  exactly<number>()(await forest.score(test));
  exactly<number[]>()(await forest.featureImportances());
  exactly<Report>()(await forest.report());
  exactly<Promise<ClassLabel[]>>()(test.labels);
  exactly<Promise<number>>()(accuracyScore(test.labels, ['a']));
  exactly<RandomForestClassifier>()(RandomForestClassifier.fromBytes(await forest.modelBytes()));

  const values = await client.trainTestSplit(await client.makeRegression({ samples: 100, noise: 2 }));
  const regressor = await client.fit(new RandomForestRegressor({ criterion: 'absolute_error' }), values.train);
  exactly<FittedRegressor>()(regressor);
  exactly<Float64Array>()(await regressor.predict(values.test));
  exactly<Promise<number>>()(r2Score(values.test.labels, regressor.predict(values.test)));

  const square = workerFunction<number, string>('square');
  exactly<Future<string>>()(client.submit(square, 2));
  exactly<Future<string>[]>()(client.map(square, new Set([1, 2])));
  exactly<Future<unknown>>()(client.submit('square', { any: 'thing' }));
  exactly<Future<Date>>()(client.submit<Date>('square', 2));
  exactly<string[]>()(await client.gather(client.map(square, [1])));
  for await (const future of asCompleted(client.map(square, [1]))) {
    exactly<string>()(await future.result());
    exactly<FutureStatus>()(future.status);
  }
}

export async function refusals(client: Client): Promise<void> {
  const data = await client.makeClassification();
  const { train, test } = await client.trainTestSplit(data);
  // @ts-expect-error an option of scikit-learn's
  await client.makeClassification({ n_samples: 10 });
  // @ts-expect-error an option of classes
  await client.makeRegression({ classes: 3 });
  // @ts-expect-error the label says what is to be predicted
  await client.readData('table.csv', {});
  // @ts-expect-error the forest's number of trees is the estimator's
  await client.fit(new RandomForestClassifier(), train, { trees: 5 });
  // @ts-expect-error rows to test on are none to learn from
  await client.fit(new RandomForestClassifier(), test);
  // @ts-expect-error no criterion of a forest's
  new RandomForestClassifier({ criterion: 'hinge' });
  // @ts-expect-error the input of another function
  client.submit(workerFunction<number, number>('square'), 'two');
  // @ts-expect-error a client has a cluster
  new Client();
  // @ts-expect-error handles are made by a client
  test.labels = [];
}

/** The options of each call are those that the table of parameters gives it: neither more nor fewer. */
export function bindToParameters(options: {
  classification: CallOption<'makeClassification'>;
  regression: CallOption<'makeRegression'>;
  data: CallOption<'readData'>;
  split: CallOption<'trainTestSplit'>;
  run: CallOption<'fit'>;
}): void {
  exactly<keyof ClassificationOptions>()(options.classification);
  exactly<keyof RegressionOptions>()(options.regression);
  exactly<keyof DataOptions>()(options.data);
  exactly<keyof SplitOptions>()(options.split);
  exactly<Exclude<keyof RunOptions, 'runId' | 'signal' | 'onProgress'>>()(options.run);
}
