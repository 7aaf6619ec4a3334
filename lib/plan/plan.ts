// The plan of a run: everything that follows from its parameters, worked out before anything is spent.

import type { DatasetSpec } from '../datasets/spec.ts';
import type { ClassLabel } from '../forest/model.ts';
import type { ForestParams } from '../forest/params.ts';
import type { RunParams } from './params.ts';
import type { Overrides } from './search/candidates.ts';
import type { Round } from './search/halving.ts';
import type { SearchSpec } from './search/spec.ts';

export interface Plan {
  params: RunParams;
  /** What a generator makes, or the shape of a user's data. */
  dataset: DatasetSpec | FileSpec;
  forest: ForestParams;
  /** 0 where values are predicted. */
  numClasses: number;
  numChunks: number;
  numTrain: number;
  numTest: number;
  /** Rows that are neither learnt from nor tested on, but scored. */
  numValidation: number;
  strategy: 'gather' | 'trees';
  /** Why this strategy, in words. */
  strategyReason: string;
  /** Trees of each training task, half-open. */
  treeGroups: [treeStart: number, treeEnd: number][];
  /** Seconds of one vCPU that growing all trees is expected to take, and leading rows out of bag down them. */
  growSeconds: number;
  /** What else is to be tried; the forest above is then that of the candidate that takes longest. */
  search?: SearchPlan;
}

/** Data of the user's. */
export interface FileSpec {
  generator: 'file';
  shape: DataShape;
}

export interface DataShape {
  numRows: number;
  numFeatures: number;
  /** 0 where values are predicted. */
  numClasses: number;
  /** What the classes are called. */
  classes: ClassLabel[];
  /** Partitions. */
  numParts: number;
  /** Rows of the largest one. */
  mostRows: number;
  /** Tasks that looked for rows, and that surveyed them; none where one task did it all. */
  numScans: number;
  numSurveys: number;
  /** Rows of the test and the validation side, where the data say it; undefined where the test size does. */
  numTest?: number;
  numValidation?: number;
  /** Bytes of a part in its file, about. */
  partBytes: number;
  /** Whether no value is missing, no feature categorical and no row weighted, as the trainer of classes needs it. */
  isPlain: boolean;
  /** Whether rows are weighted: with weights, trees are the general trainer's. */
  hasWeights: boolean;
}

export interface Candidate {
  params: Overrides;
  /** Of a run that grows this forest: for what it takes, and for the tasks that do it. */
  plan: Plan;
}

export interface SearchPlan {
  spec: SearchSpec;
  numFolds: number;
  candidates: Candidate[];
  rounds: Round[];
  /** How many times as long as the middle one the longest candidate is expected to take. */
  spread: number;
}
