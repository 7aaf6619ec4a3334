// The plan of a run: everything that follows from its parameters, computed before anything is spent.

import type { DatasetSpec } from '../datasets/spec.ts';
import type { ClassLabel } from '../forest/model.ts';
import type { ForestParams } from '../forest/params.ts';
import type { RunParams } from './params.ts';
import type { Overrides } from './search/candidates.ts';
import type { Round } from './search/halving.ts';
import type { SearchSpec } from './search/spec.ts';

export interface Plan {
  params: RunParams;
  /** The generator's options, or the shape of a user's data. */
  dataset: DatasetSpec | FileSpec;
  forest: ForestParams;
  /** 0 for regression. */
  numClasses: number;
  numChunks: number;
  numTrain: number;
  numTest: number;
  /** Rows of the validation split, which is scored separately. */
  numValidation: number;
  strategy: 'gather' | 'trees';
  /** The reason for the strategy, in words. */
  strategyReason: string;
  /** Trees of each training task, half-open. */
  treeGroups: [treeStart: number, treeEnd: number][];
  /** Forecast of the seconds of one vCPU to grow all trees, and to lead the out-of-bag rows down them. */
  growSeconds: number;
  /** The search; the forest above is then that of the candidate that takes longest. */
  search?: SearchPlan;
}

/** A user's data. */
export interface FileSpec {
  generator: 'file';
  shape: DataShape;
}

export interface DataShape {
  numRows: number;
  numFeatures: number;
  /** 0 for regression. */
  numClasses: number;
  /** Names of the classes. */
  classes: ClassLabel[];
  /** Number of partitions. */
  numParts: number;
  /** Rows of the largest partition. */
  mostRows: number;
  /** Tasks that searched for row boundaries, and that surveyed rows; 0 if a single task did both. */
  numScans: number;
  numSurveys: number;
  /** Rows of the test and the validation split, if the data name the splits; undefined if `testSize` does. */
  numTest?: number;
  numValidation?: number;
  /** Approximate number of bytes of a part in its file. */
  partBytes: number;
  /** Whether no value is missing, no feature is categorical and no row is weighted, as the classification trainer requires. */
  isPlain: boolean;
  /** Whether rows are weighted: only the general trainer supports weights. */
  hasWeights: boolean;
}

export interface Candidate {
  params: Overrides;
  /** Plan of a run that grows this forest: for its forecast, and for its tasks. */
  plan: Plan;
}

export interface SearchPlan {
  spec: SearchSpec;
  numFolds: number;
  candidates: Candidate[];
  rounds: Round[];
  /** Forecast time of the longest candidate divided by that of the median one. */
  spread: number;
}
