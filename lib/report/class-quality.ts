// Quality of a classification as charts and tables: confusion matrix, curves, calibration, scores.

import { classTotals, confusionMatrix, type PairCount } from '../metrics/confusion.ts';
import { chart, line, round } from './chart.ts';
import type { ClassReport } from './class-report.ts';
import { count, escapeHtml, fixed, percent, table } from './html.ts';
import { makeNames, shorten } from './names.ts';

const SHARE = { domain: [0, 1] as [number, number], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
const MAX_MATRIX = 12; // wider ones cannot be read
const MAX_MISTAKES = 15;
const MAX_CLASSES = 50; // in the table
const MAX_WHOLE = 10; // letters of a name that stays on one line

/** The accuracy, its interval and the ceiling on one line. */
export function accuracyBar({ accuracy, accuracyInterval, accuracyCeiling }: ClassReport): string {
  return scoreBar('accuracy', accuracy, accuracyInterval, accuracyCeiling);
}

/** A score, its interval and its ceiling on one line. */
export function scoreBar(name: string, score: number, [low, high]: readonly [number, number], most: number | null) {
  const ends = [low, high, ...(most === null ? [] : [most])];
  const from = Math.max(Math.min(0, low), Math.min(...ends) - 0.4 * (high - low));
  const to = Math.min(1, Math.max(...ends) + 0.4 * (high - low));
  const x = (value: number) => round(10 + ((value - from) / (to - from || 1)) * 400);
  const mark = (at: number, label: string, y: number, half: number) =>
    `<text x="${Math.min(420 - half, Math.max(half, at))}" y="${y}" text-anchor="middle">${label}</text>`;
  const ceiling =
    most === null
      ? ''
      : `<line class="ceiling" x1="${x(most)}" x2="${x(most)}" y1="16" y2="44"/>${mark(x(most), `ceiling ${fixed(most)}`, 12, 48)}`;
  const interval = `95 % interval ${fixed(low)} to ${fixed(high)}`;
  const words = `${name} ${fixed(score)}, ${interval}${most === null ? '' : `, ceiling ${fixed(most)}`}`;
  return `<svg class="interval" viewBox="0 0 420 64" role="img" aria-label="${words}"><line class="track" x1="10" x2="410" y1="30" y2="30"/><line class="span" x1="${x(low)}" x2="${x(high)}" y1="30" y2="30"/><circle class="point" cx="${x(score)}" cy="30" r="7"/>${ceiling}${mark((x(low) + x(high)) / 2, interval, 60, 100)}</svg>`;
}

/** The confusion matrix; with many classes, the most frequent mistakes. */
export function confusion(report: ClassReport): string {
  const { confusion: pairs, classCounts } = report;
  const nameOf = nameCells(report);
  const numClasses = classCounts.length;
  if (numClasses > MAX_MATRIX) return mistakes(pairs, nameOf);
  const matrix = confusionMatrix(pairs, numClasses);
  const heads = classCounts.map((_, k) => `<th scope="col"><span class="whole">predicted</span><br>${nameOf(k)}</th>`);
  const rows = heads.map((_, label) => {
    const ofLabel = matrix.subarray(label * numClasses, (label + 1) * numClasses);
    const total = ofLabel.reduce((sum, rows) => sum + rows, 0);
    const cells = Array.from(ofLabel, (rows, predicted) => {
      const share = total > 0 ? rows / total : 0;
      const kind = predicted === label ? 'right' : 'wrong';
      return `<td class="cell ${kind}" style="--share:${share.toFixed(3)}"><b>${count(rows)}</b><span>${percent(share)}</span></td>`;
    });
    return `<tr><th scope="row">${nameOf(label)}</th>${cells.join('')}</tr>`;
  });
  return `<figure><div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><caption>Confusion matrix: test rows by class and prediction</caption><thead><tr><td></td>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></figure>`;
}

/** Names of classes as HTML; a long one is cut and has a tooltip. */
function nameCells(report: ClassReport): (label: number) => string {
  const names = makeNames(report);
  return (label) => {
    const name = names.class(label);
    const short = shorten(name);
    if (short !== name) return `<span title="${escapeHtml(name)}">${escapeHtml(short)}</span>`;
    return name.length <= MAX_WHOLE ? `<span class="whole">${escapeHtml(name)}</span>` : escapeHtml(name);
  };
}

function mistakes(pairs: readonly PairCount[], nameOf: (label: number) => string): string {
  const rows = pairs
    .filter(([label, predicted]) => label !== predicted)
    .sort((a, b) => b[2] - a[2])
    .slice(0, MAX_MISTAKES)
    .map(([label, predicted, rows]) => [nameOf(label), nameOf(predicted), count(rows)]);
  const columns = [{ head: 'class' }, { head: 'predicted as' }, { head: 'test rows', isNumber: true }];
  return table('The most frequent mistakes', columns, rows);
}

/** Precision, recall and F1 of each class with rows; with many classes, of those with the most. */
export function classTable(report: ClassReport): string {
  const nameOf = nameCells(report);
  const totals = classTotals('report', report.confusion);
  const isLeftOut = totals.length > MAX_CLASSES;
  const shown = isLeftOut
    ? totals.sort((a, b) => b.actual - a.actual || a.label - b.label).slice(0, MAX_CLASSES)
    : totals;
  const rows = shown.map(({ label, actual, predicted, correct }) => [
    nameOf(label),
    count(actual),
    predicted > 0 ? fixed(correct / predicted) : '–',
    actual > 0 ? fixed(correct / actual) : '–',
    fixed((2 * correct) / (actual + predicted)),
  ]);
  const numbers = ['test rows', 'precision', 'recall', 'F1'].map((head) => ({ head, isNumber: true }));
  const title = isLeftOut
    ? `The ${MAX_CLASSES} classes with the most test rows, of ${count(totals.length)}`
    : 'Each class';
  return table(title, [{ head: 'class' }, ...numbers], rows);
}

/** Scores on the test rows, the validation rows and the folds; empty without validation and folds. */
export function scoreTable(report: ClassReport): string {
  const { validation, crossValidation, accuracy, accuracyInterval, logLoss, rows: sides } = report;
  if (!validation && !crossValidation) return '';
  const between = ([low, high]: readonly [number, number]) => `${fixed(low)} to ${fixed(high)}`;
  const { folds = [], accuracyError = 0 } = crossValidation ?? {};
  const rows = [
    ['the test rows', count(sides.test), fixed(accuracy), between(accuracyInterval), fixed(logLoss)],
    ...(validation
      ? [
          [
            'the validation rows',
            count(validation.numRows),
            fixed(validation.accuracy),
            between(validation.accuracyInterval),
            fixed(validation.logLoss),
          ],
        ]
      : []),
    ...folds.map((fold, i) => [
      `fold ${i} of the training rows`,
      count(fold.numRows),
      fixed(fold.accuracy),
      '–',
      fixed(fold.logLoss),
    ]),
    ...(crossValidation
      ? [['mean of the folds', '–', fixed(crossValidation.accuracy), `± ${fixed(accuracyError)} (standard error)`, '–']]
      : []),
  ];
  const numbers = ['rows', 'accuracy', '95 % interval', 'log loss'].map((head) => ({ head, isNumber: true }));
  return table('Scores', [{ head: 'on' }, ...numbers], rows);
}

export function rocChart(report: ClassReport): string {
  const { curves } = report;
  const names = makeNames(report);
  const legend = curves.map(({ label, rocAuc }, i) => ({
    style: `ink${i}`,
    label: `${shorten(names.class(label))}: area ${fixed(rocAuc)}`,
  }));
  return chart({
    title: 'ROC curve',
    description: legend.map(({ label }) => label).join('; '),
    x: { ...SHARE, label: 'false positive rate' },
    y: { ...SHARE, label: 'true positive rate' },
    legend: [...legend, { style: 'guide', label: 'guessing' }],
    draw: (x, y) =>
      line([[x(0), y(0)], [x(1), y(1)]], 'guide') + // biome-ignore format: two points
      curves
        .map(({ roc }, i) =>
          line(
            roc.map((point) => [x(point.falsePositiveRate), y(point.truePositiveRate)] as const),
            `ink${i}`,
          ),
        )
        .join(''),
  });
}

export function precisionRecallChart(report: ClassReport): string {
  const { curves } = report;
  const names = makeNames(report);
  const legend = curves.map(({ label, averagePrecision }, i) => ({
    style: `ink${i}`,
    label: `${shorten(names.class(label))}: average precision ${fixed(averagePrecision)}`,
  }));
  // each class has its own rate of guessing, so several have no common line
  const guess = curves.length === 1 ? measureShare(report, curves[0].label) : null;
  return chart({
    title: 'Precision and recall',
    description: legend.map(({ label }) => label).join('; '),
    x: { ...SHARE, label: 'recall' },
    y: { ...SHARE, label: 'precision' },
    legend: [...legend, ...(guess === null ? [] : [{ style: 'guide', label: `guessing, ${fixed(guess, 2)}` }])],
    draw: (x, y) =>
      (guess === null ? '' : line([[x(0), y(guess)], [x(1), y(guess)]], 'guide')) + // biome-ignore format: two points
      curves
        .map(({ precisionRecall }, i) =>
          line(
            precisionRecall.map(({ recall, precision }) => [x(recall), y(precision)] as const),
            `ink${i}`,
          ),
        )
        .join(''),
  });
}

/** Share of the test rows in a class. */
function measureShare({ confusion: pairs }: ClassReport, label: number): number {
  const sum = (counted: readonly PairCount[]) => counted.reduce((total, [, , rows]) => total + rows, 0);
  return sum(pairs.filter(([actual]) => actual === label)) / sum(pairs);
}

export function calibrationChart(report: ClassReport): string {
  const { calibration, classCounts } = report;
  const bins = calibration.filter(({ predicted }) => predicted !== null);
  const most = Math.max(...bins.map(({ rows }) => rows));
  const what = classCounts.length === 2 ? shorten(makeNames(report).class(1)) : 'the predicted class';
  return chart({
    title: 'Calibration',
    description: `${bins.map(({ predicted, observed }) => `predicted ${fixed(predicted, 2)}, observed ${fixed(observed, 2)}`).join('; ')}`,
    x: { ...SHARE, label: `mean probability of ${what}` },
    y: { ...SHARE, label: 'observed share' },
    legend: [
      { style: 'ink0', label: 'rows of similar probability; a larger dot has more rows' },
      { style: 'guide', label: 'perfect' },
    ],
    draw: (x, y) =>
      line([[x(0), y(0)], [x(1), y(1)]], 'guide') + // biome-ignore format: two points
      line(
        bins.map(({ predicted, observed }) => [x(predicted!), y(observed!)] as const),
        'ink0 thin',
      ) +
      bins
        .map(
          ({ predicted, observed, rows }) =>
            `<circle class="dot ink0" cx="${round(x(predicted!))}" cy="${round(y(observed!))}" r="${round(3 + 6 * Math.sqrt(rows / most))}"><title>${escapeHtml(`${count(rows)} rows: ${fixed(predicted)} predicted, ${fixed(observed)} observed`)}</title></circle>`,
        )
        .join(''),
  });
}
