// The client: what a program of a user's calls.

import { type AwsAccess, stackTarget } from '../aws/target.ts';
import { CancelledError, InputError } from '../base/errors.ts';
import { quoteArgument } from '../base/quote.ts';
import { validateDatasetSpec } from '../datasets/spec.ts';
import { type WorkerFunction, workerFunction } from '../fanout/fan-out.ts';
import { FAN_OUT_DEFAULTS, resolveOptions } from '../fanout/options.ts';
import type { RandomForestClassifier } from '../forest/classifier.ts';
import { checkNames } from '../forest/estimator-options.ts';
import type { RandomForestRegressor } from '../forest/regressor.ts';
import { findSplitKind } from '../plan/data-params.ts';
import { toDatasetSpec } from '../plan/lay-out.ts';
import { RUN_DEFAULTS } from '../plan/parameters/table.ts';
import { parseRunParams, type RunParams, readGiven } from '../plan/params.ts';
import { newRunId, startRun } from '../run/run.ts';
import { parseLocation } from '../store/objects.ts';
import { type Cluster, type Connection, locateInS3, throwIfAborted } from './cluster.ts';
import { FittedClassifier } from './fitted-classifier.ts';
import { FittedRegressor } from './fitted-regressor.ts';
import { followRun } from './follow-run.ts';
import { Future, type SubmitOptions, toFutures, toList } from './future.ts';
import {
  type ClassificationOptions,
  checkSignal,
  type DataOptions,
  describe,
  describeEstimator,
  type Estimator,
  join,
  type RegressionOptions,
  type RunOptions,
  type SplitOptions,
  toGiven,
} from './options.ts';
import { Dataset, type Description, Split, TestRows, TrainRows } from './rows.ts';
import { Slots } from './slots.ts';

/** Where `Client.connect` finds a stack; region and credentials come from the SDK's default chain. */
export interface ConnectOptions extends AwsAccess {
  /** Name of the deployed stack. @default 'Arvoredo' */
  stack?: string;
}

/** The sides of a data set. */
export interface Sides {
  train: TrainRows;
  test: TestRows;
  /** Null unless `validationSize`, or the data, ask for one. */
  validation: TestRows | null;
}

const AWS_POLL_MS = 1000;
const SUBMIT_NAMES = ['signal', 'maxAttempts', 'backoffMs', 'maxBackoffMs', 'deadlineMs'];

/**
 * Makes data, divides them and fits forests to them by functions of a cluster, and calls functions of the user's.
 *
 * @example
 * ```ts
 * const cluster = await LocalCluster.start({ workers: 4 });
 * const client = new Client(cluster);
 * const data = await client.makeClassification({ samples: 100_000, features: 20, chunkSize: 10_000 });
 * const { train, test } = await client.trainTestSplit(data, { testSize: 0.1 });
 * const forest = await client.fit(new RandomForestClassifier({ trees: 100 }), train);
 * const predictions = await forest.predict(test);
 * console.log(`Accuracy: ${(await accuracyScore(test.labels, predictions)).toFixed(4)}`);
 * await client.close();
 * await cluster.close();
 * ```
 */
export class Client implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  readonly #fits = new Set<Promise<unknown>>();
  #numSubmitted = 0;

  constructor(cluster: Cluster) {
    const connection = cluster?.connection;
    if (!connection)
      throw new InputError(
        `a client needs a cluster such as LocalCluster.start() gives, got ${quoteArgument(cluster)}`,
      );
    this.#connection = connection;
    this.#slots = new Slots(connection.workers ?? FAN_OUT_DEFAULTS.maxInFlight);
  }

  /**
   * A client of a stack on AWS, found as `arvoredo run --on aws` does.
   *
   * @throws {InputError} when the stack does not exist, or no region is set
   */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    checkNames(options, ['stack', 'region', 'profile'], 'Client.connect');
    const { stack = 'Arvoredo', ...access } = options;
    const target = await stackTarget(stack, access);
    const { signal } = new AbortController(); // a stack does not go away
    return new Client({ connection: { target, pollMs: AWS_POLL_MS, locate: locateInS3, signal } });
  }

  /**
   * Describe a seeded data set; the functions make it. scikit-learn: `make_classification`.
   *
   * @throws {InputError} on options that make no data set
   */
  async makeClassification(options: ClassificationOptions = {}): Promise<Dataset> {
    return this.#makeRows('makeClassification', 'classification', options);
  }

  /**
   * Describe a seeded data set whose rows have values in place of classes. scikit-learn: `make_regression`, and with
   * `generator: 'friedman1'` its `make_friedman1`.
   *
   * @throws {InputError} on options that make no data set
   */
  async makeRegression(options: RegressionOptions = {}): Promise<Dataset> {
    return this.#makeRows('makeRegression', 'regression', options);
  }

  #makeRows(
    call: 'makeClassification' | 'makeRegression',
    task: RunParams['task'],
    options: ClassificationOptions | RegressionOptions,
  ): Dataset {
    this.#check();
    const { params, seeds } = describe(call, options);
    const description = { params: { task, ...params }, seeds };
    validateDatasetSpec(toDatasetSpec(parseRunParams(toGiven(description))));
    return new Dataset(this.#connection, description);
  }

  /**
   * Describe a user's data: files in S3 or, with a local cluster, files on this machine, which are copied to its store.
   * Their contents are read when a forest is fitted. docs/data.md lists the formats.
   *
   * @param locations paths, folders, patterns, or `s3://bucket/key`
   * @throws {InputError} when a file does not exist, or the options do not match the data
   */
  async readData(locations: string | readonly string[], options: DataOptions): Promise<Dataset> {
    this.#check();
    const { params } = describe('readData', options ?? {});
    const list =
      typeof locations === 'string' ? [locations] : toList(locations, 'readData takes a path or a list of paths');
    const located = (await Promise.all(list.map((path) => this.#connection.locate(path)))).flat();
    for (const location of located) parseLocation(location);
    const description = { params: { ...params, data: located }, seeds: [] };
    parseRunParams(readGiven(toGiven(description)));
    return new Dataset(this.#connection, description);
  }

  /**
   * Describe how the rows are split; sizes are exact to one row. scikit-learn: `train_test_split`.
   *
   * @throws {InputError} when options contradict each other
   */
  async trainTestSplit(data: Dataset, options: SplitOptions = {}): Promise<Sides> {
    this.#check();
    if (!(data instanceof Dataset)) {
      throw new InputError(
        `trainTestSplit takes the result of makeClassification, makeRegression or readData, got ${quoteArgument(data)}`,
      );
    }
    const description = join(data.description, describe('trainTestSplit', options));
    const { side, validationSize } = parse(description, findSplitKind);
    const split = new Split(data, description);
    const hasValidation = validationSize !== undefined || side !== undefined;
    return {
      train: new TrainRows(split),
      test: new TestRows(split, 'test'),
      validation: hasValidation ? new TestRows(split, 'validation') : null,
    };
  }

  /**
   * Fit a forest in one run, which generates or reads the rows, splits them, grows the trees and evaluates them. The
   * estimator is not modified.
   *
   * @param estimator a `RandomForestClassifier`, `ExtraTreesClassifier`, `RandomForestRegressor` or `ExtraTreesRegressor`,
   *   with its options
   * @param train result of `trainTestSplit`
   * @throws {InputError} when a run does not support the options, before anything is spent
   * @throws {ConflictError} when `runId` names a run with other parameters
   * @throws {RunFailedError} when the run failed; `tasks` lists the failed tasks
   * @throws {CancelledError} when the signal was aborted, which cancels the run, or the run was cancelled elsewhere
   */
  fit(estimator: RandomForestClassifier, train: TrainRows, options?: RunOptions): Promise<FittedClassifier>;
  fit(estimator: RandomForestRegressor, train: TrainRows, options?: RunOptions): Promise<FittedRegressor>;
  async fit(
    estimator: Estimator,
    train: TrainRows,
    options: RunOptions = {},
  ): Promise<FittedClassifier | FittedRegressor> {
    this.#check();
    if (!(train instanceof TrainRows))
      throw new InputError(`fit takes the training split from trainTestSplit, got ${quoteArgument(train)}`);
    const { split } = train;
    if (split.dataset.connection !== this.#connection) {
      throw new InputError('these rows belong to a client of another cluster; describe them with this client');
    }
    const how = describe('fit', options);
    const description = describeEstimator(estimator);
    checkTask(split, estimator, description);
    const given = toGiven(join(split.description, description, how));
    const { workers = RUN_DEFAULTS.workers } = this.#connection;
    const params = parseRunParams({ workers, ...readGiven(given) });
    const work = this.#run(params, Object.keys(readGiven(given)), options);
    this.#fits.add(work);
    const runId = await work.finally(() => this.#fits.delete(work));
    split.runId ??= runId;
    const Fitted = params.task === 'regression' ? FittedRegressor : FittedClassifier;
    return new Fitted(this.#connection, runId, split);
  }

  /** Start or resume a run and follow it to its end. @returns its id */
  async #run(params: RunParams, given: readonly string[], options: RunOptions): Promise<string> {
    const { runId = newRunId(), signal, onProgress } = options;
    const stop = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    throwIfAborted(stop, `run ${runId}`);
    const { store, orchestrator } = this.#connection.target;
    const { execution } = await startRun({ store, orchestrator }, runId, params, given);
    if (execution !== undefined) await followRun(this.#connection, runId, execution, { signal: stop, onProgress });
    return runId;
  }

  /**
   * Call a function with an input; `dask.distributed`: `submit`. Failed attempts are retried as docs/fanout.md describes,
   * so the function may run more than once.
   *
   * @param fn name of a deployed function, or of one of `LocalCluster.start({ functions })`; or a typed `workerFunction`
   * @param input the function's event: any JSON value
   * @throws {InputError} on an unknown or invalid option
   * @example
   * ```ts
   * const square = workerFunction<number, number>('square');
   * await client.submit(square, 7).result(); // 49
   * ```
   */
  submit<Input, Output>(fn: WorkerFunction<Input, Output>, input: Input, options?: SubmitOptions): Future<Output>;
  submit<Output = unknown>(fn: string, input: unknown, options?: SubmitOptions): Future<Output>;
  submit<Output>(
    fn: string | WorkerFunction<unknown, Output>,
    input: unknown,
    { signal, ...options }: SubmitOptions = {},
  ): Future<Output> {
    this.#check();
    checkNames({ signal, ...options }, SUBMIT_NAMES, 'submit');
    checkSignal(signal, 'submit');
    resolveOptions(options);
    const sizes = resolveSizes(fn);
    const taskId = `${sizes[0].functionName}-${this.#numSubmitted++}`;
    const { target, signal: closed } = this.#connection;
    const closing = AbortSignal.any([this.#closing.signal, closed]);
    const context = { taskId, sizes, invoke: target.invoke, slots: this.#slots, closing };
    return new Future<Output>(input, context, { signal, ...options });
  }

  /** Call a function once for each input, like `submit`, in any order; the futures have the order of the inputs. */
  map<Input, Output>(
    fn: WorkerFunction<Input, Output>,
    inputs: Iterable<Input>,
    options?: SubmitOptions,
  ): Future<Output>[];
  map<Output = unknown>(fn: string, inputs: Iterable<unknown>, options?: SubmitOptions): Future<Output>[];
  map<Output>(
    fn: string | WorkerFunction<unknown, Output>,
    inputs: Iterable<unknown>,
    options?: SubmitOptions,
  ): Future<Output>[] {
    return toList(inputs, 'map takes a list of inputs').map((input) =>
      this.submit<Output>(fn as string, input, options),
    );
  }

  /**
   * The results of futures, in their order.
   *
   * @throws the error of the first future that fails; the others continue
   */
  async gather<T>(futures: Iterable<Future<T>>): Promise<T[]> {
    return Promise.all(toFutures(futures, 'gather').map((future) => future.result()));
  }

  /** Cancel unfinished futures and runs. The cluster stays open. */
  async close(): Promise<void> {
    this.#closing.abort(new CancelledError('the client was closed'));
    await Promise.allSettled(this.#fits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closing.signal.aborted) throw new InputError('the client is closed; create another one');
    this.#connection.signal.throwIfAborted();
  }
}

/** Generated rows have either classes or values; rows from files suit any estimator. */
function checkTask({ description }: Split, estimator: Estimator, { params }: Description): void {
  const { task } = description.params;
  if (task === undefined || task === params.task) return;
  const [have, kind] = task === 'regression' ? ['values', 'Regressor'] : ['classes', 'Classifier'];
  throw new InputError(
    `these rows have ${have}: fit a RandomForest${kind} or an ExtraTrees${kind} to them, got ${estimator.constructor.name}`,
  );
}

/** @throws {InputError} when it does not name a function of the cluster */
function resolveSizes(fn: unknown): WorkerFunction<unknown, unknown>['sizes'] {
  if (typeof fn === 'string' && fn !== '') return workerFunction(fn).sizes;
  const { sizes } = (fn ?? {}) as Partial<WorkerFunction<unknown, unknown>>;
  if (typeof fn === 'object' && Array.isArray(sizes)) return sizes;
  throw new InputError(
    `submit and map take the name of a function or a workerFunction, got ${quoteArgument(fn)}; put the function in its own file and pass it to LocalCluster.start({ functions })`,
  );
}

/** The parameters in a description, parsed and checked. */
function parse(description: Description, check: (params: RunParams) => unknown): RunParams {
  const params = parseRunParams(readGiven(toGiven(description)));
  check(params);
  return params;
}
