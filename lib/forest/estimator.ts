// The base of the estimator classes: a forest in memory that is fitted, extended, stored and queried.

import { FormatError, InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { BinEdges } from '../partition/rows.ts';
import { applyForest, type DecisionPaths, decisionPaths } from './apply.ts';
import { type FitOptions, findEdges, type Rows, toCategorical, toColumns, toTable } from './estimator-data.ts';
import { checkNames, type EstimatorOptions, type ParsedOptions, parseOptions, toStored } from './estimator-options.ts';
import { oobSumsInThreads } from './general-in-threads.ts';
import { growForest, growForestInThreads } from './grow-forest.ts';
import { featureImportances } from './importances.ts';
import type { ClassLabel, Model, ValueRange } from './model.ts';
import { decodeModel, encodeModel } from './model-file.ts';
import { type OobScore, type OobSums, oobPrediction, oobSums, scoreOob } from './oob.ts';
import { checkWhole, type ForestParams } from './params.ts';
import { findRanges, joinRanges } from './ranges.ts';
import type { Target, TrainingTable } from './training-table.ts';
import { MAX_TREES, type Tree } from './tree.ts';

/** A fitted forest. */
interface Fitted {
  numClasses: number;
  classes: readonly ClassLabel[];
  edges: BinEdges;
  isCategorical: readonly boolean[];
  /** Ranges of the training values; null when unknown. */
  ranges: readonly ValueRange[] | null;
  trees: Tree[];
}

/** The trees to grow. */
interface Job {
  /** The forest to extend; its trees come first. */
  fitted: Fitted;
  table: TrainingTable;
  params: ForestParams;
}

export abstract class ForestEstimator {
  /** The options as passed to the constructor; scikit-learn: `get_params`. */
  readonly options: Readonly<EstimatorOptions>;
  #options: ParsedOptions;
  #fitted: Fitted | null = null;
  #oob: (OobScore & { prediction: Float64Array }) | null = null;

  /** @throws {InputError} on an unknown option or a value that is not allowed */
  constructor(options: EstimatorOptions) {
    this.#options = parseOptions(options, this.defaults(), this.isClassifier());
    this.options = Object.freeze({ ...options });
  }

  /** Defaults of this class that differ from `FOREST_DEFAULTS`. */
  protected abstract defaults(): Partial<ForestParams>;
  protected abstract isClassifier(): boolean;
  protected abstract findClasses(y: ArrayLike<unknown>): ClassLabel[];
  protected abstract encodeTarget(y: ArrayLike<unknown>, classes: readonly ClassLabel[], numRows: number): Target;

  /** @throws {InputError} when rows, target or weights are invalid, or the options do not match them */
  fit(rows: Rows, y: ArrayLike<unknown>, fitOptions: FitOptions = {}): this {
    const job = this.#plan(rows, y, fitOptions);
    return this.#finish(
      job,
      growForest({ table: job.table, params: job.params, treeStart: 0, treeEnd: job.params.numTrees }),
    );
  }

  /**
   * Like `fit`, on several threads; any number of threads gives the same bytes.
   *
   * @param numThreads from 1 to 256; by default the number of processors
   */
  async fitInThreads(
    rows: Rows,
    y: ArrayLike<unknown>,
    fitOptions: FitOptions = {},
    numThreads?: number,
  ): Promise<this> {
    return this.#finishInThreads(this.#plan(rows, y, fitOptions), numThreads);
  }

  /**
   * Grow more trees on the same rows: 50 trees and 50 more give the bytes of 100; scikit-learn: `warm_start`. On other
   * rows, bins and classes stay unchanged.
   *
   * @param count trees to add, ≥ 1
   */
  addTrees(
    count: number,
    rows: Rows,
    y: ArrayLike<unknown>,
    { sampleWeight }: { sampleWeight?: ArrayLike<number> } = {},
  ): this {
    const job = this.#planMore(count, rows, y, sampleWeight);
    return this.#finish(
      job,
      growForest({
        table: job.table,
        params: job.params,
        treeStart: job.fitted.trees.length,
        treeEnd: job.params.numTrees,
      }),
    );
  }

  /**
   * Like `addTrees`, on several threads; the same bytes.
   *
   * @param numThreads from 1 to 256; by default the number of processors
   */
  async addTreesInThreads(
    count: number,
    rows: Rows,
    y: ArrayLike<unknown>,
    { sampleWeight }: { sampleWeight?: ArrayLike<number> } = {},
    numThreads?: number,
  ): Promise<this> {
    const job = this.#planMore(count, rows, y, sampleWeight);
    return this.#finishInThreads(job, numThreads);
  }

  /** The leaf of each row in each tree, row-major, shape [numRows, numTrees]. */
  apply(rows: Rows): Uint32Array {
    return applyForest(this.fitted, this.#checkColumns(rows));
  }

  /** The nodes from root to leaf of each row in each tree; scikit-learn: `decision_path`. */
  decisionPath(rows: Rows): DecisionPaths {
    return decisionPaths(this.fitted, this.#checkColumns(rows));
  }

  /** Impurity-based importances, summing to 1; scikit-learn: `feature_importances_`. */
  get featureImportances(): Float64Array {
    const { criterion } = this.#options.params;
    return featureImportances(this.fitted, criterion ?? (this.isClassifier() ? 'gini' : 'squared_error'));
  }

  /** Accuracy or R² over the rows that are out of bag for at least one tree; needs the option `oobScore`. */
  get oobScore(): number {
    return this.#requireOob().score;
  }

  /** Share of the rows that are out of bag for at least one tree. */
  get oobCoverage(): number {
    return this.#requireOob().coverage;
  }

  /** Class probabilities, shape [numRows, numClasses], or values, shape [numRows]; NaN for a row that every tree saw. */
  get oobPrediction(): Float64Array {
    return this.#requireOob().prediction;
  }

  get numTrees(): number {
    return this.fitted.trees.length;
  }

  /** The model as a file; format.md describes it. */
  toBytes(): Uint8Array {
    const { trees, edges, numClasses, classes, isCategorical, ranges } = this.fitted;
    const details = { isCategorical, options: toStored(this.#options), ranges: ranges ?? undefined };
    return encodeModel({ trees, edges, numClasses, classLabels: classes }, details);
  }

  /** The forest, for predictions. */
  protected get fitted(): Fitted {
    if (this.#fitted === null) throw new InputError('the forest has no trees yet; call fit first');
    return this.#fitted;
  }

  protected columnsToPredict(rows: Rows): Float32Array[] {
    return this.#checkColumns(rows);
  }

  /** Replace the forest with one from a model. */
  protected load({ numClasses, classLabels, edges, trees, isCategorical, ranges }: Model): this {
    this.#fitted = { numClasses, classes: classLabels, edges, trees, isCategorical, ranges };
    return this;
  }

  #plan(rows: Rows, y: ArrayLike<unknown>, fitOptions: FitOptions): Job {
    checkNames(fitOptions, ['sampleWeight', 'categorical'], 'fit');
    const { sampleWeight, categorical = [] } = fitOptions;
    const columns = toColumns(rows);
    if (typeof y?.length !== 'number') throw new InputError(`the target must be a list, got ${quote(y)}`);
    const isCategorical = toCategorical(categorical, columns.length);
    const classes = this.findClasses(y);
    const edges = findEdges(columns, isCategorical, this.#options);
    const fitted = {
      numClasses: classes.length,
      classes,
      edges,
      isCategorical,
      ranges: findRanges(columns),
      trees: [],
    };
    return this.#prepare(fitted, this.#options.params.numTrees, { columns, y, sampleWeight });
  }

  #prepare(
    fitted: Fitted,
    numTrees: number,
    { columns, y, sampleWeight }: { columns: Float32Array[]; y: ArrayLike<unknown>; sampleWeight?: ArrayLike<number> },
  ): Job {
    const { classes, edges, isCategorical } = fitted;
    const target = this.encodeTarget(y, classes, columns[0].length);
    const table = toTable(columns, { edges, isCategorical }, target, sampleWeight);
    const params = { ...this.#options.params, numTrees, classWeight: this.#classWeight(classes) };
    return { fitted, table, params };
  }

  #planMore(count: number, rows: Rows, y: ArrayLike<unknown>, sampleWeight: ArrayLike<number> | undefined): Job {
    const fitted = this.fitted;
    checkWhole('number of trees to add', count, 1, MAX_TREES - fitted.trees.length);
    const numTrees = fitted.trees.length + count;
    const columns = this.#checkColumns(rows);
    const ranges = fitted.ranges && joinRanges(fitted.ranges, findRanges(columns));
    return this.#prepare({ ...fitted, ranges }, numTrees, { columns, y, sampleWeight });
  }

  async #finishInThreads(job: Job, numThreads: number | undefined): Promise<this> {
    const { fitted, table, params } = job;
    const grown = await growForestInThreads({
      table,
      params,
      treeStart: fitted.trees.length,
      treeEnd: params.numTrees,
      numThreads,
    });
    if (!this.#options.oobScore) return this.#finish(job, grown);
    const oob = await oobSumsInThreads({ table, params, trees: [...fitted.trees, ...grown], treeStart: 0, numThreads });
    return this.#finish(job, grown, oob);
  }

  #finish({ fitted, table, params }: Job, grown: Tree[], oob?: OobSums): this {
    const trees = [...fitted.trees, ...grown];
    this.#fitted = { ...fitted, trees };
    this.#options = { ...this.#options, params: { ...this.#options.params, numTrees: trees.length } };
    if (!this.#options.oobScore) return this;
    const sums = oob ?? oobSums(table, params, trees, 0);
    this.#oob = { ...scoreOob(table.target, sums), prediction: oobPrediction(sums) };
    return this;
  }

  #classWeight(classes: readonly ClassLabel[]): ForestParams['classWeight'] {
    const { classWeight } = this.#options;
    if (classWeight === null || typeof classWeight === 'string') return classWeight;
    const ofLabel = new Map(classWeight);
    for (const label of ofLabel.keys()) {
      if (!classes.includes(label)) throw new InputError(`classWeight names ${label}, which is not one of the classes`);
    }
    return classes.map((label) => ofLabel.get(label) ?? 1);
  }

  #checkColumns(rows: Rows): Float32Array[] {
    const columns = toColumns(rows);
    const numFeatures = this.fitted.edges.length;
    if (columns.length !== numFeatures) {
      throw new InputError(`rows must have ${numFeatures} features as in training, got ${columns.length}`);
    }
    return columns;
  }

  #requireOob() {
    if (this.#oob === null)
      throw new InputError('the forest has no out-of-bag score; set the option oobScore and call fit again');
    return this.#oob;
  }
}

/**
 * Decode a model file and the options that the model was trained with.
 *
 * @throws {FormatError} when the file is damaged or holds another kind of forest
 */
export function readEstimator(
  bytes: Uint8Array,
  isClassifier: boolean,
  splitter: 'best' | 'random',
): { model: Model; options: EstimatorOptions } {
  const model = decodeModel(bytes);
  if (model.numClasses > 0 !== isClassifier) {
    const [found, wanted] = isClassifier ? ['regressor', 'classifier'] : ['classifier', 'regressor'];
    throw new FormatError(`model: a ${found}, not a ${wanted}`);
  }
  const { splitter: found = 'best', ...options } = model.options ?? { numTrees: model.trees.length };
  if (found !== splitter) throw new FormatError(`model: its splitter is ${found}, not ${splitter}`);
  try {
    parseOptions(options, {}, isClassifier);
  } catch (cause) {
    throw new FormatError(`model: damaged, options: ${(cause as Error).message}`, { cause });
  }
  return { model, options };
}
