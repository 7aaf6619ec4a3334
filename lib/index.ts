// What the package exports that runs anywhere: the client, the estimators, the errors. docs/client.md tells how to use it.

export {
  CancelledError,
  ConflictError,
  DeadlineError,
  FormatError,
  InputError,
  NotFoundError,
  TaskFailedError,
} from './base/errors.ts';
export { Client, type ConnectOptions, type Sides } from './client/client.ts';
export type { Cluster } from './client/cluster.ts';
export { FittedClassifier } from './client/fitted-classifier.ts';
export { FittedForest } from './client/fitted-forest.ts';
export { FittedRegressor } from './client/fitted-regressor.ts';
export { asCompleted, Future, type FutureStatus, type SubmitOptions } from './client/future.ts';
export type {
  CallOptions,
  ClassificationOptions,
  DataOptions,
  Estimator,
  Progress,
  RegressionOptions,
  RunOptions,
  SplitOptions,
} from './client/options.ts';
export { Dataset, TestRows, TrainRows } from './client/rows.ts';
export { accuracyScore, type Labels, meanAbsoluteError, r2Score, rootMeanSquaredError } from './client/scores.ts';
export type { Failure } from './fanout/error-class.ts';
export { type WorkerFunction, workerFunction } from './fanout/fan-out.ts';
export type { WorkerSize } from './fanout/run-lanes.ts';
export type { DecisionPaths } from './forest/apply.ts';
export { ExtraTreesClassifier, RandomForestClassifier } from './forest/classifier.ts';
export type { ForestEstimator } from './forest/estimator.ts';
export type { FitOptions, Rows } from './forest/estimator-data.ts';
export type { ClassWeights, EstimatorOptions } from './forest/estimator-options.ts';
export type { ClassLabel } from './forest/model.ts';
export type { Criterion, MaxFeatures } from './forest/params.ts';
export { ExtraTreesRegressor, RandomForestRegressor } from './forest/regressor.ts';
export type { CalibrationBin } from './metrics/calibration.ts';
export type { PairCount } from './metrics/confusion.ts';
export type { PrecisionRecallPoint, RocPoint } from './metrics/curves.ts';
export type { Costs, Part, PartUsage, Usage } from './plan/cost.ts';
export type { ByPosition } from './plan/parameters/parameter.ts';
export type { Round } from './plan/search/halving.ts';
export type { ScoringName } from './plan/search/scoring.ts';
export type { Distribution, Halving, SearchSpec } from './plan/search/spec.ts';
export type { StageName } from './plan/stage-sizes.ts';
export type { ClassCurves, ClassReport, CrossValidation, Validation } from './report/class-report.ts';
export type { ValueCrossValidation, ValueReport } from './report/regression-report.ts';
export type { Report } from './report/report.ts';
export type { PartitionBalance, TaskCounts } from './report/run-report.ts';
export type { CandidateResult, SearchReport } from './report/search-results.ts';
export type { Overheads } from './report/timeline.ts';
export { type FailedRunTask, RunFailedError } from './run/failed.ts';
export type { ValueRangeAndMean } from './stages/bins.ts';
export type { CellCount, ResidualCount, ValueScores } from './stages/evaluated.ts';
export type { PermutationImportances } from './stages/importance.ts';
export type { StageStatus, TaskSpan } from './stages/stage.ts';
export type { OobPoint } from './stages/train.ts';
