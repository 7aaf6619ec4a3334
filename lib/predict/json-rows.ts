// Rows that came as JSON, checked value by value and turned into columns.

import { InputError } from '../base/errors.ts';
import { nearestName } from '../base/nearest.ts';
import { quote } from '../base/quote.ts';
import type { Model } from '../forest/model.ts';
import type { Cell } from '../tables/cells.ts';
import { createReaders, isUnseen } from './features.ts';

/** Most rows of one request: their probabilities must fit an answer. */
const MAX_ROWS = 10_000;
const MAX_PROBLEMS = 20; // reported for one request

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

/** Rows as values of the features. */
export interface ParsedRows {
  /** One array per feature. */
  columns: Float32Array[];
  /** Rows with a category that training didn't have, by feature. */
  unseenRows: number[];
}

/**
 * Values of rows that are lists of cells in the order of the features, or objects of cells by name: as in a table that the
 * model was trained on. A missing value is null, and a category that training didn't have counts as one.
 *
 * @throws {RowsError} naming row, feature and value of each problem, up to 20
 * @throws {InputError} when it is not a list of 1 to `MAX_ROWS` rows
 */
export function parseRows(model: Model, rows: unknown): ParsedRows {
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > MAX_ROWS) {
    const got = Array.isArray(rows) ? `${rows.length} rows` : quote(rows);
    throw new InputError(`rows must be a list of 1 to ${MAX_ROWS} rows, got ${got}`);
  }
  const readers = createReaders(model);
  const names = readers.map(({ name }) => name);
  const features = { names, known: new Set(names) };
  const columns = readers.map(() => new Float32Array(rows.length));
  const unseenRows = readers.map(() => 0);
  const problems: RowProblem[] = [];
  for (let row = 0; row < rows.length && problems.length < MAX_PROBLEMS; row++) {
    const values = listValues(rows[row], row, features, problems);
    if (!values) continue;
    for (let j = 0; j < readers.length && problems.length < MAX_PROBLEMS; j++) {
      const { name, allowed, read } = readers[j];
      const cell = values[j];
      const value = isCell(cell) ? read(cell) : undefined;
      if (value === undefined) {
        const message =
          cell === undefined
            ? 'has no value; give null where it is missing'
            : `must be ${allowed}, or null, got ${quote(cell)}`;
        problems.push({ row, feature: name, ...quoted(cell), message: `${name} ${message}` });
        continue;
      }
      columns[j][row] = value;
      if (isUnseen(cell as Cell, value)) unseenRows[j]++;
    }
  }
  if (problems.length > 0) throw new RowsError(problems);
  return { columns, unseenRows };
}

function isCell(value: unknown): value is Cell {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** The values of a row in the order of the features; undefined, after adding the problem, if it is not a row. */
function listValues(
  value: unknown,
  row: number,
  { names, known }: { names: readonly string[]; known: ReadonlySet<string> },
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
    const nearest = nearestName(other, names);
    problems.push({
      row,
      feature: other.slice(0, 100),
      message: `${quote(other)} is not a feature${nearest === undefined ? '' : ` (is it ${quote(nearest)}?)`}; known are ${listSome(names)}`,
    });
    return undefined;
  }
  // a feature may be called as what all objects have
  return names.map((name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined));
}

/** The value for a report; empty when it is missing. */
function quoted(value: unknown): { value?: string } {
  return value === undefined ? {} : { value: quote(value) };
}

const MANY_NAMES = 20;

function listSome(names: readonly string[]): string {
  const some = names.slice(0, MANY_NAMES).join(', ');
  return names.length > MANY_NAMES ? `${some} and ${names.length - MANY_NAMES} more` : some;
}
