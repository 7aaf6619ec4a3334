import {
  type ClassificationOptions,
  Client,
  RandomForestClassifier,
  RandomForestRegressor,
  type RegressionOptions,
  type RunOptions,
  type SplitOptions,
} from '../../../lib/index.ts';
import type { RunRequest } from '../../../lib/run/run.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import type { Store } from '../../../lib/store/store.ts';
import { memoryCluster } from './memory-cluster.ts';

export const DATA = { samples: 600, chunkSize: 100, features: 5 };

export interface FitInput {
  data?: ClassificationOptions;
  split?: SplitOptions;
  fit?: RunOptions;
}

/** Fit a forest in memory. */
export async function fit(
  estimator = new RandomForestClassifier({ trees: 6 }),
  { data, split, fit: how }: FitInput = {},
) {
  const cluster = memoryCluster();
  const client = new Client(cluster);
  const sides = await client.trainTestSplit(await client.makeClassification({ ...DATA, ...data }), split);
  const forest = await client.fit(estimator, sides.train, how);
  return { ...sides, cluster, client, forest };
}

/** Like `fit`, for regression. */
export async function fitValues(estimator = new RandomForestRegressor({ trees: 6 }), options: RegressionOptions = {}) {
  const cluster = memoryCluster();
  const client = new Client(cluster);
  const sides = await client.trainTestSplit(await client.makeRegression({ ...DATA, ...options }));
  return { ...sides, cluster, client, forest: await client.fit(estimator, sides.train) };
}

export const readParams = async (store: Store, runId: string) =>
  (await getJson<RunRequest>(store, runKeys(runId).run)).params;
