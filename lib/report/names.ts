// Names of features and classes: those of the user's data, or numbers.

import type { TableSchema } from '../tables/schema.ts';
import type { Report } from './report.ts';

const MAX_NAME = 24;

/** Names of a report's features and classes, as plain text. */
export interface Names {
  feature(index: number): string;
  /** @param label its number, from 0 */
  class(label: number): string;
}

/** The schema of the user's data; undefined for generated data. */
export function readSchema({ dataset }: Pick<Report, 'dataset'>): TableSchema | undefined {
  if (dataset.generator !== 'file') return undefined;
  const { numRows = 0, features, label } = dataset;
  return features && label && { numRows, features, label };
}

export function makeNames(report: Pick<Report, 'dataset'>): Names {
  const { features = [], label } = readSchema(report) ?? {};
  return {
    feature: (index) => features[index]?.name ?? `f${index}`,
    class: (k) => (label?.classes[k] === undefined ? `class ${k}` : String(label.classes[k])),
  };
}

/** Cut a name that is too long for a chart or a table. */
export function shorten(name: string, most = MAX_NAME): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
