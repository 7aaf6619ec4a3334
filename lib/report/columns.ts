// The columns of a user's data in a table.

import type { FeatureSchema } from '../tables/schema.ts';
import { count, escapeHtml, shortly, table } from './html.ts';
import { readSchema, shorten } from './names.ts';
import type { Report } from './report.ts';

const MAX_ROWS = 100;
const MAX_CATEGORIES = 5;
const DAY_MS = 86_400_000;

/** Name, type and values of each feature; empty for generated data. */
export function columnTable(report: Report): string {
  const features = readSchema(report)?.features;
  if (!features) return '';
  const rows = features
    .slice(0, MAX_ROWS)
    .map((feature) => [
      escapeHtml(feature.name),
      feature.type,
      count(feature.numMissing),
      escapeHtml(describe(feature)),
    ]);
  const columns = [{ head: 'column' }, { head: 'type' }, { head: 'missing', isNumber: true }, { head: 'values' }];
  const more = features.length > MAX_ROWS ? `, the first ${MAX_ROWS} of ${count(features.length)}` : '';
  return table(`Features${more}`, columns, rows);
}

function describe({ type, categories, min, max }: FeatureSchema): string {
  if (categories) {
    const names = categories.slice(0, MAX_CATEGORIES).map((value) => shorten(String(value)));
    const more = categories.length - names.length;
    return `${names.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
  }
  if (type === 'boolean') return 'true, false';
  if (min === null || max === null) return '–';
  const write = type === 'date' ? (days: number) => new Date(days * DAY_MS).toISOString().slice(0, 10) : shortly;
  return `${write(min)} to ${write(max)}`;
}
