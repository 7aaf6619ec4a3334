// Quality of a regression as charts and tables: predicted against true values, residuals, scores.

import { DENSITY_CELLS, RESIDUAL_STEPS } from '../stages/score-values.ts';
import { bar, chart, line } from './chart.ts';
import { scoreBar } from './class-quality.ts';
import { count, fixed, percent, shortly, table } from './html.ts';
import type { ValueReport } from './regression-report.ts';

/** R², its interval and the ceiling on one line. */
export function r2Bar({ r2, r2Interval, r2Ceiling }: ValueReport): string {
  return r2Interval ? scoreBar('R²', r2, r2Interval, r2Ceiling) : '';
}

const SHADES = 5;

/** Test rows by true and predicted value; a darker cell has more rows. */
export function densityChart({ density, values: { min, max } }: ValueReport): string {
  const step = (max - min) / DENSITY_CELLS;
  const most = Math.max(...density.map(([, , rows]) => rows));
  const domain: [number, number] = [min, max];
  // logarithmic, so that single rows are visible next to crowded cells; up to 5 rows have a shade for each number
  const byLog = (rows: number) => 1 + Math.floor((SHADES * Math.log(rows)) / Math.log(most + 1));
  const chooseShade = (rows: number) => (most <= SHADES ? SHADES - most + rows : Math.min(SHADES, byLog(rows)));
  const near = density.reduce(
    (sum, [actual, predicted, rows]) => sum + (Math.abs(actual - predicted) <= 1 ? rows : 0),
    0,
  );
  const total = density.reduce((sum, [, , rows]) => sum + rows, 0);
  return chart({
    title: 'Predicted against true values',
    description: `${percent(near / total)} of the test rows are on the diagonal or one cell away from it, in ${DENSITY_CELLS} by ${DENSITY_CELLS} cells`,
    x: { domain, label: 'true value', format: shortly },
    y: { domain, label: 'predicted value', format: shortly },
    legend: [
      { style: 'ink0', label: `test rows, up to ${count(most)} in a cell; a stronger colour means more` },
      { style: 'guide', label: 'perfect' },
    ],
    draw: (x, y) =>
      density
        .map(([actual, predicted, rows]) => {
          const [left, low] = [min + actual * step, min + predicted * step];
          const at = y(low + step);
          return bar(
            { x: x(left), y: at, width: x(left + step) - x(left), height: y(low) - at },
            `ink0 shade${chooseShade(rows)}`,
            `${count(rows)} row${rows === 1 ? '' : 's'} of about ${shortly(left + step / 2)}, predicted about ${shortly(low + step / 2)}`,
          );
        })
        .join('') + line([[x(min), y(min)], [x(max), y(max)]], 'guide'), // biome-ignore format: two points
  });
}

/** Bars on either side of 0 without the outermost; more rows give more bars (Rice's rule). */
const HALF_BARS = { least: 5, most: 20 };
/** Minimum share of the rows in the bars without the outermost. */
const INNER_SHARE = 0.99;

interface Bar {
  /** Middle of the bar, in its own widths. */
  at: number;
  rows: number;
}

/** Merge residuals into bars around 0; the outermost bars take all residuals beyond. */
export function residualBars(residuals: ValueReport['residuals']): { stepsPerBar: number; bars: Bar[] } {
  const total = residuals.reduce((sum, [, rows]) => sum + rows, 0);
  const byDistance = residuals.map(([step, rows]) => [Math.abs(step), rows] as const).sort(([a], [b]) => a - b);
  let inner = 0;
  let within = 0;
  for (const [distance, rows] of byDistance) {
    if (inner >= INNER_SHARE * total) break;
    inner += rows;
    within = distance;
  }
  const half = Math.min(HALF_BARS.most, Math.max(HALF_BARS.least, Math.ceil(Math.cbrt(total))));
  // an odd number of steps, so that one bar has its middle at 0
  const stepsPerBar = 2 * Math.max(0, Math.ceil((within / half - 1) / 2)) + 1;
  const last = Math.round(within / stepsPerBar) + 1;
  const bars = Array.from({ length: 2 * last + 1 }, (_, i): Bar => ({ at: i - last, rows: 0 }));
  for (const [step, rows] of residuals) {
    const at = Math.max(-last, Math.min(last, Math.round(step / stepsPerBar)));
    bars[at + last].rows += rows;
  }
  return { stepsPerBar, bars };
}

/** Test rows by residual. */
export function residualChart({ residuals, values: { min, max }, mae, rmse }: ValueReport): string {
  const { stepsPerBar, bars } = residualBars(residuals);
  const width = (stepsPerBar * (max - min)) / RESIDUAL_STEPS;
  const most = Math.max(...bars.map(({ rows }) => rows));
  const last = bars.at(-1)!.at;
  const nameOf = ({ at, rows }: Bar) => {
    const beyond = Math.abs(at) === last ? (at < 0 ? ' and below' : ' and above') : '';
    return `about ${shortly(at * width)}${beyond}: ${count(rows)} rows`;
  };
  return chart({
    title: 'Residuals: true value − predicted value',
    description: bars.filter(({ rows }) => rows > 0).map(nameOf).join('; '), // biome-ignore format: one line
    x: { domain: [-(last + 0.5) * width, (last + 0.5) * width], label: 'residual', format: shortly },
    y: { domain: [0, most * 1.04], label: 'test rows', format: (rows) => count(rows) },
    legend: [{ style: 'ink0', label: `mean size ${shortly(mae)}, root of the mean square ${shortly(rmse)}` }],
    draw: (x, y) =>
      bars
        .map((one) => {
          const left = x((one.at - 0.46) * width);
          const box = { x: left, y: y(one.rows), width: x((one.at + 0.46) * width) - left, height: y(0) - y(one.rows) };
          return bar(box, 'ink0', nameOf(one));
        })
        .join(''),
  });
}

/** Errors of the forest next to those of the baseline that always predicts the mean. */
export function errorTable({ r2, rmse, mae, rmseOfMean, validation, crossValidation }: ValueReport): string {
  const numbers = ['R²', 'RMSE', 'MAE'].map((head) => ({ head, isNumber: true }));
  const rows = [
    ['the test rows', fixed(r2), shortly(rmse), shortly(mae)],
    ['always the mean, on the test rows', fixed(0), shortly(rmseOfMean), '–'],
    ...(validation
      ? [['the validation rows', fixed(validation.r2), shortly(validation.rmse), shortly(validation.mae)]]
      : []),
    ...(crossValidation?.folds ?? []).map((fold, i) => [
      `fold ${i} of the training rows`,
      fixed(fold.r2),
      shortly(fold.rmse),
      shortly(fold.mae),
    ]),
  ];
  return table('Errors', [{ head: 'on' }, ...numbers], rows);
}
