// The schema of a table: the type of each feature and the label, and how cells become numbers.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { ClassLabel, ModelSchema } from '../forest/model.ts';
import { type Cell, parseBoolean, parseDate } from './cells.ts';
import {
  type ColumnProfile,
  compareValues,
  type FoundCell,
  inferType,
  MAX_CATEGORIES,
  toValue,
  type Value,
} from './column-profile.ts';
import type { ChosenColumns } from './columns.ts';

/** How a feature's cells become numbers. */
export interface FeatureSchema {
  name: string;
  /** Index of the column in the file. */
  column: number;
  type: 'numeric' | 'categorical' | 'boolean' | 'date';
  /** Values of the codes 0, 1, …; for categorical features only. */
  categories?: Value[];
  numMissing: number;
  /** Smallest and largest number in the column; null without numbers. */
  min: number | null;
  max: number | null;
}

interface LabelSchema {
  name: string;
  column: number;
  /** Ascending, false before true; empty for regression. */
  classes: ClassLabel[];
  /** Rows of each class. */
  classCounts: number[];
  /** Smallest and largest value, for regression. */
  values?: { min: number; max: number };
}

export interface TableSchema {
  numRows: number;
  features: FeatureSchema[];
  label: LabelSchema;
}

/** Most classes of a label. */
const MAX_CLASSES = 1000;
/** A label with more distinct numbers, some of them fractions, is probably not a class. */
const MANY_FRACTIONS = 50;
const DAY_MS = 86_400_000;

/** Most distinct values of a column to count. */
export function maxValuesToCount(column: number, { label }: ChosenColumns): number {
  return column === label ? MAX_CLASSES : MAX_CATEGORIES;
}

interface TableProfile {
  numRows: number;
  /** Names of all columns. */
  names: readonly string[];
  chosen: ChosenColumns;
  /** Returns the profile of a column over all rows. */
  getProfile: (column: number) => ColumnProfile;
  /** Whether the label's cells are classes or values. */
  task: 'classification' | 'regression';
}

/**
 * Decide on the schema.
 *
 * @throws {InputError} on a feature that is text, a label with missing cells, one class or too many, or that does not fit
 *   the task, or invalid weights
 */
export function decideSchema({ numRows, names, chosen, getProfile, task }: TableProfile): TableSchema {
  const isCategorical = (column: number) => chosen.categorical.includes(column);
  const decide = task === 'regression' ? decideRegressionLabel : decideClassLabel;
  const label = decide(names[chosen.label], chosen.label, getProfile(chosen.label), isCategorical(chosen.label));
  const texts: string[] = [];
  const features = chosen.features.map((column): FeatureSchema => {
    const name = names[column];
    const profile = getProfile(column);
    const type = inferType(profile, name, isCategorical(column));
    if (type === 'text') texts.push(`${quote(name)} (${describeText(profile)})`);
    const { numMissing, min, max } = profile;
    if (type !== 'categorical') return { name, column, type: type === 'text' ? 'numeric' : type, numMissing, min, max };
    if (profile.values === null) {
      throw new InputError(
        `column ${quote(name)} has more than ${MAX_CATEGORIES} categories, the maximum for a feature; drop it`,
      );
    }
    checkExact(`column ${quote(name)}`, profile.values);
    const categories = profile.values.map(([value]) => value).sort(compareValues);
    return { name, column, type, categories, numMissing, min, max };
  });
  if (texts.length > 0) {
    const [one, many] = texts.length === 1 ? ['column', 'drop it'] : ['columns', 'drop them'];
    throw new InputError(
      `${one} ${texts.slice(0, 10).join(', ')}${texts.length > 10 ? ` and ${texts.length - 10} more` : ''}: text cannot be a feature; ` +
        `${many}, or name columns with up to ${MAX_CATEGORIES} distinct values in categorical`,
    );
  }
  if (chosen.weight !== null) checkWeights(names[chosen.weight], getProfile(chosen.weight));
  return { numRows, features, label };
}

/** @throws {InputError} on integers that a float64 cannot distinguish from their neighbours: they would be merged */
function checkExact(what: string, values: readonly [Value, number][]): void {
  const found = values.find(([value]) => Number.isInteger(value) && !Number.isSafeInteger(value));
  if (!found) return;
  throw new InputError(
    `${what} has integers as categories or classes: they must be within ±${Number.MAX_SAFE_INTEGER}, got about ${found[0]}; ` +
      'write them as text, with a letter before the digits',
  );
}

function describeText({ values, numTexts, firstOther }: ColumnProfile): string {
  const count = values === null ? `more than ${MAX_CATEGORIES}` : values.length;
  return `${count} distinct values in ${numTexts} rows, such as ${quote(firstOther?.value)}`;
}

function showCell({ file, row }: FoundCell, column: string): string {
  return `${file}, row ${row + 1}, column ${quote(column)}`;
}

function rejectMissing(name: string, { firstMissing, numMissing }: ColumnProfile): void {
  if (!firstMissing) return;
  throw new InputError(
    `${showCell(firstMissing, name)}: the label is missing in ${numMissing} ${numMissing === 1 ? 'row' : 'rows'}; remove these rows`,
  );
}

function decideRegressionLabel(
  name: string,
  column: number,
  profile: ColumnProfile,
  isCategorical: boolean,
): LabelSchema {
  rejectMissing(name, profile);
  if (isCategorical) {
    throw new InputError(`label ${quote(name)} is named in categorical, but the task regression predicts numbers`);
  }
  const { firstOther, min, max } = profile;
  if (firstOther) {
    throw new InputError(
      `${showCell(firstOther, name)}: the task regression predicts numbers, got ${quote(firstOther.value)}; ` +
        'correct it, or choose the task classification',
    );
  }
  if (min === max) {
    throw new InputError(`label ${quote(name)} is ${min} in all rows; there is nothing to learn`);
  }
  return { name, column, classes: [], classCounts: [], values: { min: min!, max: max! } };
}

function decideClassLabel(name: string, column: number, profile: ColumnProfile, isCategorical: boolean): LabelSchema {
  rejectMissing(name, profile);
  const type = inferType(profile, name, isCategorical);
  if (profile.values === null) {
    const orValues = type === 'numeric' ? ', or predict its numbers with the task regression' : '';
    throw new InputError(
      `label ${quote(name)} has more than ${MAX_CLASSES} distinct values, the maximum for the task classification; ` +
        `choose a column with up to ${MAX_CLASSES}${orValues}`,
    );
  }
  checkExact(`label ${quote(name)}`, profile.values);
  const isFraction = ([value]: [Value, number]) => typeof value === 'number' && !Number.isInteger(value);
  if (type === 'numeric' && profile.values.length > MANY_FRACTIONS && profile.values.some(isFraction)) {
    throw new InputError(
      `label ${quote(name)} has ${profile.values.length} distinct numbers, some with fractions; predict them with the task ` +
        'regression, or name the column in categorical to use them as classes',
    );
  }
  const entries = profile.values.map(([value, numRows]): [Value, number] => [
    type === 'boolean' ? toBoolean(value) : type === 'categorical' && typeof value !== 'string' ? String(value) : value,
    numRows,
  ]);
  const counts = new Map<Value, number>();
  for (const [value, numRows] of entries) counts.set(value, (counts.get(value) ?? 0) + numRows);
  const classes = [...counts.keys()].sort(compareValues);
  if (classes.length < 2) {
    throw new InputError(`label ${quote(name)} has only one class, ${quote(classes[0])}; a forest needs two or more`);
  }
  return { name, column, classes, classCounts: classes.map((value) => counts.get(value)!) };
}

function checkWeights(name: string, profile: ColumnProfile): void {
  const { firstMissing, firstOther, max } = profile;
  if (firstOther)
    throw new InputError(
      `${showCell(firstOther, name)}: a weight must be a number ≥ 0, got ${quote(firstOther.value)}`,
    );
  if (firstMissing) throw new InputError(`${showCell(firstMissing, name)}: a weight must not be missing`);
  if (max === 0) throw new InputError(`column ${quote(name)}: at least one weight must be above 0, got 0 in all rows`);
}

function toBoolean(value: Value): boolean {
  return typeof value === 'boolean' ? value : parseBoolean(String(value))!;
}

/**
 * Make the function that converts cells of a feature to numbers: NaN for a missing value, a category that training did not
 * have, and a value of another type. A category is found by its value, or else by its text. Dates become days since 1970,
 * true and false 1 and 0.
 */
export function featureEncoder({
  type,
  categories,
}: Pick<FeatureSchema, 'type' | 'categories'>): (cell: Cell) => number {
  switch (type) {
    case 'numeric':
      return (cell) => (typeof cell === 'number' ? cell : Number.NaN);
    case 'boolean':
      return (cell) => {
        const isTrue = typeof cell === 'string' ? parseBoolean(cell) : cell;
        return typeof isTrue === 'boolean' ? Number(isTrue) : Number.NaN;
      };
    case 'date':
      return (cell) => (toMs(cell) ?? Number.NaN) / DAY_MS;
    case 'categorical': {
      const codes = new Map(categories!.map((value, code) => [value, code]));
      // the same category may be a number in one file and a text in another
      const codesByText = new Map(categories!.map((value, code) => [String(value), code]));
      return (cell) => {
        if (cell === null) return Number.NaN;
        const value = toValue(cell);
        return codes.get(value) ?? codesByText.get(String(value)) ?? Number.NaN;
      };
    }
  }
}

/** Milliseconds since 1970 of a date, or of a text that is a date. */
export function toMs(cell: Cell): number | undefined {
  if (cell instanceof Date) return cell.getTime();
  return typeof cell === 'string' ? parseDate(cell) : undefined;
}

/** Make the function that converts labels to classes or values; undefined for a label that the schema does not have. */
export function labelEncoder({ classes, values }: LabelSchema): (cell: Cell) => number | undefined {
  if (values) {
    return (cell) => (typeof cell === 'number' && cell >= values.min && cell <= values.max ? cell : undefined);
  }
  const codes = new Map<ClassLabel, number>(classes.map((value, k) => [value, k]));
  const isBoolean = typeof classes[0] === 'boolean';
  const isText = typeof classes[0] === 'string';
  return (cell) => {
    if (cell === null) return undefined;
    const value = toValue(cell);
    if (isBoolean) return codes.get(typeof value === 'string' ? (parseBoolean(value) ?? value) : value);
    return codes.get(isText ? String(value) : value);
  };
}

/** The columns that a model was trained on, as it stores them. */
export function describeColumns({ features, label }: TableSchema): ModelSchema {
  return {
    label: label.name,
    features: features.map(({ name, type, categories }) => ({ name, type, ...(categories && { categories }) })),
  };
}
