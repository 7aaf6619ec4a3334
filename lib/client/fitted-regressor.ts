// A regression forest that a run has grown.

import type { Rows } from '../forest/estimator-data.ts';
import { predictValuesInThreads } from '../forest/wasm/predict-in-threads.ts';
import { FittedForest } from './fitted-forest.ts';
import type { CallOptions } from './options.ts';
import type { TestRows } from './rows.ts';
import { r2Score } from './scores.ts';

/** The result of fitting a `RandomForestRegressor` or an `ExtraTreesRegressor`. */
export class FittedRegressor extends FittedForest {
  /**
   * Mean over trees of the value of the row's leaf, for each row. Test rows are read from the store and predicted on this
   * machine's threads, partition by partition.
   *
   * @param rows from `trainTestSplit`, or in memory: a Float32Array for each feature, or `{ values, numFeatures }`
   * @throws {InputError} when the rows do not match the forest
   * @throws {CancelledError} when the signal is aborted
   */
  predict(rows: TestRows | Rows, options: CallOptions = {}): Promise<Float64Array> {
    return this.predictRows(rows, predictValuesInThreads, options);
  }

  /** R² on test rows, at most 1: `r2Score`. */
  score(test: TestRows, options: CallOptions = {}): Promise<number> {
    return this.predict(test, options).then((predictions) => r2Score(test.labels, predictions));
  }
}
