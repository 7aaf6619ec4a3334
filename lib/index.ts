// What the package exports that runs anywhere: the client, the estimators, the errors. docs/client.md tells how to use it.

export { accuracyScore } from './client/accuracy-score.ts';
export { Client, type ConnectOptions, type Sides } from './client/client.ts';
export type { Cluster } from './client/cluster.ts';
export { FittedForest } from './client/fitted-forest.ts';
export { asCompleted, Future, type FutureStatus, type SubmitOptions } from './client/future.ts';
export type {
  CallOptions,
  ClassificationOptions,
  DataOptions,
  FitOptions,
  Progress,
  SplitOptions,
} from './client/options.ts';
export { Dataset, TestRows, TrainRows } from './client/rows.ts';
export {
  CancelledError,
  ConflictError,
  DeadlineError,
  FormatError,
  InputError,
  NotFoundError,
  RunFailedError,
  TaskFailedError,
} from './errors.ts';
export type { FailedRunTask } from './failed.ts';
export { type WorkerFunction, workerFunction } from './fanout/fan-out.ts';
export { ExtraTreesClassifier, RandomForestClassifier } from './forest/classifier.ts';
export type { Rows } from './forest/estimator-data.ts';
export type { ClassWeights, EstimatorOptions } from './forest/estimator-options.ts';
export type { ClassLabel } from './forest/model.ts';
export { ExtraTreesRegressor, RandomForestRegressor } from './forest/regressor.ts';
export type { Report } from './report.ts';
export type { StageName } from './run.ts';
