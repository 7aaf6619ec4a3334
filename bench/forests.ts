// Our forests and npm's as contestants: fit and predict on rows in memory.

import { RandomForestClassifier } from 'ml-random-forest';
import { encodeColumns, quantileEdges } from '../lib/forest/bins.ts';
import type { Forest } from '../lib/forest/forest.ts';
import { growGeneralInThreads } from '../lib/forest/general-in-threads.ts';
import { FOREST_DEFAULTS, resolveParams } from '../lib/forest/params.ts';
import { tableOfRows } from '../lib/forest/training-table.ts';
import { growTableInThreads } from '../lib/forest/wasm/grow-in-threads.ts';
import { predictProbaInThreads } from '../lib/forest/wasm/predict-in-threads.ts';
import type { RawRows } from '../lib/partition/rows.ts';
import { SAMPLE_ROWS } from '../lib/partition/sample.ts';
import type { Contestant, Sample } from './peers.ts';

export interface Job {
  train: RawRows<Uint16Array>;
  test: RawRows<Uint16Array>;
  numClasses: number;
  numTrees: number;
  seed: number;
}

/** The name of the contestant that the others are held against. */
export const OURS = 'arvoredo, 2 threads';

export function ourForests(job: Job): Contestant<Sample>[] {
  return [
    { name: 'arvoredo, 1 thread', run: () => runOurs(job, 1) },
    { name: OURS, run: () => runOurs(job, 2) },
    { name: 'arvoredo, general trainer, 1 thread', run: () => runOurs(job, 1, growGeneralInThreads) },
    { name: 'arvoredo, general trainer, 2 threads', run: () => runOurs(job, 2, growGeneralInThreads) },
  ];
}

/** The package on rows of the job; its time is quadratic in them. */
export function npmForest({ train, test, numTrees, seed }: Job): Contestant<Sample> {
  const run = async (): Promise<Sample> => {
    const [rows, testRows] = [toRowMajor(train), toRowMajor(test)];
    const options = { nEstimators: numTrees, maxFeatures: train.columns.length, replacement: false, seed, noOOB: true };
    const fit = await timed(() => {
      const forest = new RandomForestClassifier(options);
      forest.train(rows, [...train.labels]);
      return forest;
    });
    const predict = await timed(() => fit.result.predict(testRows));
    return toSample(fit, predict, share(predict.result, test.labels));
  };
  return { name: 'ml-random-forest 2.1.0', run };
}

/** Codes of all rows, and what growing needs to know about them; the rows come in random order. */
export function bin({ train: { columns, ...rest }, numClasses }: Job) {
  const edges = columns.map((column) => quantileEdges(column.subarray(0, SAMPLE_ROWS)));
  return { rows: { ...rest, columns: encodeColumns(columns, edges) }, info: { numClasses, edges } };
}

export function growAll(
  { numTrees, seed }: Job,
  { rows, info: { edges, numClasses } }: ReturnType<typeof bin>,
  numThreads: number,
  grow = growTableInThreads,
) {
  const table = tableOfRows(rows, edges, numClasses);
  const params = resolveParams({ ...FOREST_DEFAULTS, numTrees, seed }, rows.numRows, edges.length, numClasses);
  return grow({ table, params, treeStart: 0, treeEnd: numTrees, numThreads });
}

export interface Timed<Result> {
  result: Result;
  /** Seconds. */
  wall: number;
  cpu: number;
}

export async function timed<Result>(call: () => Promise<Result> | Result): Promise<Timed<Result>> {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = await call();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
}

async function runOurs(job: Job, numThreads: number, grow = growTableInThreads): Promise<Sample> {
  const fit = await timed(async (): Promise<Forest> => {
    const binned = bin(job);
    return { ...binned.info, trees: await growAll(job, binned, numThreads, grow) };
  });
  const predict = await timed(() => predictProbaInThreads(fit.result, job.test.columns, numThreads));
  return toSample(fit, predict, share(mostProbable(predict.result, job.numClasses), job.test.labels));
}

function toSample(fit: Timed<unknown>, predict: Timed<unknown>, accuracy: number): Sample {
  return { fit: fit.wall, fitCpu: fit.cpu, predict: predict.wall, predictCpu: predict.cpu, accuracy };
}

function mostProbable(probabilities: Float64Array, numClasses: number): number[] {
  return Array.from({ length: probabilities.length / numClasses }, (_, row) => {
    const own = probabilities.subarray(row * numClasses, (row + 1) * numClasses);
    return own.indexOf(Math.max(...own));
  });
}

function share(predicted: readonly number[], labels: Uint16Array): number {
  return predicted.filter((label, row) => label === labels[row]).length / labels.length;
}

function toRowMajor({ columns, numRows }: RawRows): number[][] {
  return Array.from({ length: numRows }, (_, row) => columns.map((column) => column[row]));
}
