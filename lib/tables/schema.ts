// The schema of a table: what each feature is, and how its cells become numbers.

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
  /** Number of the column in the file. */
  column: number;
  type: 'numeric' | 'categorical' | 'boolean' | 'date';
  /** What codes 0, 1, … stand for; of categorical features only. */
  categories?: Value[];
  numMissing: number;
  /** Least and greatest number in the file; null without one. */
  min: number | null;
  max: number | null;
}

export interface LabelSchema {
  name: string;
  column: number;
  /** Ascending, false before true; none where values are predicted. */
  classes: ClassLabel[];
  /** Rows of each class. */
  classCounts: number[];
  /** Least and greatest value, where values are predicted. */
  values?: { min: number; max: number };
}

export interface TableSchema {
  numRows: number;
  features: FeatureSchema[];
  label: LabelSchema;
}

/** Most classes of a label. */
const MAX_CLASSES = 1000;
/** A label of more distinct numbers, some with fractions, is hardly meant as classes. */
const MANY_FRACTIONS = 50;
const DAY_MS = 86_400_000;

/** How many distinct values of a column are to be remembered. */
export function maxValuesToCount(column: number, { label }: ChosenColumns): number {
  return column === label ? MAX_CLASSES : MAX_CATEGORIES;
}

/**
 * Decide on the schema.
 *
 * @param names of all columns
 * @param factsOf facts of a column over all rows
 * @param task whether the label's cells are classes or values
 * @throws {InputError} on text among the features, a label that is missing somewhere, has one class or too many, or is
 *   none of the task, or weights that are none
 */
export function decideSchema(
  numRows: number,
  names: readonly string[],
  chosen: ChosenColumns,
  factsOf: (column: number) => ColumnProfile,
  task: 'classification' | 'regression',
): TableSchema {
  const isCategorical = (column: number) => chosen.categorical.includes(column);
  const decide = task === 'regression' ? decideRegressionLabel : decideClassLabel;
  const label = decide(names[chosen.label], chosen.label, factsOf(chosen.label), isCategorical(chosen.label));
  const texts: string[] = [];
  const features = chosen.features.map((column): FeatureSchema => {
    const name = names[column];
    const facts = factsOf(column);
    const type = inferType(facts, name, isCategorical(column));
    if (type === 'text') texts.push(`${quote(name)} (${describeText(facts)})`);
    const { numMissing, min, max } = facts;
    if (type !== 'categorical') return { name, column, type: type === 'text' ? 'numeric' : type, numMissing, min, max };
    if (facts.values === null) {
      throw new InputError(
        `column ${quote(name)} has more than ${MAX_CATEGORIES} categories, the most that a feature may have; drop it`,
      );
    }
    checkExact(`column ${quote(name)}`, facts.values);
    const categories = facts.values.map(([value]) => value).sort(compareValues);
    return { name, column, type, categories, numMissing, min, max };
  });
  if (texts.length > 0) {
    const [one, many] = texts.length === 1 ? ['column', 'drop it'] : ['columns', 'drop them'];
    throw new InputError(
      `${one} ${texts.slice(0, 10).join(', ')}${texts.length > 10 ? ` and ${texts.length - 10} more` : ''}: text is no feature; ` +
        `${many}, or name what has up to ${MAX_CATEGORIES} distinct values in categorical`,
    );
  }
  if (chosen.weight !== null) checkWeights(names[chosen.weight], factsOf(chosen.weight));
  return { numRows, features, label };
}

/** @throws {InputError} on whole numbers that a float64 can't tell from their neighbours: as names they would be merged */
function checkExact(what: string, values: readonly [Value, number][]): void {
  const found = values.find(([value]) => Number.isInteger(value) && !Number.isSafeInteger(value));
  if (!found) return;
  throw new InputError(
    `${what} tells rows apart by whole numbers, and they must be within ±${Number.MAX_SAFE_INTEGER}, got about ${found[0]}; ` +
      'write them as texts, with a letter before the digits',
  );
}

function describeText({ values, numTexts, firstOther }: ColumnProfile): string {
  const count = values === null ? `more than ${MAX_CATEGORIES}` : values.length;
  return `${count} distinct values in ${numTexts} rows, as ${quote(firstOther?.value)}`;
}

function showCell({ file, row }: FoundCell, column: string): string {
  return `${file}, row ${row + 1}, column ${quote(column)}`;
}

function rejectMissing(name: string, { firstMissing, numMissing }: ColumnProfile): void {
  if (!firstMissing) return;
  throw new InputError(
    `${showCell(firstMissing, name)}: a label must not be missing, and it is in ${numMissing} ${numMissing === 1 ? 'row' : 'rows'}; remove these rows`,
  );
}

function decideRegressionLabel(
  name: string,
  column: number,
  facts: ColumnProfile,
  isCategorical: boolean,
): LabelSchema {
  rejectMissing(name, facts);
  if (isCategorical) {
    throw new InputError(`label ${quote(name)} is to be categories, and the task regression predicts numbers`);
  }
  const { firstOther, min, max } = facts;
  if (firstOther) {
    throw new InputError(
      `${showCell(firstOther, name)}: the task regression predicts numbers, got ${quote(firstOther.value)}; ` +
        'mend it, or choose the task classification',
    );
  }
  if (min === max) {
    throw new InputError(`label ${quote(name)} is ${min} in all rows; there is nothing to learn`);
  }
  return { name, column, classes: [], classCounts: [], values: { min: min!, max: max! } };
}

function decideClassLabel(name: string, column: number, facts: ColumnProfile, isCategorical: boolean): LabelSchema {
  rejectMissing(name, facts);
  const type = inferType(facts, name, isCategorical);
  if (facts.values === null) {
    const orValues = type === 'numeric' ? ', or predict its numbers with the task regression' : '';
    throw new InputError(
      `label ${quote(name)} has more than ${MAX_CLASSES} distinct values; the task classification tells classes apart: ` +
        `give a column with up to ${MAX_CLASSES}${orValues}`,
    );
  }
  checkExact(`label ${quote(name)}`, facts.values);
  const isFraction = ([value]: [Value, number]) => typeof value === 'number' && !Number.isInteger(value);
  if (type === 'numeric' && facts.values.length > MANY_FRACTIONS && facts.values.some(isFraction)) {
    throw new InputError(
      `label ${quote(name)} has ${facts.values.length} distinct numbers, some with fractions; predict them with the task ` +
        'regression, or name the column in categorical to tell them apart as classes',
    );
  }
  const entries = facts.values.map(([value, numRows]): [Value, number] => [
    type === 'boolean' ? toBoolean(value) : type === 'categorical' && typeof value !== 'string' ? String(value) : value,
    numRows,
  ]);
  const counts = new Map<Value, number>();
  for (const [value, numRows] of entries) counts.set(value, (counts.get(value) ?? 0) + numRows);
  const classes = [...counts.keys()].sort(compareValues);
  if (classes.length < 2) {
    throw new InputError(
      `label ${quote(name)} has one class only, ${quote(classes[0])}, in all rows; a forest needs two or more`,
    );
  }
  return { name, column, classes, classCounts: classes.map((value) => counts.get(value)!) };
}

function checkWeights(name: string, facts: ColumnProfile): void {
  const { firstMissing, firstOther, max } = facts;
  if (firstOther)
    throw new InputError(
      `${showCell(firstOther, name)}: a weight must be a number from 0 up, got ${quote(firstOther.value)}`,
    );
  if (firstMissing) throw new InputError(`${showCell(firstMissing, name)}: a weight must not be missing`);
  if (max === 0) throw new InputError(`column ${quote(name)}: a weight must be above 0 for some row, all are 0`);
}

function toBoolean(value: Value): boolean {
  return typeof value === 'boolean' ? value : parseBoolean(String(value))!;
}

/**
 * How cells of a feature become numbers: NaN for a missing value, a category that training didn't have, and what is of
 * another type. A category is known by its text where it isn't by its value. Days since 1970 for dates, 1 and 0 for true and false.
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
      // one file's number is another's text
      const codesOfTexts = new Map(categories!.map((value, code) => [String(value), code]));
      return (cell) => {
        if (cell === null) return Number.NaN;
        const value = toValue(cell);
        return codes.get(value) ?? codesOfTexts.get(String(value)) ?? Number.NaN;
      };
    }
  }
}

/** Milliseconds since 1970 of a date, or of a text that is one. */
export function toMs(cell: Cell): number | undefined {
  if (cell instanceof Date) return cell.getTime();
  return typeof cell === 'string' ? parseDate(cell) : undefined;
}

/** How labels become classes, or values; undefined for one that the schema doesn't have. */
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

/** What a model says of the columns that it was trained on. */
export function describeColumns({ features, label }: TableSchema): ModelSchema {
  return {
    label: label.name,
    features: features.map(({ name, type, categories }) => ({ name, type, ...(categories && { categories }) })),
  };
}
