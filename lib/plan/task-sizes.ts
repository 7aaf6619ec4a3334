// The sizes from which the resources of a run's tasks follow: rows, nodes, bytes of objects and of working memory.
// Constants are measured; docs/cost.md says how.

import { forecastTrainer, TRAIN_THREADS } from '../forest/arvoredo-engine.ts';
import { SAMPLE_ROWS } from '../partition/sample.ts';
import { importanceRows } from './importance-rows.ts';
import type { DataShape, Plan } from './plan.ts';

export interface TaskSizes {
  /** Shape of a user's data; undefined for generated data. */
  shape?: DataShape;
  isRegression: boolean;
  /** Bytes of a file in one part; 0 for generated data. */
  fileBytes: number;
  /** Rows of a full partition, the share of them in the test and validation splits, and that many rows. */
  chunkRows: number;
  testShare: number;
  testRows: number;
  /** Rows of the sample from which bin edges are computed. */
  sampleRows: number;
  /** Permuted rows that each evaluate task predicts for the importances. */
  shuffledRows: number;
  /** Nodes of all trees. */
  numNodes: number;
  /** Share of the trees in the largest group. */
  largestGroup: number;
  /** Bytes of a label in an object. */
  labelBytes: number;
  /** Objects that a training task writes for out-of-bag rows, 0 or 1, and the bytes of one. */
  oobFiles: number;
  oobBytes: number;
  /** Bytes of other objects: value ranges, bin edges, a partition's share of the sample, the model, a partition's scores. */
  rangesBytes: number;
  edgesBytes: number;
  chunkSampleBytes: number;
  modelBytes: number;
  scoresBytes: number;
  /** Working memory of a task that grows the largest group of trees. */
  growBytes: number;
  /** Working memory per node for one use of the trees. */
  nodeBytes: NodeBytes;
  /** Bytes of a partition's rows as float32 values, and as one-byte codes. */
  rawBytes(rows: number): number;
  binnedBytes(rows: number): number;
}

interface NodeBytes {
  grow: number;
  merge: number;
  evaluate: number;
  /** In the file of the model. */
  model: number;
}

/** A result and its envelope. */
export const RESULT_BYTES = 500;
/** Bin edges of one feature in memory, for each edge. */
export const EDGE_BYTES = 100;
/** Edges of a feature at most. */
export const MAX_EDGES = 255;

// With two classes: samples, packed codes and cuts 12, copies up to 15, keys 8 with more than two classes, nodes and
// leaves; 19 to 21 measured. Regression: the same, but keys and leaves take 16, and equal leaves must be distinguished.
const THREAD_ROW_BYTES = { classes: 44, values: 100 };
/** The nodes of the general trainer are objects: those of the current tree in each thread. */
const GENERAL_BYTES = { perRow: 40, perNode: 500 };
/** The leaves of a classification tree hold one or two classes; those of a regression tree a value and a weight. */
const CLASS_NODE_BYTES: NodeBytes = { grow: 12, merge: 20, evaluate: 30, model: 5.05 };
const VALUE_NODE_BYTES: NodeBytes = { grow: 28, merge: 40, evaluate: 40, model: 5.05 };
/** For regression trees from the general trainer. */
const GENERAL_VALUE_NODE_BYTES: NodeBytes = { ...VALUE_NODE_BYTES, grow: 48, merge: 62 };
/** A leaf with its own value and weight. Trees share the leaves of a single training row: 4.1 per row measured. */
const VALUE_LEAF = { bytes: 24, perRow: 4.2 };
const CALIBRATION_BYTES = 1700;
/** Scores of a test partition in regression: a cell of the density or a step of the residuals for each row. */
const VALUE_SCORE_BYTES = { perRow: 20, most: 50_000, perFeature: 120 };

/** The sizes of a run without a search. */
export function taskSizes(plan: Plan): TaskSizes {
  const { numChunks, numTest, numValidation, numTrain, treeGroups, numClasses } = plan;
  const { samples, features, trees, oobScore } = plan.params;
  const isRegression = numClasses === 0;
  const shape = plan.dataset.generator === 'file' ? plan.dataset.shape : undefined;
  const chunkRows = Math.min(plan.params.chunkSize, samples);
  const testShare = (numTest + numValidation) / samples;
  const sampleRows = Math.min(samples, SAMPLE_ROWS);
  const numNodes = trees * nodesPerTree(plan);
  const largestGroup = Math.max(...treeGroups.map(([start, end]) => end - start)) / trees;
  const shuffledRows = Math.ceil((importanceRows(plan) * features) / numChunks);
  const labelBytes = isRegression ? 8 : 2;
  // sums, count and label of each row
  const oobBytes = oobScore ? numTrain * (8 * Math.max(1, numClasses) + 4 + labelBytes) : 0;

  const trainer = forecastTrainer({ ...shape, numRows: numTrain, numFeatures: features, numClasses }, plan.forest);
  const valueNodeBytes = trainer === 'general' ? GENERAL_VALUE_NODE_BYTES : VALUE_NODE_BYTES;
  const nodeBytes = isRegression ? valueNodeBytes : CLASS_NODE_BYTES;
  const threadBytes =
    trainer === 'general'
      ? numTrain * GENERAL_BYTES.perRow + nodesPerTree(plan) * GENERAL_BYTES.perNode
      : numTrain * THREAD_ROW_BYTES[trainer === 'values' || isRegression ? 'values' : 'classes'];
  // partitions as received, and concatenated; packed codes, and the scratch memory of threads; out-of-bag sums in each
  // thread and in the file
  const growBytes =
    numTrain * (3 * (features + 4 + labelBytes) + features + labelBytes) +
    TRAIN_THREADS * threadBytes +
    (TRAIN_THREADS + 1) * oobBytes +
    MAX_EDGES * features * EDGE_BYTES +
    numNodes * largestGroup * nodeBytes.grow;

  const testRows = Math.ceil(chunkRows * testShare);
  return {
    shape,
    isRegression,
    fileBytes: shape?.partBytes ?? 0,
    chunkRows,
    testShare,
    testRows,
    sampleRows,
    shuffledRows,
    numNodes,
    largestGroup,
    labelBytes,
    oobFiles: oobScore ? 1 : 0,
    oobBytes,
    rangesBytes: 40 * features + RESULT_BYTES,
    edgesBytes: (MAX_EDGES + (shuffledRows > 0 ? 64 : 0)) * 10 * features + RESULT_BYTES,
    chunkSampleBytes: ((sampleRows * chunkRows) / samples) * (4 * features + 8),
    modelBytes: numNodes * nodeBytes.model + distinctLeaves(plan, numNodes) * VALUE_LEAF.bytes,
    scoresBytes: scoresBytes(plan, testRows, shuffledRows > 0),
    growBytes,
    nodeBytes,
    rawBytes: (rows) => rows * (4 * features + 4 + labelBytes),
    binnedBytes: (rows) => rows * (features + 4 + labelBytes),
  };
}

/** Bytes of the scores of one test partition. */
function scoresBytes({ numClasses, params }: Plan, testRows: number, hasImportances: boolean): number {
  const { features, trees } = params;
  if (numClasses === 0) {
    const rowBytes = Math.min(testRows * VALUE_SCORE_BYTES.perRow, VALUE_SCORE_BYTES.most);
    return rowBytes + (hasImportances ? VALUE_SCORE_BYTES.perFeature * features : 0) + RESULT_BYTES;
  }
  // a count for each probability that occurs, by class and by whether it is the row's class
  const numScores = 2 * Math.min(testRows, trees + 1) * (numClasses === 2 ? 1 : numClasses);
  return 24 * Math.min(numScores, 4000) + CALIBRATION_BYTES + (hasImportances ? 18 * features : 0) + RESULT_BYTES;
}

/** Distinct leaves in the file of a regression forest; 0 for classification. */
function distinctLeaves({ numClasses, numTrain, forest }: Plan, numNodes: number): number {
  if (numClasses > 0) return 0;
  const { maxDepth, minSamplesLeaf, maxLeafNodes = null } = forest;
  const isPure = maxDepth === null && minSamplesLeaf === 1 && maxLeafNodes === null;
  return Math.min(numNodes / 2, isPure ? VALUE_LEAF.perRow * numTrain : Number.POSITIVE_INFINITY);
}

/**
 * Nodes of one tree, grown until its leaves are pure: the noisier the labels, the more nodes. Measured: 0.117 of the
 * training rows for the reference job, 0.22 with a fifth of the labels redrawn, 0.17 for 3 classes, 0.44 for 10, 0.32 for
 * logistic data. Extra-trees, whose cuts are random, have three times as many: 0.36 and 1.5. Where all values differ, a
 * leaf holds one: 1.27 with bootstrap, as 0.632 of the rows are in a tree, and 2 without.
 */
function nodesPerTree({ dataset, numClasses, numTrain, forest }: Plan): number {
  const share =
    dataset.generator === 'hypercube' ? 0.11 + 0.55 * (dataset.flipY ?? 0.01) + 0.04 * (numClasses - 2) : 0.33;
  const { maxDepth, minSamplesLeaf = 1, maxLeafNodes = null, splitter, bootstrap } = forest;
  const classificationShare = Math.min(share, 0.7) * (splitter === 'random' ? 3 : 1);
  const byRows = numTrain * (numClasses > 0 ? classificationShare : bootstrap ? 1.27 : 2);
  const byLeaves = minSamplesLeaf >= 1 ? (2 * numTrain) / minSamplesLeaf : 2 / minSamplesLeaf;
  const byDepth = maxDepth === null ? Number.POSITIVE_INFINITY : 2 ** (maxDepth + 1) - 1;
  const byMostLeaves = maxLeafNodes === null ? Number.POSITIVE_INFINITY : 2 * maxLeafNodes - 1;
  return Math.max(1, Math.ceil(Math.min(byRows, byLeaves, byDepth, byMostLeaves)));
}
