// How cells of rows to predict become the numbers that the model was trained on.

import type { Model } from '../forest/model.ts';
import { featureNames } from '../forest/model.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import type { Cell } from '../tables/cells.ts';
import { featureEncoder } from '../tables/schema.ts';

/** One feature of a model, as its values come from outside. */
export interface FeatureReader {
  name: string;
  /** What a cell must be, in words. */
  allowed: string;
  /** NaN for a missing value, and for a category that training didn't have; undefined for what the feature can't be. */
  read(cell: Cell): number | undefined;
}

const ALLOWED = {
  numeric: 'a number that float32 can hold',
  boolean: 'true or false',
  date: 'a date or time as in 2026-11-24',
};

/** Of models that were asked for: a request may have one row, and a model has thousands of features. */
const known = new WeakMap<object, readonly FeatureReader[]>();

/** Readers of all features of a model, in their order: by the columns that it was trained on, where it knows them. */
export function createReaders(
  model: Pick<Model, 'numFeatures' | 'schema' | 'isCategorical'>,
): readonly FeatureReader[] {
  const readers = known.get(model) ?? makeReaders(model);
  known.set(model, readers);
  return readers;
}

function makeReaders(model: Pick<Model, 'numFeatures' | 'schema' | 'isCategorical'>): FeatureReader[] {
  return featureNames(model).map((name, feature) => {
    const column = model.schema?.features[feature];
    if (column === undefined) return model.isCategorical[feature] ? codeReader(name) : numberReader(name);
    if (column.type === 'numeric') return numberReader(name);
    const encode = featureEncoder(column);
    if (column.type === 'categorical') return { name, allowed: 'a category', read: encode };
    const read = (cell: Cell) => (cell === null ? Number.NaN : toKnown(encode(cell)));
    return { name, allowed: ALLOWED[column.type], read };
  });
}

function numberReader(name: string): FeatureReader {
  return {
    name,
    allowed: ALLOWED.numeric,
    read(cell) {
      if (cell === null) return Number.NaN;
      return typeof cell === 'number' && Number.isFinite(Math.fround(cell)) ? cell : undefined;
    },
  };
}

/** Of a model that was trained on codes, and knows nothing of what they stand for. */
function codeReader(name: string): FeatureReader {
  return {
    name,
    allowed: `a category, an integer from 0 to ${MAX_CATEGORIES - 1}`,
    read(cell) {
      if (cell === null) return Number.NaN;
      return typeof cell === 'number' && Number.isInteger(cell) && cell >= 0 && cell < MAX_CATEGORIES
        ? cell
        : undefined;
    },
  };
}

function toKnown(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

/** Whether a cell that was read names a category that training didn't have. */
export function isUnseen(cell: Cell, value: number): boolean {
  return cell !== null && Number.isNaN(value);
}
