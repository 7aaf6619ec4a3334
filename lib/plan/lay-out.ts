// The layout of a run: its rows, chunks, forest, strategy and tree groups, from its parameters and its data's shape.

import { InputError } from '../base/errors.ts';
import { either } from '../base/quote.ts';
import { type DatasetSpec, GENERATOR_TASKS, validateDatasetSpec } from '../datasets/spec.ts';
import { MAX_TASKS } from '../fanout/options.ts';
import { ENGINES } from '../forest/engines.ts';
import { storedOptions } from '../forest/estimator-options.ts';
import type { ClassLabel } from '../forest/model.ts';
import { CLASS_CRITERIA, type ForestParams, VALUE_CRITERIA, validateForestParams } from '../forest/params.ts';
import { countTestRows, countValidationRows } from '../partition/sides.ts';
import { findSplitKind } from './data-params.ts';
import type { ByPosition } from './parameters/parameter.ts';
import { paramsOfGenerator, RUN_DEFAULTS, SINGLE_GENERATOR_PARAMS } from './parameters/table.ts';
import { parseRunParams, type RunParams } from './params.ts';
import type { DataShape, Plan } from './plan.ts';

/** Below this, in seconds of one core, a single function with two vCPUs ends before others would have read the rows. */
const GATHER_SECONDS = 5;
/** Maximum number of trees per task, which limits the loss from a failed attempt. */
const MAX_GROUP_TREES = 100;
/** Time to lead an out-of-bag row down one level of a tree: 9 to 20 ms for a tree on 90,000 rows. */
const OOB_SECONDS = 1e-8;
/** Maximum number of chunks: each is a task of three fan-outs, and `bins` and `train` read them all. */
const MAX_CHUNKS = 50_000;

/** The plan, before the check whether each task fits its function. */
export function layOutRun(given: RunParams, shape: DataShape | undefined): Plan {
  // a user's data replace the generator
  const params = shape
    ? { ...given, samples: shape.numRows, features: shape.numFeatures, chunkSize: shape.mostRows }
    : given;
  const dataset: Plan['dataset'] = shape ? { generator: 'file', shape } : toDatasetSpec(params);
  if (dataset.generator !== 'file') validateDatasetSpec(dataset);
  findSplitKind(params);
  checkTask(params);
  // the data may name the splits
  const numTest = shape?.numTest ?? countTestRows(params.samples, params.testSize);
  const numValidation = shape?.numValidation ?? countValidationRows(params.samples, numTest, params.validationSize);
  const numTrain = params.samples - numTest - numValidation;
  const numChunks = shape?.numParts ?? Math.ceil(params.samples / Math.min(params.chunkSize, params.samples));
  const numClasses = shape?.numClasses ?? countLabelClasses(dataset);
  const { maxFeatures, features } = params;
  if (typeof maxFeatures === 'number' && maxFeatures > features) {
    const allowed = `sqrt, log2, all, a share in (0, 1) or an integer from 1 to ${features}`;
    throw new InputError(`maxFeatures must be ${allowed}, got ${maxFeatures}`);
  }
  const forest = toForestParams(params, numClasses, shape?.classes);
  validateForestParams(forest, params.features, numClasses);
  if (params.oobScore && !params.bootstrap)
    throw new InputError('oobScore requires bootstrap; set bootstrap or drop oobScore');
  const engine = ENGINES[params.engine];
  engine.checkParams(forest);
  const { folds = 0, group, time } = params;
  if (folds > numTrain) throw new InputError(`folds must be at most the ${numTrain} training rows, got ${folds}`);
  if (folds > 0 && (group !== undefined || time !== undefined)) {
    const [name, why] =
      group === undefined ? ['time', 'learn from later rows'] : ['group', 'have rows of a group on both sides'];
    throw new InputError(`folds are random and would ${why}; remove folds or ${name}`);
  }
  if (numClasses === 0) checkRowsToScore({ numTest, numValidation, numTrain, folds });
  const isPlain = shape?.isPlain ?? true;
  if (!isPlain && params.engine === 'ml-random-forest') {
    throw new InputError(
      'engine ml-random-forest does not support missing values, categories or weights, which the data have; use arvoredo',
    );
  }
  const growSeconds =
    engine.forecastSeconds(
      { numRows: numTrain, numFeatures: params.features, numClasses, isPlain, hasWeights: shape?.hasWeights },
      forest,
    ) + (params.oobScore ? params.trees * numTrain * Math.log2(numTrain + 1) * OOB_SECONDS : 0);
  const { strategy, strategyReason } = chooseStrategy(params, growSeconds);
  const treeGroups = groupTrees(params.trees, strategy === 'gather' ? 1 : params.workers);
  const rows = { numClasses, numChunks, numTrain, numTest, numValidation };
  const plan: Plan = { params, dataset, forest, ...rows, strategy, strategyReason, treeGroups, growSeconds };
  checkChunks(plan);
  return plan;
}

/** @throws {InputError} on parameters that apply only to the other task */
export function checkTask({ task, data, generator, criterion, classWeight = null, stratify, engine }: RunParams): void {
  const isRegression = task === 'regression';
  const criteria: readonly string[] = isRegression ? VALUE_CRITERIA : CLASS_CRITERIA;
  // runs of earlier versions have none
  if (criterion !== undefined && !criteria.includes(criterion)) {
    throw new InputError(`criterion must be ${either(criteria)} for the task ${task}, got ${criterion}`);
  }
  if (data === undefined && GENERATOR_TASKS[generator] !== task) {
    const names = Object.entries(GENERATOR_TASKS).flatMap(([name, ofName]) => (ofName === task ? [name] : []));
    throw new InputError(`generator must be ${either(names)} for the task ${task}, got ${generator}`);
  }
  if (!isRegression) return;
  const refuse = (what: string) => {
    throw new InputError(`${what} applies only to classification, got the task regression; remove it`);
  };
  if (classWeight !== null) refuse('classWeight');
  if (stratify) refuse('stratify');
  if (engine === 'ml-random-forest') {
    throw new InputError('engine ml-random-forest supports only classification; use arvoredo for the task regression');
  }
}

/** @throws {InputError} if a split has a single row, for which R² is undefined */
function checkRowsToScore(rows: { numTest: number; numValidation: number; numTrain: number; folds: number }): void {
  const { numTest, numValidation, numTrain, folds } = rows;
  const refuse = (side: string) => {
    throw new InputError(`the task regression needs at least 2 rows to score: ${side}`);
  };
  if (numTest < 2) refuse(`testSize leaves ${numTest} on the test side`);
  if (numValidation === 1) refuse('validationSize leaves 1 on the validation side');
  if (folds > 0 && Math.floor(numTrain / folds) < 2) refuse(`folds ${folds} of ${numTrain} training rows leave 1`);
}

/** 0 for regression. */
function countLabelClasses(dataset: Plan['dataset']): number {
  if (dataset.generator === 'hypercube') return dataset.classes ?? 2;
  return dataset.generator === 'logistic' ? 2 : 0;
}

function checkChunks({ numChunks, params }: Plan): void {
  if (numChunks <= MAX_CHUNKS) return;
  const least = Math.ceil(params.samples / MAX_CHUNKS);
  throw new InputError(
    `chunkSize ${params.chunkSize} makes ${numChunks} chunks, at most ${MAX_CHUNKS} are allowed: some tasks read them ` +
      `all; raise chunkSize to ${least} or more`,
  );
}

/** @throws {InputError} on a parameter that does not apply to the generator */
export function toDatasetSpec(params: RunParams): DatasetSpec {
  const allowed = paramsOfGenerator(params.generator);
  const own: Record<string, unknown> = {};
  for (const name of SINGLE_GENERATOR_PARAMS) {
    const value = params[name];
    if (value === undefined) continue;
    if (!allowed.includes(name)) {
      throw new InputError(
        `${name} does not apply to the generator ${params.generator}, which takes ${allowed.join(', ')}`,
      );
    }
    own[name === 'shuffleSamples' ? 'shuffle' : name] = value;
  }
  const { generator, samples, features, seed } = params;
  return { generator, samples, features, seed, ...own } as DatasetSpec;
}

function toForestParams(
  params: RunParams,
  numClasses: number,
  classes?: readonly ClassLabel[],
): Required<ForestParams> {
  const { trees, maxFeatures, extraTrees, features } = params;
  const { classWeight = null, monotonicConstraints = null } = params; // runs of earlier versions have neither
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
    classWeight: typeof classWeight === 'string' ? classWeight : toWeights(classWeight, numClasses, classes),
    ccpAlpha: params.ccpAlpha,
    monotonicConstraints: toList('monotonicConstraints', monotonicConstraints, features, 0),
    splitter: extraTrees ? 'random' : 'best',
    seed: params.seed,
  };
}

/**
 * The options that the model stores, like a model of the estimator classes; none if all have their defaults, or if another
 * engine grows the trees.
 *
 * @param labels names of the classes; by default their numbers
 */
export function modelOptions(
  { params, forest }: Plan,
  labels?: readonly ClassLabel[],
): Record<string, unknown> | undefined {
  if (params.engine !== 'arvoredo') return undefined;
  const options = storedOptions(forest, params.maxBins, labels);
  const byDefault = storedOptions(toForestParams(parseRunParams({ task: params.task }), 2), RUN_DEFAULTS.maxBins);
  return JSON.stringify(options) === JSON.stringify(byDefault) ? undefined : options;
}

/** Class weights as a list: an object names them by label if the data have labels, otherwise by number. */
function toWeights(
  weights: ByPosition | null,
  numClasses: number,
  classes: readonly ClassLabel[] | undefined,
): number[] | null {
  if (weights === null || Array.isArray(weights) || !classes) return toList('classWeight', weights, numClasses, 1);
  const labels = classes.map(String);
  const list = new Array<number>(numClasses).fill(1);
  for (const [label, weight] of Object.entries(weights)) {
    const k = labels.indexOf(label);
    if (k < 0) {
      const known = labels.slice(0, 10).join(', ');
      throw new InputError(
        `classWeight names ${JSON.stringify(label)}, which is not one of the classes: ${known}${labels.length > 10 ? ', …' : ''}`,
      );
    }
    list[k] = weight;
  }
  return list;
}

/** Convert an object of numbers by position to a list, with `preset` for missing positions; a list is returned unchanged. */
function toList(name: string, numbers: ByPosition | null, length: number, preset: number): number[] | null {
  if (numbers === null || Array.isArray(numbers)) return numbers;
  const list = new Array<number>(length).fill(preset);
  for (const [position, number] of Object.entries(numbers)) {
    if (!/^\d+$/.test(position) || Number(position) >= length) {
      throw new InputError(`${name} must be given for numbers from 0 to ${length - 1}, got one for ${position}`);
    }
    list[Number(position)] = number;
  }
  return list;
}

function chooseStrategy({ strategy, trees, workers }: RunParams, growSeconds: number) {
  if (strategy !== 'auto') return { strategy, strategyReason: 'as set' } as const;
  const seconds =
    growSeconds < 0.1
      ? 'less than 0.1'
      : `about ${growSeconds < 10 ? growSeconds.toFixed(1) : Math.round(growSeconds)}`;
  const forecast = `${seconds} s of training`;
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
