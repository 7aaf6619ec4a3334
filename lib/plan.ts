// The plan of a run: everything that follows from its parameters, worked out before anything is spent.

import { type DatasetSpec, validateDatasetSpec } from './datasets/spec.ts';
import { InputError } from './errors.ts';
import { MAX_TASKS } from './fanout/fan-out.ts';
import { checkFits } from './fits.ts';
import { ENGINES } from './forest/engine.ts';
import { storedOptions } from './forest/estimator-options.ts';
import { type ForestParams, validateForestParams } from './forest/params.ts';
import { type ByPosition, parseRunParams, RUN_DEFAULTS, type RunParams } from './params.ts';
import { countTestRows } from './partition/split.ts';

export interface Plan {
  params: RunParams;
  dataset: DatasetSpec;
  forest: ForestParams;
  numClasses: number;
  numChunks: number;
  numTrain: number;
  numTest: number;
  strategy: 'gather' | 'trees';
  /** Why this strategy, in words. */
  strategyReason: string;
  /** Trees of each training task, half-open. */
  treeGroups: [treeStart: number, treeEnd: number][];
  /** Seconds of one vCPU that growing all trees is expected to take, and leading rows out of bag down them. */
  growSeconds: number;
}

/** Below this many seconds of one core, one function with two is done about when others have started and read the rows. */
const GATHER_SECONDS = 5;
/** Trees per task at most: a lost attempt costs no more than these. */
const MAX_GROUP_TREES = 100;
/** Memory of the functions that hold rows, in MiB; 1,769 is one vCPU on Lambda. The stack and the emulator read it here. */
export const MEMORY_MIB = { generate: 1769, split: 1769, train: 3538, evaluate: 1769 } as const;
/** Time of a row at one level of a tree that did not see it: 9 to 20 ms for a tree on 90,000 rows. */
const OOB_SECONDS = 1e-8;
/** Longest time of one invocation, in seconds, up to 900. */
export const TIMEOUT_SECONDS = { generate: 300, split: 300, train: 900, evaluate: 300 } as const;
/** Durable operations of one execution at most, less a tenth for further attempts. */
const MAX_OPERATIONS = 0.9 * 3000;
/** Steps besides the fan-outs: the execution, the request, the report, three for each stage, one for each fan-out. */
const STEPS = 3 + 3 * 4 + 6;
/** The orchestrator remembers the parameters: AWS keeps up to 256 KB of a step's result inline. */
const MAX_PARAMS_BYTES = 200_000;

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
  const bytes = JSON.stringify(params).length;
  if (bytes > MAX_PARAMS_BYTES) {
    throw new InputError(
      `the parameters take ${bytes} bytes as JSON, at most ${MAX_PARAMS_BYTES} are allowed; give shift, scale and weights as one number each`,
    );
  }
  const plan = layOutRun(params);
  checkFits(plan, layOutRun);
  return plan;
}

/** The plan, before it is known whether each task fits its function. */
function layOutRun(params: RunParams): Plan {
  const dataset = toDatasetSpec(params);
  validateDatasetSpec(dataset);
  const numTest = countTestRows(params.samples, params.testSize);
  const numTrain = params.samples - numTest;
  const numChunks = Math.ceil(params.samples / Math.min(params.chunkSize, params.samples));
  const numClasses = (dataset.generator === 'hypercube' ? dataset.classes : undefined) ?? 2;
  const { maxFeatures, features } = params;
  if (typeof maxFeatures === 'number' && maxFeatures > features) {
    const allowed = `sqrt, log2, all, a share in (0, 1) or a whole number from 1 to ${features}`;
    throw new InputError(`maxFeatures must be ${allowed}, got ${maxFeatures}`);
  }
  const forest = toForestParams(params, numClasses);
  validateForestParams(forest, params.features, numClasses);
  if (params.oobScore && !params.bootstrap) throw new InputError('oobScore needs bootstrap, got oobScore without it');
  const engine = ENGINES[params.engine];
  engine.checkParams(forest);
  const growSeconds =
    engine.forecastSeconds({ numRows: numTrain, numFeatures: params.features, numClasses }, forest) +
    (params.oobScore ? params.trees * numTrain * Math.log2(numTrain + 1) * OOB_SECONDS : 0);
  const { strategy, strategyReason } = chooseStrategy(params, growSeconds);
  const treeGroups = groupTrees(params.trees, strategy === 'gather' ? 1 : params.workers);
  const rows = { numClasses, numChunks, numTrain, numTest };
  const plan: Plan = { params, dataset, forest, ...rows, strategy, strategyReason, treeGroups, growSeconds };
  checkChunks(plan);
  return plan;
}

/** Durable operations of a run whose tasks succeed at once. */
export function durableOperations({ numChunks, treeGroups }: Plan): number {
  return STEPS + 3 * numChunks + treeGroups.length + 2;
}

function checkChunks(plan: Plan): void {
  const { numChunks, treeGroups, params } = plan;
  const most = Math.min(MAX_TASKS, Math.floor((MAX_OPERATIONS - STEPS - treeGroups.length - 2) / 3));
  if (numChunks <= most) return;
  const least = Math.ceil(params.samples / most);
  throw new InputError(
    `chunkSize ${params.chunkSize} makes ${numChunks} chunks, at most ${most} are allowed: each is worked on three times, ` +
      `and an execution has 3000 durable operations; raise chunkSize to ${least} or more`,
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

function toForestParams(params: RunParams, numClasses: number): ForestParams {
  const { trees, maxFeatures, extraTrees, features } = params;
  const { classWeight = null, monotonicConstraints = null } = params; // a run of an earlier version knew neither
  return {
    numTrees: trees,
    criterion: params.criterion,
    maxDepth: params.maxDepth,
    minSamplesSplit: params.minSamplesSplit,
    minSamplesLeaf: params.minSamplesLeaf,
    minWeightFractionLeaf: params.minWeightFractionLeaf,
    maxFeatures: maxFeatures === 'all' ? null : maxFeatures,
    maxLeafNodes: params.maxLeafNodes,
    minImpurityDecrease: params.minImpurityDecrease,
    bootstrap: params.bootstrap,
    maxSamples: params.maxSamples,
    classWeight: typeof classWeight === 'string' ? classWeight : toList('classWeight', classWeight, numClasses, 1),
    ccpAlpha: params.ccpAlpha,
    monotonicConstraints: toList('monotonicConstraints', monotonicConstraints, features, 0),
    splitter: extraTrees ? 'random' : 'best',
    seed: params.seed,
  };
}

/**
 * What the model says it was made with, as those of the estimator classes do; nothing when all is as by default, or when
 * another engine made it.
 */
export function modelOptions({ params, forest }: Plan): Record<string, unknown> | undefined {
  if (params.engine !== 'arvoredo') return undefined;
  const options = storedOptions(forest, params.maxBins);
  const byDefault = storedOptions(toForestParams(parseRunParams({}), 2), RUN_DEFAULTS.maxBins);
  return JSON.stringify(options) === JSON.stringify(byDefault) ? undefined : options;
}

/** An object of numbers by position as a list, `preset` where it says nothing; a list stays as it is. */
function toList(name: string, numbers: ByPosition | null, length: number, preset: number): number[] | null {
  if (numbers === null || Array.isArray(numbers)) return numbers;
  const list = new Array<number>(length).fill(preset);
  for (const [position, number] of Object.entries(numbers)) {
    if (Number(position) >= length) {
      throw new InputError(`${name} must be given for numbers from 0 to ${length - 1}, got one for ${position}`);
    }
    list[Number(position)] = number;
  }
  return list;
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
  const numGroups = workers === 1 ? 1 : Math.min(trees, MAX_TASKS, workers * Math.ceil(perWorker / MAX_GROUP_TREES));
  return Array.from({ length: numGroups }, (_, i) => [
    Math.floor((i * trees) / numGroups),
    Math.floor(((i + 1) * trees) / numGroups),
  ]);
}
