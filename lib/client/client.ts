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
import { splitKindOf } from '../plan/data-params.ts';
import { toDatasetSpec } from '../plan/lay-out.ts';
import { RUN_DEFAULTS } from '../plan/parameters/table.ts';
import { parseRunParams, type RunParams, readGiven } from '../plan/params.ts';
import { newRunId, startRun } from '../run/run.ts';
import { parseLocation } from '../store/objects.ts';
import { type Cluster, type Connection, locateInS3, throwIfAborted } from './cluster.ts';
import { FittedClassifier } from './fitted-classifier.ts';
import { FittedRegressor } from './fitted-regressor.ts';
import { followRun } from './follow-run.ts';
import { Future, listOf, type SubmitOptions, toFutures } from './future.ts';
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
    const { stack = 'Arvoredo', ...place } = options;
    const target = await stackTarget(stack, place);
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
   * Describe data of the user's: files in S3, or on a local cluster of this machine, which are put into its store. Their
   * contents are looked at when a forest is fitted. docs/data.md tells the formats.
   *
   * @param places paths, folders, patterns, or `s3://bucket/key`
   * @throws {InputError} when a file does not exist, or on options that do not fit the data
   */
  async readData(places: string | readonly string[], options: DataOptions): Promise<Dataset> {
    this.#check();
    const { params } = describe('readData', options ?? {});
    const list = typeof places === 'string' ? [places] : listOf(places, 'readData takes a path or a list of them');
    const located = (await Promise.all(list.map((place) => this.#connection.locate(place)))).flat();
    for (const location of located) parseLocation(location);
    const description = { params: { ...params, data: located }, seeds: [] };
    parseRunParams(readGiven(toGiven(description)));
    return new Dataset(this.#connection, description);
  }

  /**
   * Describe how the rows are divided: to within one row as asked for. scikit-learn: `train_test_split`.
   *
   * @throws {InputError} on options that contradict each other
   */
  async trainTestSplit(data: Dataset, options: SplitOptions = {}): Promise<Sides> {
    this.#check();
    if (!(data instanceof Dataset)) {
      throw new InputError(
        `trainTestSplit takes what makeClassification, makeRegression or readData gave, got ${quoteArgument(data)}`,
      );
    }
    const description = join(data.description, describe('trainTestSplit', options));
    const { side, validationSize } = parse(description, splitKindOf);
    const split = new Split(data, description);
    const hasValidation = validationSize !== undefined || side !== undefined;
    return {
      train: new TrainRows(split),
      test: new TestRows(split, 'test'),
      validation: hasValidation ? new TestRows(split, 'validation') : null,
    };
  }

  /**
   * Fit a forest: one run, which makes or reads the rows, divides them, grows the trees and tests them. The estimator
   * stays as it is.
   *
   * @param estimator a `RandomForestClassifier`, `ExtraTreesClassifier`, `RandomForestRegressor` or `ExtraTreesRegressor`,
   *   with its options
   * @param train of `trainTestSplit`
   * @throws {InputError} on options that a run cannot honour, before anything is spent
   * @throws {ConflictError} when `runId` names a run that was asked for otherwise
   * @throws {RunFailedError} when the run failed; `tasks` has what failed
   * @throws {CancelledError} when the signal was aborted, which cancels the run, or somebody else cancelled it
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
      throw new InputError(`fit takes the train side of trainTestSplit, got ${quoteArgument(train)}`);
    const { split } = train;
    if (split.dataset.connection !== this.#connection) {
      throw new InputError('these rows were described by a client of another cluster; describe them by this one');
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

  /** Do a run to its end; gives its id. */
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
   * Call a function with an input: `dask.distributed`'s `submit`. It is tried again as docs/fanout.md says, and may so be
   * called more than once.
   *
   * @param fn name of a deployed function, or of one of `LocalCluster.start({ functions })`; or a `workerFunction`, which
   *   has types
   * @param input what its event is: anything that JSON holds
   * @throws {InputError} on an option that isn't allowed
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
    const sizes = sizesOf(fn);
    const taskId = `${sizes[0].functionName}-${this.#numSubmitted++}`;
    const { target, signal: closed } = this.#connection;
    const closing = AbortSignal.any([this.#closing.signal, closed]);
    const context = { taskId, sizes, invoke: target.invoke, slots: this.#slots, closing };
    return new Future<Output>(input, context, { signal, ...options });
  }

  /** Call a function with each of some inputs, in any order; the futures are in the order of the inputs. As `submit`. */
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
    return listOf(inputs, 'map takes a list of inputs').map((input) =>
      this.submit<Output>(fn as string, input, options),
    );
  }

  /**
   * The answers of futures, in their order.
   *
   * @throws what the first that fails throws; the others go on
   */
  async gather<T>(futures: Iterable<Future<T>>): Promise<T[]> {
    return Promise.all(toFutures(futures, 'gather').map((future) => future.result()));
  }

  /** Cancel what is under way, futures and runs. The cluster stays. */
  async close(): Promise<void> {
    this.#closing.abort(new CancelledError('the client was closed'));
    await Promise.allSettled(this.#fits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closing.signal.aborted) throw new InputError('the client was closed; make another');
    this.#connection.signal.throwIfAborted();
  }
}

/** Rows that are made have either classes or values; those that are read, what the estimator takes. */
function checkTask({ description }: Split, estimator: Estimator, { params }: Description): void {
  const { task } = description.params;
  if (task === undefined || task === params.task) return;
  const [have, kind] = task === 'regression' ? ['values', 'Regressor'] : ['classes', 'Classifier'];
  throw new InputError(
    `these rows have ${have}: fit a RandomForest${kind} or an ExtraTrees${kind} to them, got ${estimator.constructor.name}`,
  );
}

/** @throws {InputError} when it is not a function that can be called elsewhere */
function sizesOf(fn: unknown): WorkerFunction<unknown, unknown>['sizes'] {
  if (typeof fn === 'string' && fn !== '') return workerFunction(fn).sizes;
  const { sizes } = (fn ?? {}) as Partial<WorkerFunction<unknown, unknown>>;
  if (typeof fn === 'object' && Array.isArray(sizes)) return sizes;
  throw new InputError(
    `submit and map take the name of a function, or a workerFunction, got ${quoteArgument(fn)}; what is to run elsewhere is in a file of its own: LocalCluster.start({ functions })`,
  );
}

/** The parameters that a description comes to, as far as they are known, checked besides. */
function parse(description: Description, check: (params: RunParams) => unknown): RunParams {
  const params = parseRunParams(readGiven(toGiven(description)));
  check(params);
  return params;
}
