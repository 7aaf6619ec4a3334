// report.json: the scores of a run, and the time, tasks and money that it took.

import { createGenerator } from '../datasets/generator.ts';
import { computeCosts, type PartUsage } from '../plan/cost.ts';
import { forecastUsage } from '../plan/forecast.ts';
import type { Plan } from '../plan/plan.ts';
import type { StageName } from '../plan/stage-sizes.ts';
import type { BinsResult } from '../stages/bins.ts';
import { type Evaluated, isClassification, isRegression } from '../stages/evaluated.ts';
import type { SplitResult } from '../stages/split.ts';
import type { StageStatus, TaskSpan } from '../stages/stage.ts';
import type { ModelResult } from '../stages/train.ts';
import type { TableSchema } from '../tables/schema.ts';
import { type ClassReport, reportClasses } from './class-report.ts';
import { reportValues, type ValueReport } from './regression-report.ts';
import type { DatasetReport, PartitionBalance, TaskCounts } from './run-report.ts';
import type { SearchReport } from './search-results.ts';
import type { Overheads } from './timeline.ts';

export type Report = ClassReport | ValueReport;

/** What a report is made from. */
export interface ReportInput {
  runId: string;
  /** Of the forest that was grown. */
  plan: Plan;
  bins: BinsResult;
  model: ModelResult;
  /** By partition. */
  evaluated: readonly Evaluated[];
  splits: readonly SplitResult[];
  /** By fold; empty without cross-validation. */
  folds: readonly Evaluated[];
  stages: readonly StageStatus[];
  timeline: TaskSpan[];
  tasks: TaskCounts;
  overheadMs: Overheads;
  usage: PartUsage;
  /** Of a user's data. */
  schema?: TableSchema;
  /** What the search found, and the plan with the search. */
  search?: { report: SearchReport; plan: Plan };
}

/** More numbers than this are left out of `partitions`. */
const MAX_BALANCES = 20_000;

export function makeReport(input: ReportInput): Report {
  const { runId, plan, bins, model, evaluated, splits, folds, stages, search, usage } = input;
  const { key, sha256, numTrees, numNodes, bytes } = model;
  const costs = { forecast: computeCosts(forecastUsage(search?.plan ?? plan)), bill: computeCosts(usage) };
  const width = Math.max(1, plan.numClasses);
  const common = {
    search: search?.report ?? null,
    oobScore: model.oob?.coverage ? model.oob.score : null,
    oobCoverage: model.oob?.coverage ?? null,
    featureImportances: model.featureImportances,
    oobCurve: model.oobCurve,
    model: { key, sha256, numTrees, numNodes, bytes },
    rows: { total: plan.params.samples, train: plan.numTrain, test: plan.numTest },
    partitions: width * splits.length > MAX_BALANCES ? [] : splits.map(countBalance),
    strategy: { name: plan.strategy, reason: plan.strategyReason },
    seconds: measureStages(stages),
    stages: stages.map(({ name, numTasks, startedAtMs, finishedAtMs }) => ({
      name,
      numTasks,
      startedAtMs,
      finishedAtMs,
    })),
    timeline: input.timeline,
    tasks: input.tasks,
    overheadMs: input.overheadMs,
    forecast: costs.forecast.total,
    bill: costs.bill.total,
    costs,
    usage,
    params: plan.params,
    dataset: describeDataset(plan, input.schema),
  };
  const { features } = plan.params;
  const scores = evaluated.every(isRegression)
    ? reportValues(evaluated, bins, features, folds.filter(isRegression))
    : reportClasses(evaluated.filter(isClassification), bins, features, folds.filter(isClassification));
  return { runId, ...scores, ...common };
}

function describeDataset({ dataset }: Plan, schema: TableSchema | undefined): DatasetReport {
  return dataset.generator === 'file' ? { generator: 'file', ...schema } : createGenerator(dataset).describe();
}

/** Seconds of each stage. */
function measureStages(stages: readonly StageStatus[]): Record<StageName, number> {
  const seconds = { generate: 0, split: 0, train: 0, evaluate: 0 };
  for (const { name, startedAtMs, finishedAtMs = startedAtMs } of stages) {
    seconds[name] = (finishedAtMs - startedAtMs) / 1000;
  }
  return seconds;
}

function countBalance({ train, test }: SplitResult): PartitionBalance {
  const count = ({ classCounts, numRows }: SplitResult['train']) => (classCounts.length > 0 ? classCounts : [numRows]);
  return { train: count(train), test: count(test), bytes: train.bytes + test.bytes };
}

/** Whether a report is of a regression. */
export function isRegressionReport(report: Report): report is ValueReport {
  return report.task === 'regression';
}

/** The scores of a report that `GET /runs/{id}` shows. */
export function readScores(report: Report): { accuracy: number } | { r2: number; rmse: number; mae: number } {
  if (!isRegressionReport(report)) return { accuracy: report.accuracy };
  const { r2, rmse, mae } = report;
  return { r2, rmse, mae };
}
