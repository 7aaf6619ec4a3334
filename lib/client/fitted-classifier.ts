// A classification forest that a run has grown.

import type { Rows } from '../forest/estimator-data.ts';
import type { ClassLabel } from '../forest/model.ts';
import { predictProbaInThreads } from '../forest/wasm/predict-in-threads.ts';
import { firstGreatest } from '../predict/answer.ts';
import { FittedForest } from './fitted-forest.ts';
import type { CallOptions } from './options.ts';
import type { TestRows } from './rows.ts';
import { accuracyScore } from './scores.ts';

/** The result of fitting a `RandomForestClassifier` or an `ExtraTreesClassifier`. */
export class FittedClassifier extends FittedForest {
  /**
   * The most probable label of each row; on a tie, the first. Test rows are read from the store and predicted on this
   * machine's threads, partition by partition.
   *
   * @param rows from `trainTestSplit`, or in memory: a Float32Array for each feature, or `{ values, numFeatures }`
   * @throws {InputError} when the rows do not match the forest
   * @throws {CancelledError} when the signal is aborted
   */
  async predict(rows: TestRows | Rows, options: CallOptions = {}): Promise<ClassLabel[]> {
    const { numClasses, classLabels } = await this.load();
    const probabilities = await this.predictProba(rows, options);
    return Array.from(
      { length: probabilities.length / numClasses },
      (_, row) => classLabels[firstGreatest(probabilities.subarray(row * numClasses, (row + 1) * numClasses))],
    );
  }

  /**
   * Mean over trees of the class fractions of the row's leaf, row-major, shape [numRows, numClasses]; columns are in the
   * order of `classes()`. Parameters and errors are those of `predict`.
   */
  predictProba(rows: TestRows | Rows, options: CallOptions = {}): Promise<Float64Array> {
    return this.predictRows(rows, predictProbaInThreads, options);
  }

  /** Accuracy on test rows, in [0, 1]: `accuracyScore`. */
  score(test: TestRows, options: CallOptions = {}): Promise<number> {
    return this.predict(test, options).then((predictions) => accuracyScore(test.labels, predictions));
  }

  /** The labels in ascending order; scikit-learn: `classes_`. */
  async classes(): Promise<readonly ClassLabel[]> {
    return (await this.load()).classLabels;
  }
}
