// The score of a report, whichever task its run had.

import type { ValueReport } from './regression-report.ts';
import type { Report } from './report.ts';

/** Whether a report is of a run that predicts values. */
export function isOfRegression(report: Report): report is ValueReport {
  return report.task === 'regression';
}

/** What `GET /runs/{id}` shows of a report. */
export function scoreOf(report: Report): { accuracy: number } | { r2: number; rmse: number; mae: number } {
  if (!isOfRegression(report)) return { accuracy: report.accuracy };
  const { r2, rmse, mae } = report;
  return { r2, rmse, mae };
}
