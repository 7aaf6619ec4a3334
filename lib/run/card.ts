// The model card of a run as JSON and Markdown: facts from its report, and blanks that only its author can fill in.
// Source: the headings of Mitchell et al., "Model cards for model reporting", doi:10.1145/3287560.3287596.

import { sha256 } from '../base/hash.ts';
import type { Model } from '../forest/model.ts';
import { featureNames } from '../forest/model.ts';
import { findSchema } from '../ingest/results.ts';
import { planRun } from '../plan/plan-run.ts';
import { describeSplit } from '../report/describe-split.ts';
import { percent } from '../report/html.ts';
import { readSchema } from '../report/names.ts';
import type { ValueReport } from '../report/regression-report.ts';
import type { Report } from '../report/report.ts';
import { isRegressionReport } from '../report/report.ts';
import type { PartitionResult } from '../stages/generate.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';
import type { TableSchema } from '../tables/schema.ts';
import { getReport, getRequest } from './run.ts';

export interface ModelCard {
  model: {
    runId: string;
    kind: 'classifier' | 'regressor';
    createdAt: string;
    sha256: string;
    bytes: number;
    numTrees: number;
    numNodes: number;
    numFeatures: number;
    classes: Model['classLabels'];
  };
  data: {
    /** SHA-256 of the SHA-256 of all partitions, in order; it depends on the chunk size too. */
    sha256: string;
    rows: Report['rows'];
    /** Rows of each class; classification only. */
    classCounts?: number[];
    /** Range and mean of the label; regression only. */
    values?: ValueReport['values'];
    /** The generator's parameters, or the schema. */
    dataset: Report['dataset'];
  };
  /** Parameters of the run; for a user's data without those of generators. */
  parameters: Partial<Report['params']>;
  metrics: Record<string, number | null>;
  /** Most important first, shares that sum to 1. */
  featureImportances: { feature: string; share: number }[];
  /** To be filled in by hand. */
  intendedUse: { uses: null; users: null; outOfScope: null };
  limits: string[];
}

/** @throws {NotFoundError} when the run does not exist, or is not done */
export async function makeCard(store: Store, runId: string, model: Model): Promise<ModelCard> {
  const keys = runKeys(runId);
  const [request, report] = await Promise.all([getRequest(store, runId), getReport(store, runId)]);
  const { numChunks } = planRun(request.params, (await findSchema(store, runId))?.shape);
  const partitions = await mapLimited(
    Array.from({ length: numChunks }, (_, i) => i),
    STORE_REQUESTS,
    (i) => getJson<PartitionResult>(store, keys.partitionResult(i)),
  );
  const hashes = partitions.map(({ partition }) => partition.sha256).join('\n');
  const names = featureNames(model);
  const shares = report.featureImportances.map((share, j) => ({ feature: names[j], share }));
  return {
    model: {
      runId,
      kind: model.numClasses > 0 ? 'classifier' : 'regressor',
      createdAt: request.createdAt,
      sha256: report.model.sha256,
      bytes: report.model.bytes,
      numTrees: report.model.numTrees,
      numNodes: report.model.numNodes,
      numFeatures: model.numFeatures,
      classes: model.classLabels,
    },
    data: {
      sha256: sha256(new TextEncoder().encode(hashes)),
      rows: report.rows,
      ...(isRegressionReport(report) ? { values: report.values } : { classCounts: report.classCounts }),
      dataset: report.dataset,
    },
    parameters: withoutGenerator(report.params),
    metrics: listMetrics(report),
    featureImportances: shares.sort((a, b) => b.share - a.share),
    intendedUse: { uses: null, users: null, outOfScope: null },
    limits: listLimits(report, model),
  };
}

/** The parameters that affect a run: for a user's data those of generators do not. */
function withoutGenerator(params: Report['params']): ModelCard['parameters'] {
  if (params.data === undefined) return params;
  const { generator: _generator, samples: _samples, chunkSize: _chunkSize, ...others } = params;
  return others;
}

function listMetrics(report: Report): ModelCard['metrics'] {
  const { oobScore, oobCoverage } = report;
  if (isRegressionReport(report)) {
    const { r2, r2Interval, r2Ceiling, rmse, mae, rmseOfMean } = report;
    const [r2Low95, r2High95] = r2Interval ?? [null, null];
    return { r2, r2Low95, r2High95, r2Ceiling, rmse, mae, rmseOfMean, oobScore, oobCoverage };
  }
  const { accuracy, accuracyInterval, accuracyCeiling, logLoss, brier, rocAuc, rocAucError } = report;
  const [accuracyLow95, accuracyHigh95] = accuracyInterval;
  return {
    ...{ accuracy, accuracyLow95, accuracyHigh95, accuracyCeiling },
    ...{ logLoss, brier, rocAuc, rocAucError, oobScore, oobCoverage },
  };
}

/** Limits that follow from the figures; nothing is guessed. */
function listLimits(report: Report, model: Model): string[] {
  const limits = [
    `The scores are measured on ${report.rows.test} rows of the same data, ${describeSplit(report.params).test}; other data was not tested.`,
    'A feature value outside the range of the training data gets the prediction of the nearest value inside.',
  ];
  if (isRegressionReport(report)) {
    const { min, max } = report.values;
    limits.push(`Predictions are means of training values: never below ${min} or above ${max}.`);
    if (report.r2 <= 0) limits.push('The baseline that always predicts the mean of the values is as good or better.');
  } else {
    const share = Math.max(...report.classCounts) / report.rows.total;
    if (report.accuracy <= share) {
      limits.push(
        `The baseline that always predicts the most frequent class is right in ${percent(share)} of the rows; the model does not beat it.`,
      );
    }
  }
  if (model.trees.every(({ flags }) => flags === undefined)) {
    limits.push('The training data had no missing values; a missing value follows the branch with more training rows.');
  }
  return limits;
}

/** The card as Markdown. */
export function cardToMarkdown(card: ModelCard): string {
  const { model, data, parameters, metrics, featureImportances, limits } = card;
  const table = (entries: [string, unknown][]) =>
    ['| | |', '| --- | --- |', ...entries.map(([name, value]) => `| ${name} | ${cell(value)} |`)].join('\n');
  const blank = '_to be filled in by the author_';
  const schema = readSchema(data);
  const columns = schema && describeColumns(schema);
  const known = Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  return `# Model card: ${model.runId}

## Model

${table([
  ['kind', `random forest, ${model.kind}`],
  ['trees', model.numTrees],
  ['nodes', model.numNodes],
  ['features', model.numFeatures],
  ['classes', model.classes.map((label) => JSON.stringify(label)).join(', ') || 'none'],
  ['bytes', model.bytes],
  ['sha256', model.sha256],
  ['requested', model.createdAt],
])}

## Intended use

- Uses: ${blank}
- Users: ${blank}
- Out of scope: ${blank}

## Data

${table([
  ['rows', `${data.rows.total}: ${data.rows.train} to train, ${data.rows.test} to test`],
  ...(data.classCounts ? [['rows by class', data.classCounts.join(', ')] as [string, unknown]] : []),
  ...(data.values
    ? [['values', `${data.values.min} to ${data.values.max}, mean ${data.values.mean}`] as [string, unknown]]
    : []),
  ['sha256 of its partitions', data.sha256],
  ...(columns ? [] : Object.entries(data.dataset)),
])}
${columns ?? ''}
## Parameters

${table(Object.entries(parameters).filter(([, value]) => value !== undefined))}

## Metrics

On the ${data.rows.test} test rows; out of bag on training rows.

${table(known.map(([name, value]) => [name, value.toFixed(4)]))}

## Feature importances

${table(featureImportances.slice(0, 20).map(({ feature, share }) => [feature, percent(share)]))}

## Limits

${limits.map((limit) => `- ${limit}`).join('\n')}
`;
}

/** The label, and what each feature is. */
function describeColumns({ label, features }: TableSchema): string {
  const lines = features.slice(0, MAX_COLUMNS).map(({ name, type, categories, numMissing, min, max }) => {
    const values = type === 'numeric' ? (min === null ? 'none' : `${min} to ${max}`) : (categories?.join(', ') ?? '');
    return `| ${[name, type, numMissing, values].map(cell).join(' | ')} |`;
  });
  const more = features.length > MAX_COLUMNS ? `\n\nand ${features.length - MAX_COLUMNS} more.` : '';
  return `
The label is ${JSON.stringify(label.name)}.

| feature | type | missing | values |
| --- | --- | --- | --- |
${lines.join('\n')}${more}
`;
}

const MAX_CELL = 200;
const MAX_COLUMNS = 100;

function cell(value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
  return (text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text).replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
