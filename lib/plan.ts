// The plan of a run: everything that follows from its parameters, worked out before anything is spent.

import { type DatasetSpec, validateDatasetSpec } from './datasets/spec.ts';
import { InputError } from './errors.ts';
import { MAX_TASKS } from './fanout/fan-out.ts';
import { ENGINES } from './forest/engine.ts';
import { type ForestParams, validateForestParams } from './forest/params.ts';
import type { RunParams } from './params.ts';
import { countTestRows } from './partition/split.ts';

export interface Plan {
  params: RunParams;
  dataset: DatasetSpec;
  forest: ForestParams;
  numChunks: number;
  numTrain: number;
  numTest: number;
  strategy: 'gather' | 'trees';
  /** Why this strategy, in words. */
  strategyReason: string;
  /** Trees of each training task, half-open. */
  treeGroups: [treeStart: number, treeEnd: number][];
  /** Seconds of one vCPU that growing all trees is expected to take. */
  growSeconds: number;
}

/** Below this many seconds of one core, one function with two is done about when others have started and read the rows. */
const GATHER_SECONDS = 5;
/** Trees per task at most: a lost attempt costs no more than these. */
const MAX_GROUP_TREES = 100;
/** Memory of the functions that hold rows, in MiB; 1,769 is one vCPU on Lambda. The stack and the emulator read it here. */
export const MEMORY_MIB = { generate: 1769, split: 1769, train: 3538, evaluate: 1769 } as const;
/** Node, the bundle and its buffers, measured with small tasks, rounded up. */
const BASE_MIB = 150;
/** Threads of the train function, one for each vCPU that its memory gives, and what each holds for a row at most. */
const THREADS = 2;
const THREAD_ROW_BYTES = 60;
/** A function's 15 minutes, less the time to read the rows and write the trees. */
const MAX_TASK_SECONDS = 800;

const GENERATOR_PARAMS = {
  hypercube: [
    'informative',
    'redundant',
    'repeated',
    'classes',
    'clustersPerClass',
    'weights',
    'flipY',
    'classSep',
    'hypercube',
    'shift',
    'scale',
    'shuffleSamples',
  ],
  logistic: ['informative', 'scale', 'withReplacement'],
} as const;

/**
 * @param params checked by `parseRunParams`
 * @throws {InputError} when the parameters contradict each other, or the run could not be finished
 */
export function planRun(params: RunParams): Plan {
  const dataset = toDatasetSpec(params);
  validateDatasetSpec(dataset);
  const numTest = countTestRows(params.samples, params.testSize);
  const numTrain = params.samples - numTest;
  const chunkSize = Math.min(params.chunkSize, params.samples);
  const numChunks = Math.ceil(params.samples / chunkSize);
  if (numChunks > MAX_TASKS) {
    const least = Math.ceil(params.samples / MAX_TASKS);
    throw new InputError(
      `chunkSize ${chunkSize} makes ${numChunks} chunks, at most ${MAX_TASKS} are allowed; raise chunkSize to ${least} or more`,
    );
  }

  // the values, their Arrow file and the body of the request; then label, row index and side
  checkMemory('generate', 'chunkSize', chunkSize, 12 * params.features + 16, 'lower chunkSize');
  // partitions as they come and end to end, packed for the kernel, and the scratch memory of its threads (docs/kernel.md)
  const packedBytes = 32 * Math.ceil(params.features / 32) + 2;
  const trainRowBytes = 2 * (params.features + 6) + packedBytes + THREADS * THREAD_ROW_BYTES;
  checkMemory('train', 'training rows', numTrain, trainRowBytes, 'use fewer samples or features');

  const forest = toForestParams(params);
  validateForestParams(forest, params.features);
  const numClasses = (dataset.generator === 'hypercube' ? dataset.classes : undefined) ?? 2;
  const engine = ENGINES[params.engine];
  engine.checkParams(forest);
  const growSeconds = engine.forecastSeconds(numTrain, params.features, params.trees, numClasses, forest.maxFeatures);
  const { strategy, strategyReason } = chooseStrategy(params, growSeconds);
  const treeGroups = groupTrees(params.trees, strategy === 'gather' ? 1 : params.workers);
  const taskSeconds = (growSeconds * (treeGroups[0]![1] - treeGroups[0]![0])) / params.trees;
  if (taskSeconds > MAX_TASK_SECONDS) {
    throw new InputError(
      `engine ${params.engine} would need about ${formatHours(growSeconds)} for ${params.trees} trees on ${numTrain} rows, ` +
        `${formatHours(taskSeconds)} in one function, and a function has 15 minutes; ${suggest(params)}`,
    );
  }
  return { params, dataset, forest, numChunks, numTrain, numTest, strategy, strategyReason, treeGroups, growSeconds };
}

function checkMemory(
  name: keyof typeof MEMORY_MIB,
  what: string,
  numRows: number,
  rowBytes: number,
  remedy: string,
): void {
  const needMiB = Math.ceil(BASE_MIB + (numRows * rowBytes) / 1024 ** 2);
  if (needMiB <= MEMORY_MIB[name]) return;
  const most = Math.floor(((MEMORY_MIB[name] - BASE_MIB) * 1024 ** 2) / rowBytes);
  throw new InputError(
    `${what} ${numRows} would take about ${needMiB} MiB in the function ${name}, which has ${MEMORY_MIB[name]}; at most ${most} fit: ${remedy}`,
  );
}

function toDatasetSpec(params: RunParams): DatasetSpec {
  const allowed: readonly string[] = GENERATOR_PARAMS[params.generator];
  const known = new Set<string>(Object.values(GENERATOR_PARAMS).flat());
  const given = Object.entries(params).filter(([name, value]) => known.has(name) && value !== undefined);
  const own: Record<string, unknown> = {};
  for (const [name, value] of given) {
    if (!allowed.includes(name)) {
      throw new InputError(
        `${name} has no meaning for the generator ${params.generator}; it knows ${allowed.join(', ')}`,
      );
    }
    own[name === 'shuffleSamples' ? 'shuffle' : name] = value;
  }
  const { generator, samples, features, seed } = params;
  return { generator, samples, features, seed, ...own } as DatasetSpec;
}

function toForestParams(params: RunParams): ForestParams {
  const { trees, maxFeatures, maxDepth, minSamplesSplit, minSamplesLeaf, bootstrap, seed } = params;
  return {
    numTrees: trees,
    maxFeatures: maxFeatures === 'all' ? null : maxFeatures,
    maxDepth,
    minSamplesSplit,
    minSamplesLeaf,
    bootstrap,
    seed,
  };
}

function chooseStrategy({ strategy, trees, workers }: RunParams, growSeconds: number) {
  if (strategy !== 'auto') return { strategy, strategyReason: 'as asked for' } as const;
  const forecast = `about ${growSeconds < 10 ? growSeconds.toFixed(1) : Math.round(growSeconds)} s of training`;
  if (workers === 1 || trees === 1)
    return { strategy: 'gather', strategyReason: `${workers === 1 ? 'one worker' : 'one tree'}` } as const;
  if (growSeconds < GATHER_SECONDS) {
    return { strategy: 'gather', strategyReason: `${forecast} is not worth a fan-out` } as const;
  }
  return { strategy: 'trees', strategyReason: `${forecast}, shared by ${Math.min(workers, trees)} workers` } as const;
}

/** Divide the trees into tasks, equal to within one tree. */
function groupTrees(trees: number, workers: number): [number, number][] {
  const perWorker = Math.ceil(trees / workers);
  const numGroups = workers === 1 ? 1 : Math.min(trees, workers * Math.ceil(perWorker / MAX_GROUP_TREES));
  return Array.from({ length: numGroups }, (_, i) => [
    Math.floor((i * trees) / numGroups),
    Math.floor(((i + 1) * trees) / numGroups),
  ]);
}

function formatHours(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3600)} hours`;
}

function suggest(params: RunParams): string {
  if (params.engine !== 'arvoredo') return 'use the engine arvoredo, or fewer samples';
  return params.strategy === 'gather' ? 'use the strategy trees' : 'use more workers, fewer trees or fewer samples';
}
