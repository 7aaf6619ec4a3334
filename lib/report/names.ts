// What features and classes are called: as in the user's data, or by their numbers.

import type { TableSchema } from '../tables/schema.ts';
import type { Report } from './report.ts';

const MAX_NAME = 24;

/** Names of a report's features and classes, as plain text. */
export interface Names {
  feature(index: number): string;
  /** @param label its number, from 0 */
  class(label: number): string;
}

/** The schema of the user's data; undefined where a generator made them. */
export function schemaOf({ dataset }: Pick<Report, 'dataset'>): TableSchema | undefined {
  return dataset.generator === 'file' && Array.isArray(dataset.features)
    ? (dataset as unknown as TableSchema)
    : undefined;
}

export function namesOf(report: Pick<Report, 'dataset'>): Names {
  const { features = [], label } = schemaOf(report) ?? {};
  return {
    feature: (index) => features[index]?.name ?? `f${index}`,
    class: (k) => (label?.classes[k] === undefined ? `class ${k}` : String(label.classes[k])),
  };
}

/** A name that fits beside a chart or above a column. */
export function shorten(name: string, most = MAX_NAME): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
