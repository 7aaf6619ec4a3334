// A forest that a run has grown. What it knows lies in the store, and is read when it is asked for.

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
import { readRows, runOf, type Split, TestRows } from './rows.ts';

/** What `client.fit` gives: a `FittedClassifier` or a `FittedRegressor`. */
export abstract class FittedForest {
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

  /** Impurity-based importance of each feature, summing to 1; scikit-learn: `feature_importances_`. */
  async featureImportances(): Promise<number[]> {
    return (await this.report()).featureImportances;
  }

  /** All that the run found, and what it took: `report.json`. */
  report(): Promise<Report> {
    return getReport(this.#connection.target.store, this.runId);
  }

  /**
   * The model as a file of our format, which `fromBytes` of the estimator's class and `arvoredo predict` take. The same
   * bytes wherever, and by however many workers, it was grown.
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
      this.#model = undefined; // asked for again, it is read again
    });
    return model;
  }

  /**
   * What `predict` gives for the rows, end to end: those of the store partition by partition.
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
    const tell = (done: number, total: number) => onProgress?.({ stage: 'predict', done, total });
    const stop = AbortSignal.any([this.#connection.signal, ...(signal ? [signal] : [])]);
    throwIfAborted(stop, 'predict');
    for await (const { columns } of readRows(rows, stop, tell)) {
      checkWidth(model, columns);
      parts.push(await predict(model, columns));
    }
    return concat(parts);
  }

  /** A category's code has its meaning in one data set only. */
  #checkCodes(model: Model, rows: TestRows): void {
    runOf(rows); // told before anything else
    if (rows.split.dataset === this.#split.dataset || !model.isCategorical.includes(true)) return;
    throw new InputError('this forest knows categories, which are numbered by data set: give it rows of its own');
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
