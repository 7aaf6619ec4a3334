// A forest that a run has grown. What it knows lies in the store, and is read when it is asked for.

import { writeFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { type Rows, toColumns } from '../forest/estimator-data.ts';
import { type ClassLabel, decodeModel, type Model } from '../forest/model.ts';
import { predictProbaInThreads } from '../forest/wasm/predict-in-threads.ts';
import { runKeys } from '../keys.ts';
import { firstGreatest } from '../predict/answer.ts';
import type { Report } from '../report.ts';
import { getReport } from '../run.ts';
import { accuracyScore } from './accuracy-score.ts';
import { type Connection, throwIfAborted } from './cluster.ts';
import type { CallOptions } from './options.ts';
import { readRows, runOf, type Split, TestRows } from './rows.ts';

/** What `client.fit` gives. */
export class FittedForest {
  /** Id of the run that grew it; `arvoredo report` and the HTTP API know it by this. */
  readonly runId: string;
  readonly #connection: Connection;
  readonly #split: Split;
  #model: Promise<Model> | undefined;

  /** @internal */
  constructor(connection: Connection, runId: string, split: Split) {
    this.#connection = connection;
    this.runId = runId;
    this.#split = split;
  }

  /**
   * The most probable label of each row, the first of equals. Test rows are read from the store and predicted on this
   * machine's threads, partition by partition.
   *
   * @param rows of `trainTestSplit`, or in memory: a Float32Array for each feature, or `{ values, numFeatures }`
   * @throws {InputError} on rows that this forest cannot take
   * @throws {CancelledError} when the signal is aborted
   */
  async predict(rows: TestRows | Rows, options: CallOptions = {}): Promise<ClassLabel[]> {
    const { numClasses, classLabels } = await this.#load();
    const probabilities = await this.predictProba(rows, options);
    return Array.from(
      { length: probabilities.length / numClasses },
      (_, row) => classLabels[firstGreatest(probabilities.subarray(row * numClasses, (row + 1) * numClasses))]!,
    );
  }

  /**
   * Mean over trees of the class fractions of the row's leaf, row-major, shape [numRows, numClasses]; columns are in the
   * order of `classes()`. Takes and throws what `predict` does.
   */
  async predictProba(rows: TestRows | Rows, { signal, onProgress }: CallOptions = {}): Promise<Float64Array> {
    const model = await this.#load();
    if (!(rows instanceof TestRows)) return this.#predictColumns(model, toColumns(rows));
    this.#checkCodes(model, rows);
    const parts: Float64Array[] = [];
    const tell = (done: number, total: number) => onProgress?.({ stage: 'predict', done, total });
    const stop = AbortSignal.any([this.#connection.signal, ...(signal ? [signal] : [])]);
    throwIfAborted(stop, 'predict');
    for await (const { columns } of readRows(rows, stop, tell)) {
      parts.push(await this.#predictColumns(model, columns));
    }
    return concat(parts);
  }

  /** Accuracy on test rows, in [0, 1]; of the rows that its run kept for testing, that of its report. */
  async score(test: TestRows, options: CallOptions = {}): Promise<number> {
    const predictions = await this.predict(test, options);
    return accuracyScore(test.labels, predictions);
  }

  /** Labels, ascending; scikit-learn: `classes_`. */
  async classes(): Promise<readonly ClassLabel[]> {
    return (await this.#load()).classLabels;
  }

  /** Impurity-based importance of each feature, summing to 1; scikit-learn: `feature_importances_`. */
  async featureImportances(): Promise<number[]> {
    return (await this.report()).featureImportances;
  }

  /** All that the run found, and what it took: `report.json`. */
  report(): Promise<Report> {
    return getReport(this.#connection.target.store, this.runId);
  }

  /**
   * The model as a file of our format, which `RandomForestClassifier.fromBytes` and `arvoredo predict` take. The same
   * bytes wherever, and by however many workers, it was grown.
   */
  modelBytes(): Promise<Uint8Array> {
    return this.#connection.target.store.get(runKeys(this.runId).model);
  }

  /** Write the model to a file. */
  async save(path: string | URL): Promise<void> {
    await writeFile(path, await this.modelBytes());
  }

  #load(): Promise<Model> {
    if (this.#model) return this.#model;
    const model = this.modelBytes().then(decodeModel);
    this.#model = model;
    model.catch(() => {
      this.#model = undefined; // asked for again, it is read again
    });
    return model;
  }

  async #predictColumns(model: Model, columns: Float32Array[]): Promise<Float64Array> {
    if (columns.length !== model.numFeatures) {
      throw new InputError(`rows must have ${model.numFeatures} features as in training, got ${columns.length}`);
    }
    return predictProbaInThreads(model, columns);
  }

  /** A category's code has its meaning in one data set only. */
  #checkCodes(model: Model, rows: TestRows): void {
    runOf(rows); // told before anything else
    if (rows.split.dataset === this.#split.dataset || !model.isCategorical.includes(true)) return;
    throw new InputError('this forest knows categories, which are numbered by data set: give it rows of its own');
  }
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
