// report.html: a run for a reader, in one file without scripts, made from report.json alone.

import { GENERATOR_PARAMS } from '../plan/parameters/table.ts';
import { PARAM_NAMES, type ParamName } from '../plan/params.ts';
import {
  accuracyBar,
  calibrationChart,
  classTable,
  confusion,
  precisionRecallChart,
  rocChart,
  scoreTable,
} from './class-quality.ts';
import type { ClassReport } from './class-report.ts';
import { columnTable } from './columns.ts';
import { repeatCommand } from './command.ts';
import { impurityChart, oobChart, permutationChart } from './features.ts';
import { bytes, count, escapeHtml, fixed, seconds, shortly, table, usd } from './html.ts';
import { modelCard } from './model-card.ts';
import { readSchema } from './names.ts';
import { densityChart, errorTable, r2Bar, residualChart } from './regression-quality.ts';
import type { Report } from './report.ts';
import { isRegressionReport } from './report.ts';
import { searchSection } from './search.ts';
import { STYLE } from './style.ts';
import { attemptsTable, costChart, partitionChart, stageTable, timelineChart } from './work.ts';

/** Maximum number of classes whose table fits below the confusion matrix, next to a chart. */
const MAX_SHORT_TABLE = 4;

/** The page of a report: the same bytes for the same report. */
export function renderReport(report: Report): string {
  const { runId, params, rows } = report;
  const title = `arvoredo: run ${escapeHtml(runId)}`;
  const [first, last] = [report.stages[0], report.stages.at(-1)];
  const when = first ? new Date(first.startedAtMs).toISOString().slice(0, 16).replace('T', ' ') : '';
  const total = first && last?.finishedAtMs ? (last.finishedAtMs - first.startedAtMs) / 1000 : null;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><span class="brand">arvoredo</span><span class="soft">${when ? `${when} UTC` : ''}</span></header>
<h1>Run ${escapeHtml(runId)}</h1>
<p class="soft">A random forest of ${count(report.model.numTrees)} trees on ${count(rows.train)} rows × ${count(params.features)} features${predicting(report)}, seed ${params.seed}; strategy ${escapeHtml(report.strategy.name)}, ${escapeHtml(report.strategy.reason)}.</p>
${hero(report)}
${tiles(report, total)}
<h2>Quality</h2>
${quality(report)}
${searchSection(report)}
<h2>Features</h2>
<p class="soft">By impurity: the share of the gain in training that comes from the cuts of each feature. By permutation: the loss of ${isRegressionReport(report) ? 'R²' : 'accuracy'} on test rows when the values of a feature are replaced with those of other rows; the whiskers are standard errors${
    report.permutationImportances ? `, from ${count(report.permutationImportances.numRows)} rows` : ''
  }.</p>
<div class="pair">${impurityChart(report)}${permutationChart(report)}</div>
<h2>Trees</h2>
${oobChart(report)}
<h2>Data</h2>
${partitionChart(report)}
${columnTable(report)}
<h2>The run</h2>
${timelineChart(report)}
${stageTable(report)}
${attemptsTable(report)}
<h2>Cost</h2>
${costChart(report)}
<h2>Reproduce</h2>
<p>The same command gives the same model, byte for byte, with any number of workers, ${params.data ? 'anywhere the same files are' : 'locally and on AWS'}.</p>
<pre>${escapeHtml(repeatCommand(params))}</pre>
${hashes(report)}
${parameters(report)}
<h2>Model card</h2>
<dl class="card">${modelCard(report)
    .map(([heading, text]) => `<div><dt>${escapeHtml(heading)}</dt><dd>${escapeHtml(text)}</dd></div>`)
    .join('')}</dl>
</main>
</body>
</html>
`;
}

function hero(report: Report): string {
  const [name, score, interval] = isRegressionReport(report)
    ? ['R²', report.r2, r2Bar(report)]
    : ['Accuracy', report.accuracy, accuracyBar(report)];
  return `<section class="hero" aria-label="${name}"><div><div class="soft">${name} on ${count(report.rows.test)} test rows</div><div class="big">${fixed(score)}</div></div>${interval}</section>`;
}

function quality(report: Report): string {
  return isRegressionReport(report)
    ? `<div class="pair">${densityChart(report)}${residualChart(report)}</div>${errorTable(report)}`
    : qualityOfClasses(report);
}

function qualityOfClasses(report: ClassReport): string {
  const isShort = report.classCounts.length <= MAX_SHORT_TABLE;
  const [inPair, below] = isShort ? [classTable(report), ''] : ['', classTable(report)];
  return `<div class="pair"><div>${confusion(report)}${inPair}</div>${calibrationChart(report)}</div>${below}${curves(report)}${scoreTable(report)}`;
}

function predicting(report: Report): string {
  const schema = readSchema(report);
  return schema ? `, predicting ${escapeHtml(schema.label.name)}` : '';
}

type Tile = [name: string, value: string, more?: string];

function scoreTiles(report: Report): Tile[] {
  if (isRegressionReport(report)) {
    return [
      ['RMSE', shortly(report.rmse), `the mean as prediction has ${shortly(report.rmseOfMean)}`],
      ['MAE', shortly(report.mae)],
    ];
  }
  const error =
    report.rocAucError !== null && report.rocAucError >= 0.00005 ? `± ${fixed(report.rocAucError)} by rounding` : '';
  return [
    ...(report.rocAuc === null ? [] : [['ROC AUC', fixed(report.rocAuc), error] as Tile]),
    ['log loss', fixed(report.logLoss)],
    ['Brier score', fixed(report.brier)],
  ];
}

function tiles(report: Report, total: number | null): string {
  const { rows, model, tasks, forecast, bill } = report;
  const entries: Tile[] = [
    ...scoreTiles(report),
    ...(report.oobScore === null ? [] : [['out of bag', fixed(report.oobScore)] as Tile]),
    ['rows', count(rows.total)],
    ['nodes', count(model.numNodes)],
    ['model', bytes(model.bytes)],
    ['tasks', count(tasks.total), tasks.retried > 0 ? `${count(tasks.retried)} retried` : undefined],
    ...(total === null ? [] : [['time', seconds(total)] as Tile]),
    ['on AWS', usd(bill), `forecast ${usd(forecast)}`],
  ];
  return `<dl class="tiles">${entries
    .map(
      ([name, value, more]) => `<div><dt>${name}</dt><dd>${value}${more ? ` <small>${more}</small>` : ''}</dd></div>`,
    )
    .join('')}</dl>`;
}

function curves(report: ClassReport): string {
  if (report.curves.length > 0) return `<div class="pair">${rocChart(report)}${precisionRecallChart(report)}</div>`;
  return '<p class="note">No curves: a class has all test rows or none, or there are more than 1,000 classes.</p>';
}

function hashes({ model }: Report): string {
  const rows = [['model', `<code>${escapeHtml(model.key)}</code>`, `<code>${escapeHtml(model.sha256)}</code>`]];
  return table('Hashes', [{ head: '' }, { head: 'object' }, { head: 'SHA-256' }], rows);
}

function parameters({ params }: Report): string {
  const isInferred = (name: ParamName) => params.data !== undefined && GENERATOR_PARAMS.some((one) => one === name);
  const rows = PARAM_NAMES.filter((name) => params[name] !== undefined && !isInferred(name)).map((name) => [
    `<code>${name}</code>`,
    `<code>${escapeHtml(JSON.stringify(params[name]))}</code>`,
  ]);
  const columns = [{ head: 'name' }, { head: 'value' }];
  const half = Math.ceil(rows.length / 2);
  const [first, second] = [rows.slice(0, half), rows.slice(half)];
  return `<div class="pair">${table('Parameters', columns, first)}${table('More parameters', columns, second)}</div>`;
}
