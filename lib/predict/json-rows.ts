// Rows that came as JSON, checked value by value and turned into columns.

import { InputError } from '../errors.ts';
import type { Model } from '../forest/model.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import { quote } from '../quote.ts';

/** Most rows of one request: their probabilities must fit an answer. */
export const MAX_ROWS = 10_000;
const MAX_PROBLEMS = 20; // told of one request

/** What is wrong with one value, or with a whole row. */
export interface RowProblem {
  /** Counted from 0. */
  row: number;
  feature?: string;
  /** As JSON, cut short. */
  value?: string;
  message: string;
}

/** Rows that can't be predicted; the first of their problems. */
export class RowsError extends InputError {
  readonly rows: RowProblem[];

  constructor(problems: RowProblem[]) {
    const [{ row, message }] = problems;
    super(`row ${row}: ${message}${problems.length > 1 ? `; ${problems.length - 1} more problems in rows` : ''}`);
    this.rows = problems;
  }
}

/** What features are called where a name is asked for, as in partitions. */
export function featureNames({ numFeatures }: Pick<Model, 'numFeatures'>): string[] {
  return Array.from({ length: numFeatures }, (_, feature) => `f${feature}`);
}

/**
 * Columns of rows that are lists of values in the order of the features, or objects of values by name. A missing value is
 * null.
 *
 * @throws {RowsError} naming row, feature and value of each problem, up to 20
 * @throws {InputError} when it is no list of 1 to `MAX_ROWS` rows
 */
export function parseRows(model: Model, rows: unknown): Float32Array[] {
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > MAX_ROWS) {
    const got = Array.isArray(rows) ? `${rows.length} rows` : quote(rows);
    throw new InputError(`rows must be a list of 1 to ${MAX_ROWS} rows, got ${got}`);
  }
  const names = featureNames(model);
  const known = new Set(names);
  const columns = names.map(() => new Float32Array(rows.length));
  const problems: RowProblem[] = [];
  for (let row = 0; row < rows.length && problems.length < MAX_PROBLEMS; row++) {
    const values = listValues(rows[row], row, names, known, problems);
    if (!values) continue;
    for (let j = 0; j < names.length && problems.length < MAX_PROBLEMS; j++) {
      const message = findProblem(values[j], model.isCategorical[j]);
      if (message) problems.push({ row, feature: names[j], ...quoted(values[j]), message: `${names[j]} ${message}` });
      else columns[j][row] = values[j] === null ? Number.NaN : (values[j] as number);
    }
  }
  if (problems.length > 0) throw new RowsError(problems);
  return columns;
}

/** The values of a row in the order of the features; undefined, with the problem noted, when it is none. */
function listValues(
  value: unknown,
  row: number,
  names: readonly string[],
  known: ReadonlySet<string>,
  problems: RowProblem[],
): unknown[] | undefined {
  if (Array.isArray(value)) {
    if (value.length === names.length) return value;
    problems.push({ row, message: `it must have ${names.length} values as in training, got ${value.length}` });
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    problems.push({
      row,
      value: quote(value),
      message: `it must be a list or an object of values, got ${quote(value)}`,
    });
    return undefined;
  }
  const other = Object.keys(value).find((name) => !known.has(name));
  if (other !== undefined) {
    const allowed = names.length > 1 ? `${names[0]} to ${names.at(-1)}` : names[0];
    problems.push({
      row,
      feature: other.slice(0, 100),
      message: `there is no feature ${quote(other)}; known are ${allowed}`,
    });
    return undefined;
  }
  return names.map((name) => (value as Record<string, unknown>)[name]);
}

/** A value as it is told; none where there was none. */
function quoted(value: unknown): { value?: string } {
  return value === undefined ? {} : { value: quote(value) };
}

function findProblem(value: unknown, isCategorical: boolean): string | undefined {
  if (value === null) return undefined;
  if (value === undefined) return 'has no value; give null where it is missing';
  if (isCategorical) {
    const isCategory = Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_CATEGORIES;
    return isCategory
      ? undefined
      : `must be a category, a whole number from 0 to ${MAX_CATEGORIES - 1}, or null, got ${quote(value)}`;
  }
  const isKnown = typeof value === 'number' && Number.isFinite(Math.fround(value));
  return isKnown ? undefined : `must be a number that float32 can hold, or null, got ${quote(value)}`;
}
