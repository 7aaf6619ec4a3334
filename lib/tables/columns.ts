// Which columns of a table have which part, by name or number.

import { InputError } from '../base/errors.ts';

/** What the user says of the columns: names, or numbers from 0. */
export interface ColumnChoice {
  label: string;
  /** Columns to learn from; by default all that have no other part. */
  columns?: readonly string[];
  /** Columns to leave out. */
  drop?: readonly string[];
  /** Columns to be taken as categories, numbers or not. */
  categorical?: readonly string[];
  /** Column with the weight of each row. */
  weightColumn?: string;
  /** Column whose equal values keep rows on one side of the split. */
  group?: string;
  /** Column to order the rows by. */
  time?: string;
  /** Column whose hash says which side each row is on. */
  hashBy?: string;
  /** Column that says which side each row is on. */
  side?: string;
}

/** Numbers of the columns. */
export interface ChosenColumns {
  label: number;
  features: number[];
  /** Those of the features and the label that are to be categories. */
  categorical: number[];
  weight: number | null;
  group: number | null;
  time: number | null;
  hashBy: number | null;
  side: number | null;
}

/**
 * @param file what messages call the table
 * @throws {InputError} on a column that is not there, or one with two parts
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
  if (twice !== undefined) throw new InputError(`features name ${JSON.stringify(names[twice])} twice`);
  const both = named?.find((feature) => dropped.has(feature));
  if (both !== undefined) throw new InputError(`${JSON.stringify(names[both])} is among features and drop`);
  if (features.length === 0)
    throw new InputError(`no column of ${file} is left to learn from; it has ${listNames(names)}`);
  const categorical = [...new Set(choice.categorical?.map((name) => find('categorical', name)))];
  return { label, features, categorical, weight, group, time, hashBy, side };
}

/** The label of a table that has none. */
const NO_COLUMN = -1;

/** All columns but those left out as features, to look at. */
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

/** Columns of a table that has no label. */
export function chooseFeatures(features: number[]): ChosenColumns {
  const none = { weight: null, group: null, time: null, hashBy: null, side: null };
  return { label: NO_COLUMN, features, categorical: [], ...none };
}

/** @throws {InputError} when there is no such column */
export function findColumn(names: readonly string[], what: string, name: string, file: string): number {
  const byName = names.indexOf(name);
  if (byName >= 0) return byName;
  if (/^\d+$/.test(name) && Number(name) < names.length) return Number(name);
  const isNameless = names.every((column, i) => column === String(i));
  const hint = isNameless ? '; where its first row has the names, say so with header' : '';
  throw new InputError(`${what} ${JSON.stringify(name)} is no column of ${file}; it has ${listNames(names)}${hint}`);
}

const MANY_NAMES = 20;

/** Names for a message, the first of many. */
function listNames(names: readonly string[]): string {
  const some = names.slice(0, MANY_NAMES).join(', ');
  return names.length > MANY_NAMES ? `${some} and ${names.length - MANY_NAMES} more` : some;
}

/** All columns that are read, ascending. */
export function listUsedColumns({ label, features, weight, group, time, hashBy, side }: ChosenColumns): number[] {
  const used = new Set(label === NO_COLUMN ? features : [label, ...features]);
  for (const column of [weight, group, time, hashBy, side]) if (column !== null) used.add(column);
  return [...used].sort((a, b) => a - b);
}
