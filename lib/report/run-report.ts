// What the reports of classification and regression share.

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

/** What became of the tasks of a run, and of the attempts at them. */
export type TaskCounts = Omit<FanOutCounts, 'tasks' | 'done' | 'failed'> & {
  /** tasks of the run */
  total: number;
};
/** Rows of one partition by class, shape [numClasses], or of values in one number, and the bytes of its files. */
export interface PartitionBalance {
  train: number[];
  test: number[];
  bytes: number;
}

/** What a run found, whatever its task, and what it took. */
export interface RunReport {
  runId: string;
  /** Accuracy, or R², on training rows by the trees that did not see them; null unless asked for, or when each saw all. */
  oobScore: number | null;
  /** Share of the training rows that some tree did not see: the others have no say in the score. */
  oobCoverage: number | null;
  /** What the search for the parameters found; null without one. */
  search: SearchReport | null;
  /** Impurity-based importance of each feature, summing to 1; all 0 when no tree has a cut. */
  featureImportances: number[];
  /**
   * How much worse the forest is when a feature says nothing, in accuracy or R²; null when it is too large for that, with
   * few rows.
   */
  permutationImportances: PermutationImportances | null;
  /** How the first trees score out of bag; null unless asked for. */
  oobCurve: OobPoint[] | null;
  model: { key: string; sha256: string; numTrees: number; numNodes: number; bytes: number };
  rows: { total: number; train: number; test: number };
  /** In order; none when they would be more than 20,000 numbers. */
  partitions: PartitionBalance[];
  strategy: { name: string; reason: string };
  /** Seconds of each stage, on the orchestrator's clock. */
  seconds: Record<StageName, number>;
  /** When each stage was at work. */
  stages: Pick<StageStatus, 'name' | 'numTasks' | 'startedAtMs' | 'finishedAtMs'>[];
  /** Tasks in the order of their stages; those that an earlier execution had finished are not among them. */
  timeline: TaskSpan[];
  tasks: TaskCounts;
  /** Milliseconds of a task that were not its worker's: from asking for it to its answer, less the work. */
  overheadMs: Overheads;
  /** Expected cost on AWS, in USD. */
  forecast: number;
  /** Cost on AWS of what was used, by all executions of the run, in USD. */
  bill: number;
  /** Both by part, in USD: stages, orchestrator, and `storage` of what was written until it expires. */
  costs: { forecast: Costs; bill: Costs };
  /** What the bill is made from; `unmeasured` invocations are not in it. */
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
