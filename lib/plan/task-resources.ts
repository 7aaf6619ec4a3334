// What each task of a run needs: seconds, memory, requests, bytes. All measured constants of the forecast are here, with
// the growing of trees in lib/forest; docs/cost.md says how they were taken.

import { forecastTrainer, TRAIN_THREADS } from '../forest/arvoredo-engine.ts';
import { SAMPLE_ROWS } from '../partition/sample.ts';
import { STORE_REQUESTS } from '../store/task.ts';
import type { Plan } from './plan.ts';

const MAX_ROWS = 2000;
const MIN_ROWS = 100; // fewer say nothing
/** Rows x features x trees: 0.2 s of one core for fully grown trees. */
const MAX_WORK = 4_000_000;
/** Values of the rows drawn anew, which has each row once for each feature: 80 MB of them. */
const MAX_VALUES = 20_000_000;

export type TaskKind =
  | 'scan'
  | 'survey'
  | 'generate'
  | 'bins'
  | 'split'
  | 'fit'
  | 'grow'
  | 'merge'
  | 'fold'
  | 'evaluate';

/** The needs of one task, the largest of its kind. */
export interface TaskResources {
  kind: TaskKind;
  /** The function that does it. */
  stage: 'generate' | 'split' | 'train' | 'evaluate';
  numTasks: number;
  /** On vCPUs of its own, in a warm sandbox. */
  seconds: number;
  /** Resident memory at most, in MiB. */
  peakMiB: number;
  s3Reads: number;
  s3Writes: number;
  bytesWritten: number;
  bytesRead: number;
  /** What the first task of a sandbox needs besides. */
  first: { seconds: number; s3Reads: number; bytesRead: number };
}

/** A request to S3 from a function of its region. The emulator takes less. */
const REQUEST_SECONDS = 0.02;
const GENERATE_SECONDS = { perValue: 150e-9, perClusterFeature: 30e-9 };
/** Of a byte of a text file: 1 GB of numbers and quoted texts, November 2026; other formats take about as long. */
const FILE_SECONDS_PER_BYTE = { scan: 5e-9, survey: 22e-9, ingest: 25e-9 };
/** Of a byte of a file: the bytes as they come and end to end, and where each cell is. */
const FILE_BYTES_PER_BYTE = 12;
const BINS_SECONDS = { perRow: 4e-6, perValue: 0.25e-6 };
const SPLIT_SECONDS_PER_VALUE = 150e-9;
const FOLD_SECONDS_PER_VALUE = 20e-9;
const GATHER_SECONDS_PER_VALUE = 5e-9;
/** The importances take two thirds of it. */
const MERGE_SECONDS_PER_NODE = 150e-9;
/** Of a node to read and to lay out, and of a row in a tree: trees of values are larger. */
const EVALUATE_SECONDS = {
  ofClasses: { load: 70e-9, perRowAndTree: 200e-9 },
  ofValues: { load: 100e-9, perRowAndTree: 250e-9 },
};
/** How much sooner the threads of the train function are done. */
const THREADS_GAIN = 1.6;

/** Node and the bundle. */
const BASE_BYTES = 70 * 1024 ** 2;
/** What a task leaves behind is collected late: a sandbox holds that of several, up to some size. */
const LEFT_BYTES = 64 * 1024 ** 2;
const LEFT_TASKS = 8;
const GENERATE_BYTES_PER_VALUE = 9;
const BINS_BYTES = { perValue: 12, perRow: 120 };
const SPLIT_BYTES_PER_VALUE = 18;
const EDGE_BYTES = 100;
// of classes: entries, words and cuts 12, copies up to 15, keys 8 with more than two classes, nodes and leaves; 19 to 21
// measured for two. Of values: the same, but keys and leaves of 16, and what tells equal leaves apart
const THREAD_ROW_BYTES = { classes: 44, values: 100 };
/** The general trainer's nodes are objects, those of the tree at hand in each thread. */
const GENERAL_BYTES = { perRow: 40, perNode: 500 };
/** Of a node: its leaves hold a class or two, or a value and a weight of their own. */
const CLASS_NODE_BYTES = { grow: 12, merge: 20, evaluate: 30, model: 5.05 };
const VALUE_NODE_BYTES = { grow: 28, merge: 40, evaluate: 40, model: 5.05 };
/** As the general trainer leaves them. */
const GENERAL_VALUE_NODE_BYTES = { ...VALUE_NODE_BYTES, grow: 48, merge: 62 };
const EVALUATE_BYTES_PER_VALUE = 12;
/** Of a leaf with a value and a weight of its own. Trees share those of one training row: measured 4.1 for each row. */
const VALUE_LEAF = { bytes: 24, perRow: 4.2 };

const RESULT_BYTES = 500;
const CALIBRATION_BYTES = 1700;
/** Of a test partition's scores where values are predicted: a cell of the density or a step of the residuals for each row. */
const VALUE_SCORE_BYTES = { perRow: 20, most: 50_000, perFeature: 120 };

export function needsOfOne(plan: Plan): TaskResources[] {
  const { numChunks, numTest, numValidation, numTrain, treeGroups, growSeconds, numClasses } = plan;
  const { samples, features, trees, oobScore, folds = 0 } = plan.params;
  const chunkRows = Math.min(plan.params.chunkSize, samples);
  const testShare = (numTest + numValidation) / samples;
  const testRows = Math.ceil(chunkRows * testShare);
  const sampleRows = Math.min(samples, SAMPLE_ROWS);
  const numNodes = trees * nodesPerTree(plan);
  const largest = Math.max(...treeGroups.map(([start, end]) => end - start)) / trees;

  // rows of the sample for the importances, each once with every feature's values drawn anew
  const shuffledRows = Math.ceil((importanceRows(plan) * features) / numChunks);

  const isOfValues = numClasses === 0;
  const shape = plan.dataset.generator === 'file' ? plan.dataset.shape : undefined;
  const trainer = forecastTrainer({ ...shape, numRows: numTrain, numFeatures: features, numClasses }, plan.forest);
  const valueNodeBytes = trainer === 'general' ? GENERAL_VALUE_NODE_BYTES : VALUE_NODE_BYTES;
  const nodeBytes = isOfValues ? valueNodeBytes : CLASS_NODE_BYTES;
  const evaluateSeconds = isOfValues ? EVALUATE_SECONDS.ofValues : EVALUATE_SECONDS.ofClasses;
  const labelBytes = isOfValues ? 8 : 2;
  const rawBytes = (rows: number) => rows * (4 * features + 4 + labelBytes);
  const binnedBytes = (rows: number) => rows * (features + 4 + labelBytes);
  const rangesBytes = 40 * features + RESULT_BYTES;
  const edgesBytes = (255 + (shuffledRows > 0 ? 64 : 0)) * 10 * features + RESULT_BYTES;
  const chunkSampleBytes = ((sampleRows * chunkRows) / samples) * (4 * features + 8);
  const modelBytes = numNodes * nodeBytes.model + valueLeaves(plan, numNodes) * VALUE_LEAF.bytes;
  // a count for each probability that occurs, by class and whether it is the row's
  const numScores = 2 * Math.min(testRows, trees + 1) * (numClasses === 2 ? 1 : numClasses);
  const classScoresBytes = 24 * Math.min(numScores, 4000) + CALIBRATION_BYTES + (shuffledRows > 0 ? 18 * features : 0);
  const valueScoresBytes =
    Math.min(testRows * VALUE_SCORE_BYTES.perRow, VALUE_SCORE_BYTES.most) +
    (shuffledRows > 0 ? VALUE_SCORE_BYTES.perFeature * features : 0);
  const scoresBytes = (isOfValues ? valueScoresBytes : classScoresBytes) + RESULT_BYTES;
  // in the kernel's memory, or for the threads of the general trainer
  const packedBytes = features + labelBytes;
  const threadBytes =
    trainer === 'general'
      ? numTrain * GENERAL_BYTES.perRow + nodesPerTree(plan) * GENERAL_BYTES.perNode
      : numTrain * THREAD_ROW_BYTES[trainer === 'values' || isOfValues ? 'values' : 'classes'];
  // sums, count and label of each row
  const oobBytes = oobScore ? numTrain * (8 * Math.max(1, numClasses) + 4 + labelBytes) : 0;
  const oobFiles = oobScore ? 1 : 0;

  const mib = (bytes: number) => Math.ceil((BASE_BYTES + bytes) / 1024 ** 2);
  const tasksBefore = numChunks / Math.min(plan.params.workers, numChunks) - 1; // in the same sandbox
  const withLeft = (bytes: number) => bytes + Math.min(LEFT_BYTES, Math.min(LEFT_TASKS, tasksBefore) * bytes);
  // partitions as bodies, as they come, and end to end; packed, and the scratch memory of threads; sums in each and a file
  const growBytes =
    numTrain * (3 * (features + 4 + labelBytes) + packedBytes) +
    TRAIN_THREADS * threadBytes +
    (TRAIN_THREADS + 1) * oobBytes +
    255 * features * EDGE_BYTES +
    numNodes * largest * nodeBytes.grow;
  const requests = (count: number) => count * REQUEST_SECONDS;
  const atOnce = (count: number) => Math.ceil(count / STORE_REQUESTS);
  // every sandbox reads run.json once
  const first = { seconds: requests(1), s3Reads: 1, bytesRead: RESULT_BYTES };
  const chunkTask = { numTasks: numChunks, first };

  const fileBytes = shape?.partBytes ?? 0;
  const ofFile = (kind: 'scan' | 'survey', numTasks: number): TaskResources[] => {
    if (numTasks === 0) return [];
    return [
      {
        kind,
        stage: 'generate',
        numTasks,
        first,
        seconds: requests(4) + fileBytes * FILE_SECONDS_PER_BYTE[kind],
        peakMiB: mib(withLeft(fileBytes * FILE_BYTES_PER_BYTE)),
        s3Reads: 4,
        s3Writes: 1,
        bytesWritten: rangesBytes,
        bytesRead: fileBytes,
      },
    ];
  };

  return [
    ...ofFile('scan', shape?.numScans ?? 0),
    ...ofFile('survey', shape?.numSurveys ?? 0),
    {
      ...chunkTask,
      kind: 'generate',
      stage: 'generate',
      seconds: shape
        ? requests(7) + fileBytes * FILE_SECONDS_PER_BYTE.ingest
        : requests(4) +
          chunkRows * features * GENERATE_SECONDS.perValue +
          chunkRows * clusterFeatures(plan) * GENERATE_SECONDS.perClusterFeature,
      peakMiB: mib(withLeft(chunkRows * (features + 1) * GENERATE_BYTES_PER_VALUE + fileBytes * FILE_BYTES_PER_BYTE)),
      s3Reads: shape ? 5 : 1,
      s3Writes: 3,
      bytesWritten: rawBytes(chunkRows) + chunkSampleBytes + rangesBytes,
      bytesRead: fileBytes,
    },
    {
      kind: 'bins',
      stage: 'split',
      numTasks: 1,
      first,
      seconds:
        requests(2 + 2 * atOnce(numChunks)) + sampleRows * (features * BINS_SECONDS.perValue + BINS_SECONDS.perRow),
      peakMiB: mib(sampleRows * (features * BINS_BYTES.perValue + BINS_BYTES.perRow)),
      s3Reads: 1 + 2 * numChunks,
      s3Writes: 1,
      bytesWritten: edgesBytes,
      bytesRead: numChunks * (chunkSampleBytes + rangesBytes),
    },
    {
      ...chunkTask,
      kind: 'split',
      stage: 'split',
      seconds: requests(4) + chunkRows * features * SPLIT_SECONDS_PER_VALUE,
      peakMiB: mib(withLeft(chunkRows * (features + 1) * SPLIT_BYTES_PER_VALUE) + 255 * features * EDGE_BYTES),
      s3Reads: 3,
      s3Writes: 3,
      bytesWritten: binnedBytes(chunkRows * (1 - testShare)) + rawBytes(testRows) + RESULT_BYTES,
      bytesRead: rawBytes(chunkRows) + edgesBytes,
    },
    {
      kind: 'grow',
      stage: 'train',
      numTasks: treeGroups.length,
      seconds: requests(4 + oobFiles) + (growSeconds * largest) / THREADS_GAIN,
      peakMiB: mib(growBytes),
      s3Reads: 2,
      s3Writes: 2 + oobFiles,
      bytesWritten: modelBytes / treeGroups.length + oobBytes + RESULT_BYTES,
      bytesRead: edgesBytes,
      first: {
        seconds: requests(1 + atOnce(numChunks)) + numTrain * features * GATHER_SECONDS_PER_VALUE,
        s3Reads: 1 + numChunks,
        bytesRead: binnedBytes(numTrain),
      },
    },
    ...(folds === 0
      ? []
      : [
          {
            kind: 'fold' as const,
            stage: 'train' as const,
            numTasks: folds,
            first,
            seconds:
              requests(2) +
              (growSeconds * (1 - 1 / folds)) / THREADS_GAIN +
              numTrain * features * FOLD_SECONDS_PER_VALUE,
            // the rows of the fold and the others once more, all trees, and the values that are predicted
            peakMiB: mib(growBytes + numTrain * (2 * features + 4 + labelBytes) + numNodes * nodeBytes.evaluate),
            s3Reads: 2,
            s3Writes: 1,
            bytesWritten: scoresBytes,
            bytesRead: edgesBytes,
          },
        ]),
    {
      kind: 'merge',
      stage: 'train',
      numTasks: 1,
      first,
      seconds:
        requests(3 + atOnce(treeGroups.length) + oobFiles * treeGroups.length) + numNodes * MERGE_SECONDS_PER_NODE,
      // in a sandbox that has grown trees
      peakMiB: mib(growBytes + numNodes * nodeBytes.merge),
      s3Reads: 2 + oobFiles + (1 + oobFiles) * treeGroups.length,
      s3Writes: 2,
      bytesWritten: modelBytes + RESULT_BYTES,
      bytesRead: modelBytes + edgesBytes + oobBytes * treeGroups.length,
    },
    {
      kind: 'evaluate',
      stage: 'evaluate',
      numTasks: numChunks,
      seconds: requests(3) + (testRows + shuffledRows) * trees * evaluateSeconds.perRowAndTree,
      peakMiB: mib(
        numNodes * nodeBytes.evaluate +
          (testRows + shuffledRows) * (features * EVALUATE_BYTES_PER_VALUE + 24 * Math.max(1, numClasses)),
      ),
      s3Reads: 3,
      s3Writes: 1,
      bytesWritten: scoresBytes,
      bytesRead: rawBytes(testRows) + edgesBytes,
      first: {
        seconds: requests(2) + numNodes * evaluateSeconds.load,
        s3Reads: 2,
        bytesRead: modelBytes,
      },
    },
  ];
}

/** Products that the true parameters of the generator ask for of each row. */
function clusterFeatures({ dataset, numClasses }: Plan): number {
  if (dataset.generator !== 'hypercube') return 0;
  return numClasses * (dataset.clustersPerClass ?? 2) * (dataset.informative ?? 2);
}

/** Leaves that the model's file tells apart, where values are predicted. */
function valueLeaves({ numClasses, numTrain, forest }: Plan, numNodes: number): number {
  if (numClasses > 0) return 0;
  const { maxDepth, minSamplesLeaf, maxLeafNodes = null } = forest;
  const isPure = maxDepth === null && minSamplesLeaf === 1 && maxLeafNodes === null;
  return Math.min(numNodes / 2, isPure ? VALUE_LEAF.perRow * numTrain : Number.POSITIVE_INFINITY);
}

/**
 * Nodes of one tree, grown until its leaves are pure: the more rows are labelled against their neighbours, the more.
 * Measured: 0.117 of the training rows for the seed's data, 0.22 with a fifth of the labels drawn anew, 0.17 for 3
 * classes, 0.44 for 10, 0.32 for logistic data. Extra-trees, whose cuts are random, have three times as many: 0.36 and 1.5.
 * Where all values differ, a leaf holds one: 1.27 with bootstrap, as 0.632 of the rows are in a tree, and 2 without.
 */
function nodesPerTree({ dataset, numClasses, numTrain, forest }: Plan): number {
  const share =
    dataset.generator === 'hypercube' ? 0.11 + 0.55 * (dataset.flipY ?? 0.01) + 0.04 * (numClasses - 2) : 0.33;
  const { maxDepth, minSamplesLeaf = 1, maxLeafNodes = null, splitter, bootstrap } = forest;
  const ofClasses = Math.min(share, 0.7) * (splitter === 'random' ? 3 : 1);
  const byRows = numTrain * (numClasses > 0 ? ofClasses : bootstrap ? 1.27 : 2);
  const byLeaves = minSamplesLeaf >= 1 ? (2 * numTrain) / minSamplesLeaf : 2 / minSamplesLeaf;
  const byDepth = maxDepth === null ? Number.POSITIVE_INFINITY : 2 ** (maxDepth + 1) - 1;
  const byMostLeaves = maxLeafNodes === null ? Number.POSITIVE_INFINITY : 2 * maxLeafNodes - 1;
  return Math.max(1, Math.ceil(Math.min(byRows, byLeaves, byDepth, byMostLeaves)));
}

/**
 * About how many test rows are in the sample; 0 where a few rows would take too long, or too much memory. Of a run with a
 * search as many as the candidate with the fewest trees allows.
 */
export function importanceRows({ params, numTest, forest, search }: Plan): number {
  if (search) return search.candidates.reduce((most, { plan }) => Math.max(most, importanceRows(plan)), 0);
  const { features } = params;
  const affordable = Math.floor(Math.min(MAX_WORK / (features * forest.numTrees), MAX_VALUES / features ** 2));
  return affordable < MIN_ROWS ? 0 : Math.min(MAX_ROWS, affordable, numTest);
}
