// Assigns the columns of a table to roles: features, label, weight, group, time, side.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';

/** The user's choice of columns, by name or by number from 0. */
export interface ColumnChoice {
  label: string;
  /** Columns to learn from; by default all that have no other role. */
  columns?: readonly string[];
  /** Columns to leave out. */
  drop?: readonly string[];
  /** Columns to read as categories, even if they hold numbers. */
  categorical?: readonly string[];
  /** Column with the weight of each row. */
  weightColumn?: string;
  /** Rows with equal values in this column are on the same side of the split. */
  group?: string;
  /** Column to order the rows by. */
  time?: string;
  /** Column whose hash decides the side of each row. */
  hashBy?: string;
  /** Column that holds the side of each row. */
  side?: string;
}

/** Columns by number, from 0. */
export interface ChosenColumns {
  label: number;
  features: number[];
  /** Features, and perhaps the label, to read as categories. */
  categorical: number[];
  weight: number | null;
  group: number | null;
  time: number | null;
  hashBy: number | null;
  side: number | null;
}

/**
 * Resolve the user's choice.
 *
 * @param file name of the table in messages
 * @throws {InputError} on a column that does not exist, or has two roles
 */
export function chooseColumns(names: readonly string[], choice: ColumnChoice, file: string): ChosenColumns {
  const find = (what: string, name: string) => findColumn(names, what, name, file);
  const findOne = (what: string, name: string | undefined) => (name === undefined ? null : find(what, name));
  const label = find('label', choice.label);
  const weight = findOne('weightColumn', choice.weightColumn);
  const group = findOne('group', choice.group);
  const time = findOne('time', choice.time);
  const hashBy = findOne('hashBy', choice.hashBy);
  const side = findOne('side', choice.side);
  const dropped = new Set(choice.drop?.map((name) => find('drop', name)));
  if (dropped.has(label)) throw new InputError(`the label ${JSON.stringify(names[label])} must not be dropped`);
  const others = new Set([label, weight, group, time, hashBy, side, ...dropped]);
  const named = choice.columns?.map((name) => find('features', name));
  const features = named ?? names.flatMap((_, i) => (others.has(i) ? [] : [i]));
  if (features.includes(label)) throw new InputError(`the label ${JSON.stringify(names[label])} must not be a feature`);
  const twice = features.find((feature, i) => features.indexOf(feature) < i);
  if (twice !== undefined) throw new InputError(`features contain ${JSON.stringify(names[twice])} twice`);
  const both = named?.find((feature) => dropped.has(feature));
  if (both !== undefined) throw new InputError(`${JSON.stringify(names[both])} is in both features and drop`);
  if (features.length === 0)
    throw new InputError(`${file} has no column left to learn from; it has ${listNames(names)}`);
  const categorical = [...new Set(choice.categorical?.map((name) => find('categorical', name)))];
  return { label, features, categorical, weight, group, time, hashBy, side };
}

/** Label of a table without one. */
const NO_COLUMN = -1;

/** Choose all columns but the dropped ones as features, to inspect a table. */
export function chooseAllColumns(
  names: readonly string[],
  { drop = [], categorical = [] }: Pick<ColumnChoice, 'drop' | 'categorical'>,
  file: string,
): ChosenColumns {
  const find = (what: string, name: string) => findColumn(names, what, name, file);
  const dropped = new Set(drop.map((name) => find('drop', name)));
  const features = [...names.keys()].filter((column) => !dropped.has(column));
  return { ...chooseFeatures(features), categorical: categorical.map((name) => find('categorical', name)) };
}

/** Choose the features of a table without a label. */
export function chooseFeatures(features: number[]): ChosenColumns {
  const none = { weight: null, group: null, time: null, hashBy: null, side: null };
  return { label: NO_COLUMN, features, categorical: [], ...none };
}

/** @throws {InputError} when the column does not exist */
export function findColumn(names: readonly string[], what: string, name: string, file: string): number {
  const byName = names.indexOf(name);
  if (byName >= 0) return byName;
  if (/^\d+$/.test(name) && Number(name) < names.length) return Number(name);
  const isNameless = names.every((column, i) => column === String(i));
  const hint = isNameless ? '; if the first row has the names, set header' : '';
  throw new InputError(`${what} ${JSON.stringify(name)} is not a column of ${file}; it has ${listNames(names)}${hint}`);
}

const MANY_NAMES = 20;

/** List names for a message: the first ones if there are many. */
function listNames(names: readonly string[]): string {
  const some = names.slice(0, MANY_NAMES).join(', ');
  return names.length > MANY_NAMES ? `${some} and ${names.length - MANY_NAMES} more` : some;
}

/** List all columns that are read, ascending. */
export function listUsedColumns({ label, features, weight, group, time, hashBy, side }: ChosenColumns): number[] {
  const used = new Set(label === NO_COLUMN ? features : [label, ...features]);
  for (const column of [weight, group, time, hashBy, side]) if (column !== null) used.add(column);
  return [...used].sort((a, b) => a - b);
}

/**
 * Names of the columns of a table; a column without a name is named by its number.
 *
 * @throws {InputError} when two columns have the same name
 */
export function nameColumns(cells: readonly string[], file: string): string[] {
  const names = cells.map((cell, i) => (cell === '' ? String(i) : cell));
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new InputError(
        `${file}: columns ${before} and ${i} have the same name, ${quote(name)}; rename one of them`,
      );
    }
    seen.set(name, i);
  }
  return names;
}
