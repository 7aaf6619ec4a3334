// Forests for regression.

import { ForestEstimator, readEstimator } from './estimator.ts';
import { checkValues, type Rows } from './estimator-data.ts';
import type { EstimatorOptions } from './estimator-options.ts';
import type { ClassLabel } from './model.ts';
import type { ForestParams } from './params.ts';
import { predictValues } from './predict.ts';
import type { Target } from './training-table.ts';
import { predictValuesInThreads } from './wasm/predict-in-threads.ts';

/** Like scikit-learn's class of this name; docs/estimator.md lists the options and the differences. */
export class RandomForestRegressor extends ForestEstimator {
  constructor(options: EstimatorOptions = {}) {
    super(options);
  }

  /** @throws {FormatError} when the file is damaged or holds another kind of forest */
  static fromBytes(bytes: Uint8Array): RandomForestRegressor {
    const { model, options } = readEstimator(bytes, false, 'best');
    return new RandomForestRegressor(options).load(model);
  }

  /** Mean over trees of the value of the row's leaf, shape [numRows]. */
  predict(rows: Rows): Float64Array {
    return predictValues(this.fitted, this.columnsToPredict(rows));
  }

  /**
   * Like `predict`, on several threads: the same numbers to the last bit.
   *
   * @param numThreads from 1 to 256; by default the number of processors
   */
  async predictInThreads(rows: Rows, numThreads?: number): Promise<Float64Array> {
    return predictValuesInThreads(this.fitted, this.columnsToPredict(rows), numThreads);
  }

  protected override defaults(): Partial<ForestParams> {
    return { maxFeatures: null };
  }

  protected override isClassifier(): boolean {
    return false;
  }

  protected override findClasses(): ClassLabel[] {
    return [];
  }

  protected override encodeTarget(y: ArrayLike<unknown>, _classes: readonly ClassLabel[], numRows: number): Target {
    return { values: checkValues(y as ArrayLike<number>, numRows) };
  }
}

/** Like scikit-learn's class of this name: one random cut per feature, and every row in every tree. */
export class ExtraTreesRegressor extends RandomForestRegressor {
  /** @throws {FormatError} when the file is damaged or holds another kind of forest */
  static override fromBytes(bytes: Uint8Array): ExtraTreesRegressor {
    const { model, options } = readEstimator(bytes, false, 'random');
    return new ExtraTreesRegressor(options).load(model);
  }

  protected override defaults(): Partial<ForestParams> {
    return { maxFeatures: null, splitter: 'random', bootstrap: false };
  }
}
