// What a model is.

import type { BinEdges } from '../partition/rows.ts';
import type { Tree } from './tree.ts';

export type ClassLabel = string | number | boolean;

export interface Model {
  numFeatures: number;
  /** 0 for a regressor. */
  numClasses: number;
  /** What the classes are called, shape [numClasses]. */
  classLabels: ClassLabel[];
  edges: BinEdges;
  trees: Tree[];
  /** Features that hold categories, shape [numFeatures]. */
  isCategorical: boolean[];
  /** The options of the estimator that made the model, as JSON holds them; null when it was made otherwise. */
  options: Record<string, unknown> | null;
  /** Values that the data set had, shape [numFeatures]; null where that isn't known. */
  ranges: ValueRange[] | null;
  /** The columns of the table that the model was trained on; null when it was trained on rows without names. */
  schema: ModelSchema | null;
}

/** Smallest and largest known value of a feature; null when none was. */
export type ValueRange = [least: number, most: number] | null;

/** What a model may say beside its trees, edges and classes. */
export interface ModelDetails {
  isCategorical?: readonly boolean[];
  options?: Record<string, unknown>;
  ranges?: readonly ValueRange[];
  schema?: ModelSchema;
}

/** A feature of a table: how its cells become numbers. */
export interface ModelFeature {
  name: string;
  /** Dates are days since 1970, true is 1. */
  type: 'numeric' | 'categorical' | 'boolean' | 'date';
  /** What codes 0, 1, … stand for; of categorical features only. */
  categories?: ClassLabel[];
}

/** The columns of the table that a model was trained on. */
export interface ModelSchema {
  label: string;
  features: ModelFeature[];
}

/** What features are called: as in the table that the model was trained on, `f0`, `f1`, … without one. */
export function featureNames({ schema, numFeatures }: Pick<Model, 'numFeatures' | 'schema'>): string[] {
  return schema?.features.map(({ name }) => name) ?? Array.from({ length: numFeatures }, (_, feature) => `f${feature}`);
}
