// Importances of the features, and the out-of-bag error by number of trees.

import { bar, chart, figure, line, round } from './chart.ts';
import { escapeHtml, fixed, percent } from './html.ts';
import { makeNames, shorten } from './names.ts';
import type { Report } from './report.ts';
import { isRegressionReport } from './report.ts';

const MAX_FEATURES = 20;
const ROW = 20;
const LEFT = 48;
/** Approximate width of a letter on a phone, where the text of a chart is larger. */
const CHARACTER = 8;
const WIDTH = 420;
const RIGHT = 68;

interface Bar {
  feature: number;
  name: string;
  value: number;
  error: number;
  text: string;
}

function bars(title: string, entries: Bar[], style: string): string {
  const shown = entries.sort((a, b) => b.value - a.value || a.feature - b.feature).slice(0, MAX_FEATURES);
  const most = Math.max(...shown.map(({ value, error }) => value + error), 1e-12);
  const labels = shown.map(({ name }) => shorten(name));
  const left = Math.max(LEFT, 8 + CHARACTER * Math.max(...labels.map(({ length }) => length)));
  const x = (value: number) => left + (Math.max(0, value) / most) * (WIDTH - left - RIGHT);
  const rows = shown.map(({ name, value, error, text }, i) => {
    const y = 4 + i * ROW;
    const whisker =
      error > 0
        ? `<line class="whisker" x1="${round(x(value - error))}" x2="${round(x(value + error))}" y1="${y + 7}" y2="${y + 7}"/>`
        : '';
    return `<text x="${left - 6}" y="${y + 12}" text-anchor="end">${escapeHtml(labels[i])}</text>${bar({ x: left, y, width: x(value) - left, height: 14 }, style, `${name}: ${text}`)}${whisker}<text class="value" x="${round(x(value + error) + 5)}" y="${y + 12}">${text}</text>`;
  });
  const description = shown.map(({ name, text }) => `${name} ${text}`).join(', ');
  return figure({ title, description, width: WIDTH, height: 8 + shown.length * ROW, content: rows.join('') });
}

export function impurityChart(report: Report): string {
  const names = makeNames(report);
  const entries = report.featureImportances.map((value, feature) => ({
    feature,
    name: names.feature(feature),
    value,
    error: 0,
    text: percent(value),
  }));
  const more = entries.length > MAX_FEATURES ? `, the first ${MAX_FEATURES} of ${entries.length}` : '';
  return bars(`Importance by impurity: share of the gain of all cuts${more}`, entries, 'ink0');
}

export function permutationChart(report: Report): string {
  const { permutationImportances } = report;
  if (!permutationImportances) {
    return '<p class="note">Importance by permutation is not measured: it needs at most 40,000 trees × features and at least 100 test rows.</p>';
  }
  const { mean, error } = permutationImportances;
  const names = makeNames(report);
  const entries = mean.map((value, feature) => ({
    feature,
    name: names.feature(feature),
    value,
    error: error[feature],
    text: `${value < -0.0005 ? '−' : ''}${Math.abs(100 * value).toFixed(1)}`,
  }));
  const lost = isRegressionReport(report) ? 'hundredths of R² lost' : 'points of accuracy lost';
  return bars(`Importance by permutation: ${lost}`, entries, 'ink2');
}

/** Out-of-bag error by number of trees, or the reason why it is missing. */
export function oobChart(report: Report): string {
  const { oobCurve } = report;
  const [onTest, what] = isRegressionReport(report)
    ? [1 - report.r2, 'share of the variance not explained']
    : [1 - report.accuracy, 'error'];
  const points = (oobCurve ?? []).filter(({ score, coverage }) => coverage > 0 && Number.isFinite(score));
  if (points.length === 0) {
    const reason = oobCurve ? 'no row was out of bag' : 'the run did not measure it; use --oob-score';
    return `<p class="note">No out-of-bag error: ${reason}.</p>`;
  }
  const errors = points.map(({ score }) => 1 - score);
  const last = points.at(-1)!;
  const high = Math.max(...errors, onTest) * 1.08;
  const low = Math.min(...errors, onTest) * 0.92;
  const ticks = points.map(({ numTrees }) => numTrees);
  return chart({
    title: 'Out-of-bag error by number of trees',
    description: points.map(({ numTrees, score }) => `${numTrees} trees ${fixed(1 - score)}`).join(', '),
    width: 860,
    height: 260,
    x: { domain: [1, Math.max(2, last.numTrees)], label: 'trees', isLog: true, ticks: spreadTicks(ticks) },
    y: { domain: [low, high || 1], label: what },
    legend: [
      { style: 'ink0', label: `out of bag, ${fixed(1 - last.score)} with all trees` },
      { style: 'guide', label: `on the test rows, ${fixed(onTest)}` },
    ],
    draw: (x, y) =>
      line([[x(1), y(onTest)], [x(Math.max(2, last.numTrees)), y(onTest)]], 'guide') + // biome-ignore format: two points
      line(
        points.map(({ numTrees, score }) => [x(numTrees), y(1 - score)] as const),
        'ink0',
      ) +
      points
        .map(
          ({ numTrees, score }) =>
            `<circle class="dot ink0" cx="${round(x(numTrees))}" cy="${round(y(1 - score))}" r="3.5"><title>${numTrees} trees: ${fixed(1 - score)}</title></circle>`,
        )
        .join(''),
  });
}

/** Choose ticks that do not overlap on a logarithmic axis. */
function spreadTicks(numbers: readonly number[]): number[] {
  const kept: number[] = [];
  for (const number of [...numbers].reverse())
    if (kept.length === 0 || number * 1.25 <= kept.at(-1)!) kept.push(number);
  return kept.reverse();
}
