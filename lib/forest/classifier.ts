// Forests for classification.

import { ForestEstimator, readEstimator } from './estimator.ts';
import { encodeLabels, findClasses, type Rows } from './estimator-data.ts';
import type { EstimatorOptions } from './estimator-options.ts';
import type { ClassLabel } from './model.ts';
import { mostProbable } from './oob.ts';
import type { ForestParams } from './params.ts';
import { predictProba } from './predict.ts';
import type { Target } from './training-table.ts';
import { predictProbaInThreads } from './wasm/predict-in-threads.ts';

/** Like scikit-learn's class of this name; docs/estimator.md lists the options and the differences. */
export class RandomForestClassifier extends ForestEstimator {
  constructor(options: EstimatorOptions = {}) {
    super(options);
  }

  /** @throws {FormatError} when the file is damaged or holds another kind of forest */
  static fromBytes(bytes: Uint8Array): RandomForestClassifier {
    const { model, options } = readEstimator(bytes, true, 'best');
    return new RandomForestClassifier(options).load(model);
  }

  /** Class of each row: the most probable one; on a tie, the first. */
  predict(rows: Rows): ClassLabel[] {
    return this.#mostProbable(this.predictProba(rows));
  }

  /**
   * Like `predict`, on several threads.
   *
   * @param numThreads from 1 to 256; by default the number of processors
   */
  async predictInThreads(rows: Rows, numThreads?: number): Promise<ClassLabel[]> {
    return this.#mostProbable(await this.predictProbaInThreads(rows, numThreads));
  }

  /**
   * Like `predictProba`, on several threads: the same numbers to the last bit.
   *
   * @param numThreads from 1 to 256; by default the number of processors
   */
  async predictProbaInThreads(rows: Rows, numThreads?: number): Promise<Float64Array> {
    return predictProbaInThreads(this.fitted, this.columnsToPredict(rows), numThreads);
  }

  #mostProbable(probabilities: Float64Array): ClassLabel[] {
    const { classes, numClasses } = this.fitted;
    return Array.from(
      { length: probabilities.length / numClasses },
      (_, row) => classes[mostProbable(probabilities, row * numClasses, numClasses)],
    );
  }

  /** Mean over trees of the class fractions of the row's leaf, row-major, shape [numRows, numClasses]. */
  predictProba(rows: Rows): Float64Array {
    return predictProba(this.fitted, this.columnsToPredict(rows));
  }

  /** The labels, sorted; scikit-learn: `classes_`. */
  get classes(): readonly ClassLabel[] {
    return this.fitted.classes;
  }

  protected override defaults(): Partial<ForestParams> {
    return {};
  }

  protected override isClassifier(): boolean {
    return true;
  }

  protected override findClasses(y: ArrayLike<unknown>): ClassLabel[] {
    return findClasses(y);
  }

  protected override encodeTarget(y: ArrayLike<unknown>, classes: readonly ClassLabel[], numRows: number): Target {
    return { labels: encodeLabels(y, classes, numRows), numClasses: classes.length };
  }
}

/** Like scikit-learn's class of this name: one random cut per feature, and every row in every tree. */
export class ExtraTreesClassifier extends RandomForestClassifier {
  /** @throws {FormatError} when the file is damaged or holds another kind of forest */
  static override fromBytes(bytes: Uint8Array): ExtraTreesClassifier {
    const { model, options } = readEstimator(bytes, true, 'random');
    return new ExtraTreesClassifier(options).load(model);
  }

  protected override defaults(): Partial<ForestParams> {
    return { splitter: 'random', bootstrap: false };
  }
}
