// The future result of a function call.

import type { Invoke } from '../aws/lambda-invoker.ts';
import { CancelledError, DeadlineError, InputError, TaskFailedError } from '../base/errors.ts';
import { quoteArgument } from '../base/quote.ts';
import type { FanOutOptions } from '../fanout/options.ts';
import { resolveOptions } from '../fanout/options.ts';
import { runLanes, type WorkerSize } from '../fanout/run-lanes.ts';
import { directEngine } from './direct-engine.ts';
import type { Slots } from './slots.ts';

/** Options of `submit` and `map`, for each input. docs/fanout.md says which failures are retried, and when. */
export interface SubmitOptions
  extends Pick<FanOutOptions, 'maxAttempts' | 'backoffMs' | 'maxBackoffMs' | 'deadlineMs'> {
  /** Cancels the call. */
  signal?: AbortSignal;
}

export type FutureStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** What a future needs from its client. */
export interface FutureContext {
  taskId: string;
  sizes: readonly WorkerSize[];
  invoke: Invoke;
  slots: Slots;
  /** Aborted when the client closes. */
  closing: AbortSignal;
}

/** The result of a function for one input. */
export class Future<T> {
  #status: FutureStatus = 'queued';
  readonly #result: Promise<T>;
  readonly #stop = new AbortController();

  /** @internal */
  constructor(input: unknown, context: FutureContext, options: SubmitOptions) {
    this.#result = this.#run(input, context, options);
    this.#result.catch(() => {}); // reported to the caller of result()
  }

  /** `queued` until its first attempt gets a slot, then `running`, then one of the others, which is final. */
  get status(): FutureStatus {
    return this.#status;
  }

  /**
   * The function's result.
   *
   * @throws {TaskFailedError} when all attempts have failed, or one with an error that is not retried
   * @throws {DeadlineError} when it was not done before its deadline
   * @throws {CancelledError} when it was cancelled
   */
  result(): Promise<T> {
    return this.#result;
  }

  /**
   * Cancel the call. Lambda cannot stop an invocation: one that is running continues, its result is ignored, and it keeps
   * its slot until it ends.
   */
  cancel(): void {
    this.#stop.abort(new CancelledError('the future was cancelled'));
  }

  /** The text for console.log and the REPL. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Future { ${this.#status} }`;
  }

  async #run(
    input: unknown,
    { taskId, sizes, invoke, slots, closing }: FutureContext,
    given: SubmitOptions,
  ): Promise<T> {
    const { signal, ...options } = given;
    const stop = AbortSignal.any([this.#stop.signal, closing, ...(signal ? [signal] : [])]);
    const onInvoke = () => {
      this.#status = 'running';
    };
    const engine = directEngine({ invoke, slots, signal: stop, closing, onInvoke });
    const tasks = [{ taskId, payload: input }];
    const spec = { sizes, options: resolveOptions(options) };
    const { reason, results, failed } = await runLanes<unknown, T>(engine, taskId, tasks, spec);
    if (reason === 'allDone') {
      this.#status = 'succeeded';
      return results[0] as T;
    }
    this.#status = reason === 'aborted' ? 'cancelled' : 'failed';
    const [task] = failed;
    if (reason === 'aborted') throw new CancelledError(`${taskId} was cancelled`, { cause: stop.reason });
    if (task) throw new TaskFailedError(task.taskId, task.attempts, task.error);
    throw new DeadlineError(`${taskId} was not done within its deadline of ${options.deadlineMs} ms`);
  }
}

/**
 * @param takes start of the message: `map takes a list of inputs`
 * @throws {InputError} when `items` is not iterable
 */
export function toList<T>(items: Iterable<T>, takes: string): T[] {
  if (typeof (items as Iterable<T> | undefined)?.[Symbol.iterator] === 'function') return [...items];
  throw new InputError(`${takes}, got ${quoteArgument(items)}`);
}

/** @throws {InputError} when `futures` is not a list of futures */
export function toFutures<T>(futures: Iterable<Future<T>>, of: string): Future<T>[] {
  const takes = `${of} takes a list of futures`;
  const list = toList(futures, takes);
  const other = list.find((future) => !(future instanceof Future));
  if (other !== undefined) throw new InputError(`${takes}, got a list with ${quoteArgument(other)}`);
  return list;
}

/**
 * Yields futures in the order in which they end, whether they succeed or fail.
 *
 * @example
 * ```ts
 * for await (const future of asCompleted(client.map('square', [1, 2, 3]))) console.log(await future.result());
 * ```
 */
export async function* asCompleted<T>(futures: Iterable<Future<T>>): AsyncGenerator<Future<T>, void> {
  const ended: Future<T>[] = [];
  let wake = () => {};
  let left = 0;
  for (const future of toFutures(futures, 'asCompleted')) {
    left++;
    const onEnd = () => {
      ended.push(future);
      wake();
    };
    future.result().then(onEnd, onEnd);
  }
  for (; left > 0; left--) {
    if (ended.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    yield ended.shift()!;
  }
}
