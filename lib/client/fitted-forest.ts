// A forest that a run has grown. Its data stay in the store and are read on demand.

import { writeFile } from 'node:fs/promises';
import { InputError } from '../base/errors.ts';
import { type Rows, toColumns } from '../forest/estimator-data.ts';
import type { Model } from '../forest/model.ts';
import { decodeModel } from '../forest/model-file.ts';
import type { Report } from '../report/report.ts';
import { getReport } from '../run/run.ts';
import { runKeys } from '../store/keys.ts';
import { type Connection, throwIfAborted } from './cluster.ts';
import { type CallOptions, checkCallOptions } from './options.ts';
import { findRunId, readRows, type Split, TestRows } from './rows.ts';

/** The result of `client.fit`: a `FittedClassifier` or a `FittedRegressor`. */
export abstract class FittedForest {
  /** Id of the run that grew it, as used by `arvoredo report` and the HTTP API. */
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

  /** Impurity-based importance of each feature, summing to 1; scikit-learn: `feature_importances_`. */
  async featureImportances(): Promise<number[]> {
    return (await this.report()).featureImportances;
  }

  /** The run's scores, importances, times and costs: `report.json`. */
  report(): Promise<Report> {
    return getReport(this.#connection.target.store, this.runId);
  }

  /**
   * The model file, for `fromBytes` of the estimator class and for `arvoredo predict`. Its bytes depend neither on the
   * cluster nor on the number of workers.
   */
  modelBytes(): Promise<Uint8Array> {
    return this.#connection.target.store.get(runKeys(this.runId).model);
  }

  /** Write the model to a file. */
  async save(path: string | URL): Promise<void> {
    await writeFile(path, await this.modelBytes());
  }

  /** @internal */
  protected load(): Promise<Model> {
    if (this.#model) return this.#model;
    const model = this.modelBytes().then(decodeModel);
    this.#model = model;
    model.catch(() => {
      this.#model = undefined; // the next use tries again
    });
    return model;
  }

  /**
   * Predictions for all rows, concatenated; rows in the store are read and predicted partition by partition.
   *
   * @internal
   */
  protected async predictRows(
    rows: TestRows | Rows,
    predict: (model: Model, columns: Float32Array[]) => Promise<Float64Array>,
    options: CallOptions,
  ): Promise<Float64Array> {
    checkCallOptions(options, 'predict');
    const { signal, onProgress } = options;
    const model = await this.load();
    if (!(rows instanceof TestRows)) {
      const columns = toColumns(rows);
      checkWidth(model, columns);
      return predict(model, columns);
    }
    this.#checkCodes(model, rows);
    const parts: Float64Array[] = [];
    const report = (done: number, total: number) => onProgress?.({ stage: 'predict', done, total });
    const stop = AbortSignal.any([this.#connection.signal, ...(signal ? [signal] : [])]);
    throwIfAborted(stop, 'predict');
    for await (const { columns } of readRows(rows, stop, report)) {
      checkWidth(model, columns);
      parts.push(await predict(model, columns));
    }
    return concat(parts);
  }

  /** A category's code is meaningful in one data set only. */
  #checkCodes(model: Model, rows: TestRows): void {
    findRunId(rows); // its error comes first
    if (rows.split.dataset === this.#split.dataset || !model.isCategorical.includes(true)) return;
    throw new InputError(
      'this forest has categorical features, whose codes differ between data sets; pass rows of the data set it was trained on',
    );
  }
}

function checkWidth({ numFeatures }: Model, columns: readonly Float32Array[]): void {
  if (columns.length === numFeatures) return;
  throw new InputError(`rows must have ${numFeatures} features as in training, got ${columns.length}`);
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
