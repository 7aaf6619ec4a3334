// The types of a model.

import type { BinEdges } from '../partition/rows.ts';
import type { Tree } from './tree.ts';

export type ClassLabel = string | number | boolean;

export interface Model {
  numFeatures: number;
  /** 0 for a regressor. */
  numClasses: number;
  /** Names of the classes, shape [numClasses]. */
  classLabels: ClassLabel[];
  edges: BinEdges;
  trees: Tree[];
  /** Flags of the categorical features, shape [numFeatures]. */
  isCategorical: boolean[];
  /** Options of the estimator that trained the model, as JSON; null when no estimator did. */
  options: Record<string, unknown> | null;
  /** Ranges of the values in the data set, shape [numFeatures]; null when unknown. */
  ranges: ValueRange[] | null;
  /** The columns of the table that the model was trained on; null when it was trained on rows without names. */
  schema: ModelSchema | null;
}

/** Smallest and largest known value of a feature; null when all were missing. */
export type ValueRange = [least: number, most: number] | null;

/** Optional parts of a model, in addition to its trees, edges and classes. */
export interface ModelDetails {
  isCategorical?: readonly boolean[];
  options?: Record<string, unknown>;
  ranges?: readonly ValueRange[];
  schema?: ModelSchema;
}

/** A feature of a table: how its cells become numbers. */
export interface ModelFeature {
  name: string;
  /** A date becomes the days since 1970, true becomes 1. */
  type: 'numeric' | 'categorical' | 'boolean' | 'date';
  /** The categories of codes 0, 1, …; for categorical features only. */
  categories?: ClassLabel[];
}

/** The columns of the table that a model was trained on. */
export interface ModelSchema {
  label: string;
  features: ModelFeature[];
}

/** Names of the features: those of the training table, or `f0`, `f1`, … without one. */
export function featureNames({ schema, numFeatures }: Pick<Model, 'numFeatures' | 'schema'>): string[] {
  return schema?.features.map(({ name }) => name) ?? Array.from({ length: numFeatures }, (_, feature) => `f${feature}`);
}
