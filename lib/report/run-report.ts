// The fields that the reports of classification and regression share.

import type { DatasetDescription } from '../datasets/row-source.ts';
import type { FanOutCounts } from '../fanout/summary.ts';
import type { Costs, PartUsage } from '../plan/cost.ts';
import type { RunParams } from '../plan/params.ts';
import type { StageName } from '../plan/stage-sizes.ts';
import type { PermutationImportances } from '../stages/importance.ts';
import type { StageStatus, TaskSpan } from '../stages/stage.ts';
import type { OobPoint } from '../stages/train.ts';
import type { TableSchema } from '../tables/schema.ts';
import type { SearchReport } from './search-results.ts';
import type { Overheads } from './timeline.ts';

/** Counts of the tasks of a run, and of the attempts at them. */
export type TaskCounts = Omit<FanOutCounts, 'tasks' | 'done' | 'failed'> & {
  /** Tasks of the run. */
  total: number;
};
/** Rows of one partition by class, shape [numClasses], or for regression shape [1], and the bytes of its files. */
export interface PartitionBalance {
  train: number[];
  test: number[];
  bytes: number;
}

/** The scores of a run that do not depend on its task, and its time, tasks and cost. */
export interface RunReport {
  runId: string;
  /** Accuracy, or R², on training rows by the trees that did not see them; null without `oobScore`, or when each tree saw all rows. */
  oobScore: number | null;
  /** Share of the training rows that at least one tree did not see; only these count in `oobScore`. */
  oobCoverage: number | null;
  /** Results of the search for parameters; null without one. */
  search: SearchReport | null;
  /** Impurity-based importance of each feature, summing to 1; all 0 when no tree has a cut. */
  featureImportances: number[];
  /**
   * Loss of accuracy, or R², when the values of a feature are replaced with those of other rows; null when the forest is
   * too large, or the test rows are too few.
   */
  permutationImportances: PermutationImportances | null;
  /** Out-of-bag scores of the first trees; null without `oobScore`. */
  oobCurve: OobPoint[] | null;
  model: { key: string; sha256: string; numTrees: number; numNodes: number; bytes: number };
  rows: { total: number; train: number; test: number };
  /** In order; empty when they would be more than 20,000 numbers. */
  partitions: PartitionBalance[];
  strategy: { name: string; reason: string };
  /** Seconds of each stage, on the orchestrator's clock. */
  seconds: Record<StageName, number>;
  /** When each stage ran. */
  stages: Pick<StageStatus, 'name' | 'numTasks' | 'startedAtMs' | 'finishedAtMs'>[];
  /** Tasks in the order of their stages, without those that an earlier execution had finished. */
  timeline: TaskSpan[];
  tasks: TaskCounts;
  /** Overhead of a task in milliseconds: from its request to its answer, minus the time of its worker. */
  overheadMs: Overheads;
  /** Expected cost on AWS, in USD. */
  forecast: number;
  /** Cost on AWS of the usage of all executions of the run, in USD. */
  bill: number;
  /** Both by part, in USD: stages, orchestrator, and `storage` of the objects until they expire. */
  costs: { forecast: Costs; bill: Costs };
  /** The usage behind the bill; `unmeasured` invocations are not in it. */
  usage: PartUsage;
  params: RunParams;
  dataset: DatasetReport;
}

/** The true parameters of generated data, by the generator's name; the schema of a user's data. */
export type DatasetReport =
  | DatasetDescription
  | ({ generator: 'file' } & Partial<TableSchema> & Record<string, unknown>);

/** The fields of a report that depend on its task. */
export type TaskFields<TaskReport extends RunReport> = Omit<
  TaskReport,
  Exclude<keyof RunReport, 'permutationImportances'>
>;

/** Mean over the folds, and its standard error: √ of the variance of the folds over their number. */
export function summarizeFolds(scores: readonly number[]): { mean: number; error: number } {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (scores.length - 1) / scores.length) };
}
