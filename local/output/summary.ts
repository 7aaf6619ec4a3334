// The account of a run, for a person.

import { totalUsage } from '../../lib/plan/cost.ts';
import { STAGE_NAMES } from '../../lib/plan/stage-sizes.ts';
import { isRegressionReport, type Report } from '../../lib/report/report.ts';
import type { ChaosOptions } from '../chaos/draw.ts';
import type { ChaosCounts } from '../dashboard/event-log.ts';
import { colours } from './colours.ts';
import { describeSearch } from './search-table.ts';
import { labelLines } from './table.ts';

/** The faults that a run has met, and what picked them. */
export type ChaosAccount = ChaosOptions & ChaosCounts;

export interface SavedOutputs {
  modelPath: string;
  reportPath: string;
  /** The report for a person; none of a run of an earlier version. */
  reportPagePath?: string;
  /** There where faults were injected. */
  chaos?: ChaosAccount | null;
}

/** Seconds of each part of a run; the command that started it knows two more. */
export type Seconds = Report['seconds'] & { startup?: number; total?: number };

export function summarize(report: Report, seconds: Seconds, outputs: SavedOutputs): string {
  const { rows, tasks, model, strategy } = report;
  const count = (value: number) => value.toLocaleString('en-US');
  const entries: [string, string][] = [
    [
      'rows',
      `${count(rows.total)} × ${count(report.params.features)}, ${count(rows.train)} to train, ${count(rows.test)} to test`,
    ],
    ['forest', `${count(model.numTrees)} trees, ${count(model.numNodes)} nodes, ${showSize(model.bytes)}`],
    ['scores', describeScores(report)],
    ...(report.validation ? [['', describeValidation(report)] as [string, string]] : []),
    ...(report.crossValidation ? [['', describeFolds(report)] as [string, string]] : []),
    ...((report.oobScore ?? null) === null ? [] : [['', describeOob(report)] as [string, string]]),
    ...(describeImportances(report) ? [['features', describeImportances(report)] as [string, string]] : []),
    ['strategy', `${strategy.name}: ${strategy.reason}`],
    ['tasks', describeTasks(tasks)],
    ...(outputs.chaos ? describeChaos(outputs.chaos) : []),
    [
      'seconds',
      (['startup', ...STAGE_NAMES] as const)
        .flatMap((part) => (seconds[part] === undefined ? [] : `${part} ${seconds[part].toFixed(1)}`))
        .join(' · '),
    ],
    ...(seconds.total === undefined
      ? []
      : [['', `${colours.bold(seconds.total.toFixed(1))} in all`] as [string, string]]),
    ['on AWS', describeBill(report)],
    ['', describeCosts(report.costs.bill)],
    ['model', outputs.modelPath],
    ['sha256', model.sha256],
    ['report', outputs.reportPagePath ?? outputs.reportPath],
  ];
  return [
    ...(report.search ? ['', ...describeSearch(report.search)] : []),
    '',
    ...labelLines(entries),
    '',
    `${colours.bold(colours.green(headline(report)))}${describeCertainty(report)}`,
  ].join('\n');
}

/** The score that a run is judged by. */
export function headline(report: Report): string {
  return isRegressionReport(report) ? `R²: ${report.r2.toFixed(4)}` : `Accuracy: ${report.accuracy.toFixed(4)}`;
}

function describeCertainty(report: Report): string {
  const [interval, ceiling] = isRegressionReport(report)
    ? [report.r2Interval, report.r2Ceiling]
    : [report.accuracyInterval, report.accuracyCeiling];
  const parts = [
    ...(interval ? [`95 % interval ${interval[0].toFixed(4)} to ${interval[1].toFixed(4)}`] : []),
    ...(ceiling === null ? [] : [`the data's ceiling is ${ceiling.toFixed(4)}`]),
  ];
  return parts.length > 0 ? `  (${parts.join(', ')})` : '';
}

function describeBill({ bill, forecast, usage }: Report): string {
  const { unmeasured } = totalUsage(usage);
  const without =
    unmeasured === 0
      ? ''
      : `, without ${unmeasured} ${unmeasured === 1 ? 'invocation' : 'invocations'} without a usage record`;
  return `about $${bill.toFixed(4)} for what this used${without}; the forecast was $${forecast.toFixed(4)}`;
}

/** In millionths, so that small runs can be read. */
function describeCosts({ total, ...parts }: Report['costs']['bill']): string {
  return `${Object.entries(parts)
    .map(([part, usd]) => `${part} ${Math.round(usd * 1e6)}`)
    .join(' · ')} µ$`;
}

/** Four digits, for values of any unit. */
const shortly = (value: number) => String(Number(value.toPrecision(4)));

function describeScores(report: Report): string {
  if (isRegressionReport(report)) {
    const { rmse, mae, rmseOfMean } = report;
    return `RMSE ${shortly(rmse)} · MAE ${shortly(mae)} · always the mean: RMSE ${shortly(rmseOfMean)}`;
  }
  const { logLoss, brier, rocAuc, rocAucError } = report;
  const auc = rocAuc === null ? [] : [`ROC AUC ${rocAuc.toFixed(4)}${describeError(rocAucError)}`];
  return [`log loss ${logLoss.toFixed(4)}`, `Brier ${brier.toFixed(4)}`, ...auc].join(' · ');
}

/** How far rounding can have moved a score; nothing where that shows in none of its digits. */
function describeError(error: number | null): string {
  return error !== null && error >= 0.00005 ? ` ± ${error.toFixed(4)}` : '';
}

function describeValidation(report: Report): string {
  const { numRows } = report.validation!;
  const scores = isRegressionReport(report)
    ? `R² ${report.validation!.r2.toFixed(4)}, RMSE ${shortly(report.validation!.rmse)}`
    : `${report.validation!.accuracy.toFixed(4)}, log loss ${report.validation!.logLoss.toFixed(4)}`;
  return `validation ${scores}, on ${numRows.toLocaleString('en-US')} rows`;
}

function describeFolds(report: Report): string {
  const { folds } = report.crossValidation!;
  const [mean, error] = isRegressionReport(report)
    ? [report.crossValidation!.r2, report.crossValidation!.r2Error]
    : [report.crossValidation!.accuracy, report.crossValidation!.accuracyError];
  return `cross-validation ${mean.toFixed(4)} ± ${error.toFixed(4)}, ${folds.length} folds of the training rows`;
}

function describeOob({ oobScore, oobCoverage }: Report): string {
  const share = oobCoverage === 1 ? 'all' : `${(Math.floor(oobCoverage! * 1000) / 10).toFixed(1)} %`;
  return `out of bag ${oobScore!.toFixed(4)}, on ${share} of the training rows`;
}

const MOST_IMPORTANT = 5;

/** The most important features by name, or number from 0, and their shares; none in the report of an earlier version. */
function describeImportances({ featureImportances = [], dataset }: Report): string {
  const named = dataset.generator === 'file' ? (dataset.features as { name: string }[]) : undefined;
  return [...featureImportances.entries()]
    .filter(([, share]) => share >= 0.01)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_IMPORTANT)
    .map(([feature, share]) => `${named?.[feature].name ?? `f${feature}`} ${Math.round(share * 100)} %`)
    .join(' · ');
}

function describeTasks({ total, reused, attempts, retried, speculative, movedUp }: Report['tasks']): string {
  const extra = [
    retried > 0 && `${retried} retried`,
    speculative > 0 && `${speculative} speculative`,
    movedUp > 0 && `${movedUp} moved to more memory`,
    reused > 0 && `${reused} finished before`,
  ].filter(Boolean);
  return [`${total} tasks`, `${attempts} invocations`, ...extra].join(', ');
}

function describeChaos({ seed, rate, injected, suppressed }: ChaosAccount): [string, string][] {
  const kinds = Object.entries(injected).map(([kind, count]) => `${kind} ${count}`);
  const total = Object.values(injected).reduce((sum, count) => sum + count, 0);
  return [
    ['chaos', `seed ${seed}, rate ${rate}: faults ${total}, duplicates suppressed ${suppressed}`],
    ...(total > 0 ? [['', kinds.join(' · ')] as [string, string]] : []),
  ];
}

function showSize(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
