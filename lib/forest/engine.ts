// The interface of engines: any grouping of the trees gives the same bytes.

import type { BinnedRows } from '../partition/rows.ts';
import type { TrainingInfo } from './packed-rows.ts';
import type { ForestParams, MaxFeatures } from './params.ts';
import type { Tree } from './tree.ts';
import type { BeforeTree } from './tree-queue.ts';

export interface TableShape {
  numRows: number;
  numFeatures: number;
  /** 0 for regression. */
  numClasses: number;
  /** Whether no value is missing, no feature is categorical and no row is weighted. @default true */
  isPlain?: boolean;
  /** @default false */
  hasWeights?: boolean;
}

/** Trees [treeStart, treeEnd) of a forest. */
export interface TreeRange {
  treeStart: number;
  treeEnd: number; // exclusive
  /** Cancels the work. @default never */
  beforeTree?: BeforeTree;
}

export interface ForestEngine {
  readonly name: EngineName;
  /** `maxFeatures` when the caller gives none. */
  readonly defaultMaxFeatures: MaxFeatures;
  /** Estimated time to grow all trees on one core. */
  forecastSeconds(shape: TableShape, params: ForestParams): number;
  /** @throws {InputError} when the engine does not support `params` */
  checkParams(params: ForestParams): void;
  /**
   * Grow the trees of a range; tree i depends on the rows, the parameters and i alone.
   *
   * @throws {InputError} when the rows do not match `info`, and as `checkParams`
   */
  growTrees(rows: BinnedRows, info: TrainingInfo, params: ForestParams, trees: TreeRange): Promise<Tree[]>;
}

export type EngineName = 'arvoredo' | 'ml-random-forest';
