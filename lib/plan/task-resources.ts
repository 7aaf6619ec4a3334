// The resources of each kind of task of a run: seconds, memory, requests, bytes. Constants are measured, with the time
// for growing trees in lib/forest; docs/cost.md says how.

import { STORE_REQUESTS } from '../store/task.ts';
import type { Plan } from './plan.ts';
import { EDGE_BYTES, MAX_EDGES, RESULT_BYTES, type TaskSizes, taskSizes } from './task-sizes.ts';

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

/** The resources of one task, the largest of its kind. */
export interface TaskResources {
  kind: TaskKind;
  /** The function that runs it. */
  stage: 'generate' | 'split' | 'train' | 'evaluate';
  numTasks: number;
  /** In a warm sandbox that shares its vCPUs with no one. */
  seconds: number;
  /** Largest resident memory, in MiB. */
  peakMiB: number;
  s3Reads: number;
  s3Writes: number;
  bytesWritten: number;
  bytesRead: number;
  /** What the first task of a sandbox needs in addition. */
  first: { seconds: number; s3Reads: number; bytesRead: number };
}

/** A request to S3 from a function in the same region. The emulator takes less. */
const REQUEST_SECONDS = 0.02;
const GENERATE_SECONDS = { perValue: 150e-9, perClusterFeature: 30e-9 };
/** Per byte of a text file: 1 GB of numbers and quoted texts, November 2026; other formats take about as long. */
const FILE_SECONDS_PER_BYTE = { scan: 5e-9, survey: 22e-9, ingest: 25e-9 };
/** Per byte of a file: the bytes as received and concatenated, and the position of each cell. */
const FILE_BYTES_PER_BYTE = 12;
const BINS_SECONDS = { perRow: 4e-6, perValue: 0.25e-6 };
const SPLIT_SECONDS_PER_VALUE = 150e-9;
const FOLD_SECONDS_PER_VALUE = 20e-9;
const GATHER_SECONDS_PER_VALUE = 5e-9;
/** The importances take two thirds of it. */
const MERGE_SECONDS_PER_NODE = 150e-9;
/** To read and lay out a node, and to lead a row down a tree: regression trees are larger. */
const EVALUATE_SECONDS = {
  classification: { load: 70e-9, perRowAndTree: 200e-9 },
  regression: { load: 100e-9, perRowAndTree: 250e-9 },
};
/** How many times faster the threads of the train function are than one. */
const THREADS_GAIN = 1.6;

/** Node.js and the bundle. */
const BASE_BYTES = 70 * 1024 ** 2;
/** Garbage of earlier tasks is collected late: a sandbox holds that of several tasks, up to a limit. */
const GARBAGE_BYTES = 64 * 1024 ** 2;
const GARBAGE_TASKS = 8;
const GENERATE_BYTES_PER_VALUE = 9;
const BINS_BYTES = { perValue: 12, perRow: 120 };
const SPLIT_BYTES_PER_VALUE = 18;
const EVALUATE_BYTES_PER_VALUE = 12;

/** Every sandbox reads run.json once. */
const READ_RUN = { seconds: REQUEST_SECONDS, s3Reads: 1, bytesRead: RESULT_BYTES };

/** The resources of each kind of task of a run without a search, in the order in which they run. */
export function trainingTaskResources(plan: Plan): TaskResources[] {
  const sizes = taskSizes(plan);
  const { folds = 0 } = plan.params;
  return [
    ...fileTasks('scan', sizes.shape?.numScans ?? 0, plan, sizes),
    ...fileTasks('survey', sizes.shape?.numSurveys ?? 0, plan, sizes),
    generateTasks(plan, sizes),
    binsTask(plan, sizes),
    splitTasks(plan, sizes),
    growTasks(plan, sizes),
    ...(folds > 0 ? [foldTasks(plan, sizes, folds)] : []),
    mergeTask(plan, sizes),
    evaluateTasks(plan, sizes),
  ];
}

function fileTasks(kind: 'scan' | 'survey', numTasks: number, plan: Plan, sizes: TaskSizes): TaskResources[] {
  if (numTasks === 0) return [];
  const { fileBytes, rangesBytes } = sizes;
  return [
    {
      kind,
      stage: 'generate',
      numTasks,
      seconds: requestSeconds(4) + fileBytes * FILE_SECONDS_PER_BYTE[kind],
      peakMiB: peakMiB(withGarbage(fileBytes * FILE_BYTES_PER_BYTE, plan)),
      s3Reads: 4,
      s3Writes: 1,
      bytesWritten: rangesBytes,
      bytesRead: fileBytes,
      first: READ_RUN,
    },
  ];
}

function generateTasks(plan: Plan, sizes: TaskSizes): TaskResources {
  const { shape, fileBytes, chunkRows } = sizes;
  const { features } = plan.params;
  const generateSeconds =
    chunkRows * features * GENERATE_SECONDS.perValue +
    chunkRows * clusterFeatures(plan) * GENERATE_SECONDS.perClusterFeature;
  const bytes = chunkRows * (features + 1) * GENERATE_BYTES_PER_VALUE + fileBytes * FILE_BYTES_PER_BYTE;
  return {
    kind: 'generate',
    stage: 'generate',
    numTasks: plan.numChunks,
    seconds: shape ? requestSeconds(7) + fileBytes * FILE_SECONDS_PER_BYTE.ingest : requestSeconds(4) + generateSeconds,
    peakMiB: peakMiB(withGarbage(bytes, plan)),
    s3Reads: shape ? 5 : 1,
    s3Writes: 3,
    bytesWritten: sizes.rawBytes(chunkRows) + sizes.chunkSampleBytes + sizes.rangesBytes,
    bytesRead: fileBytes,
    first: READ_RUN,
  };
}

function binsTask({ numChunks, params: { features } }: Plan, sizes: TaskSizes): TaskResources {
  const { sampleRows } = sizes;
  return {
    kind: 'bins',
    stage: 'split',
    numTasks: 1,
    seconds:
      requestSeconds(2 + 2 * rounds(numChunks)) + sampleRows * (features * BINS_SECONDS.perValue + BINS_SECONDS.perRow),
    peakMiB: peakMiB(sampleRows * (features * BINS_BYTES.perValue + BINS_BYTES.perRow)),
    s3Reads: 1 + 2 * numChunks,
    s3Writes: 1,
    bytesWritten: sizes.edgesBytes,
    bytesRead: numChunks * (sizes.chunkSampleBytes + sizes.rangesBytes),
    first: READ_RUN,
  };
}

function splitTasks(plan: Plan, sizes: TaskSizes): TaskResources {
  const { chunkRows, testShare, testRows, edgesBytes } = sizes;
  const { features } = plan.params;
  const bytes = withGarbage(chunkRows * (features + 1) * SPLIT_BYTES_PER_VALUE, plan);
  return {
    kind: 'split',
    stage: 'split',
    numTasks: plan.numChunks,
    seconds: requestSeconds(4) + chunkRows * features * SPLIT_SECONDS_PER_VALUE,
    peakMiB: peakMiB(bytes + MAX_EDGES * features * EDGE_BYTES),
    s3Reads: 3,
    s3Writes: 3,
    bytesWritten: sizes.binnedBytes(chunkRows * (1 - testShare)) + sizes.rawBytes(testRows) + RESULT_BYTES,
    bytesRead: sizes.rawBytes(chunkRows) + edgesBytes,
    first: READ_RUN,
  };
}

function growTasks({ numChunks, numTrain, treeGroups, growSeconds, params }: Plan, sizes: TaskSizes): TaskResources {
  const { oobFiles, oobBytes, largestGroup } = sizes;
  return {
    kind: 'grow',
    stage: 'train',
    numTasks: treeGroups.length,
    seconds: requestSeconds(4 + oobFiles) + (growSeconds * largestGroup) / THREADS_GAIN,
    peakMiB: peakMiB(sizes.growBytes),
    s3Reads: 2,
    s3Writes: 2 + oobFiles,
    bytesWritten: sizes.modelBytes / treeGroups.length + oobBytes + RESULT_BYTES,
    bytesRead: sizes.edgesBytes,
    first: {
      seconds: requestSeconds(1 + rounds(numChunks)) + numTrain * params.features * GATHER_SECONDS_PER_VALUE,
      s3Reads: 1 + numChunks,
      bytesRead: sizes.binnedBytes(numTrain),
    },
  };
}

function foldTasks(plan: Plan, sizes: TaskSizes, folds: number): TaskResources {
  const { numTrain, growSeconds } = plan;
  const { features } = plan.params;
  // in addition to training: the rows of the fold and once more the others, all trees, and the predicted values
  const predictBytes = numTrain * (2 * features + 4 + sizes.labelBytes) + sizes.numNodes * sizes.nodeBytes.evaluate;
  return {
    kind: 'fold',
    stage: 'train',
    numTasks: folds,
    seconds:
      requestSeconds(2) + (growSeconds * (1 - 1 / folds)) / THREADS_GAIN + numTrain * features * FOLD_SECONDS_PER_VALUE,
    peakMiB: peakMiB(sizes.growBytes + predictBytes),
    s3Reads: 2,
    s3Writes: 1,
    bytesWritten: sizes.scoresBytes,
    bytesRead: sizes.edgesBytes,
    first: READ_RUN,
  };
}

function mergeTask({ treeGroups }: Plan, sizes: TaskSizes): TaskResources {
  const { oobFiles, oobBytes, numNodes, modelBytes } = sizes;
  const numGroups = treeGroups.length;
  return {
    kind: 'merge',
    stage: 'train',
    numTasks: 1,
    seconds: requestSeconds(3 + rounds(numGroups) + oobFiles * numGroups) + numNodes * MERGE_SECONDS_PER_NODE,
    // in a sandbox that has grown trees before
    peakMiB: peakMiB(sizes.growBytes + numNodes * sizes.nodeBytes.merge),
    s3Reads: 2 + oobFiles + (1 + oobFiles) * numGroups,
    s3Writes: 2,
    bytesWritten: modelBytes + RESULT_BYTES,
    bytesRead: modelBytes + sizes.edgesBytes + oobBytes * numGroups,
    first: READ_RUN,
  };
}

function evaluateTasks({ numChunks, numClasses, params }: Plan, sizes: TaskSizes): TaskResources {
  const { testRows, shuffledRows, numNodes } = sizes;
  const seconds = sizes.isRegression ? EVALUATE_SECONDS.regression : EVALUATE_SECONDS.classification;
  const rowBytes = params.features * EVALUATE_BYTES_PER_VALUE + 24 * Math.max(1, numClasses);
  return {
    kind: 'evaluate',
    stage: 'evaluate',
    numTasks: numChunks,
    seconds: requestSeconds(3) + (testRows + shuffledRows) * params.trees * seconds.perRowAndTree,
    peakMiB: peakMiB(numNodes * sizes.nodeBytes.evaluate + (testRows + shuffledRows) * rowBytes),
    s3Reads: 3,
    s3Writes: 1,
    bytesWritten: sizes.scoresBytes,
    bytesRead: sizes.rawBytes(testRows) + sizes.edgesBytes,
    first: {
      seconds: requestSeconds(2) + numNodes * seconds.load,
      s3Reads: 2,
      bytesRead: sizes.modelBytes,
    },
  };
}

function requestSeconds(count: number): number {
  return count * REQUEST_SECONDS;
}

/** Rounds of parallel requests. */
function rounds(numRequests: number): number {
  return Math.ceil(numRequests / STORE_REQUESTS);
}

function peakMiB(bytes: number): number {
  return Math.ceil((BASE_BYTES + bytes) / 1024 ** 2);
}

/** Working memory of a task with one partition, and the garbage of the tasks before it in the same sandbox. */
function withGarbage(bytes: number, { numChunks, params }: Plan): number {
  const tasksBefore = numChunks / Math.min(params.workers, numChunks) - 1;
  return bytes + Math.min(GARBAGE_BYTES, Math.min(GARBAGE_TASKS, tasksBefore) * bytes);
}

/** Products per row that the true parameters of the generator require. */
function clusterFeatures({ dataset, numClasses }: Plan): number {
  if (dataset.generator !== 'hypercube') return 0;
  return numClasses * (dataset.clustersPerClass ?? 2) * (dataset.informative ?? 2);
}
