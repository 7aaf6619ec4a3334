// The trainers to choose from, behind one interface: any grouping of trees gives the same bytes.

import type { BinnedRows } from '../partition/rows.ts';
import type { TrainingInfo } from './packed-rows.ts';
import type { ForestParams, MaxFeatures } from './params.ts';
import type { Tree } from './tree.ts';
import type { BeforeTree } from './tree-queue.ts';

export interface TableShape {
  numRows: number;
  numFeatures: number;
  /** 0 for values. */
  numClasses: number;
  /** Whether no value is missing, no feature categorical and no row weighted. @default true */
  isPlain?: boolean;
  /** @default false */
  hasWeights?: boolean;
}

/** Trees [treeStart, treeEnd) of a forest. */
export interface TreeRange {
  treeStart: number;
  treeEnd: number; // exclusive
  /** @default nothing calls the work off */
  beforeTree?: BeforeTree;
}

export interface ForestEngine {
  readonly name: EngineName;
  /** What to use for `maxFeatures` when nothing is asked for. */
  readonly defaultMaxFeatures: MaxFeatures;
  /** Rough time to grow all trees on one core. */
  forecastSeconds(shape: TableShape, params: ForestParams): number;
  /** @throws {InputError} when the engine can't do what `params` ask for */
  checkParams(params: ForestParams): void;
  /**
   * Grow the trees of a range; tree i depends on the rows, the parameters and i alone.
   *
   * @throws {InputError} when the rows don't fit `info`, or as `checkParams`
   */
  growTrees(rows: BinnedRows, info: TrainingInfo, params: ForestParams, trees: TreeRange): Promise<Tree[]>;
}

export type EngineName = 'arvoredo' | 'ml-random-forest';
