// An answer that is on its way.

import type { Invoke } from '../aws/lambda-invoker.ts';
import { CancelledError, DeadlineError, InputError, TaskFailedError } from '../base/errors.ts';
import { quoteArgument } from '../base/quote.ts';
import type { FanOutOptions } from '../fanout/options.ts';
import { resolveOptions } from '../fanout/options.ts';
import { runLanes, type WorkerSize } from '../fanout/run-lanes.ts';
import { directEngine } from './direct-engine.ts';
import type { Slots } from './slots.ts';

/** Options of `submit` and `map`, for each input. docs/fanout.md tells which failures are tried again, and when. */
export interface SubmitOptions
  extends Pick<FanOutOptions, 'maxAttempts' | 'backoffMs' | 'maxBackoffMs' | 'deadlineMs'> {
  /** Cancels it. */
  signal?: AbortSignal;
}

export type FutureStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** What a future needs of its client. */
export interface FutureContext {
  taskId: string;
  sizes: readonly WorkerSize[];
  invoke: Invoke;
  slots: Slots;
  /** Cancels all that the client has under way. */
  closing: AbortSignal;
}

/** The answer of a function to one input. */
export class Future<T> {
  #status: FutureStatus = 'queued';
  readonly #result: Promise<T>;
  readonly #stop = new AbortController();

  /** @internal */
  constructor(input: unknown, context: FutureContext, options: SubmitOptions) {
    this.#result = this.#run(input, context, options);
    this.#result.catch(() => {}); // told to whoever asks for the result
  }

  /** `queued` until there is a place for its first attempt, then `running`, until it is one of the others for good. */
  get status(): FutureStatus {
    return this.#status;
  }

  /**
   * The function's answer.
   *
   * @throws {TaskFailedError} when all attempts have failed, or one in a way that no other mends
   * @throws {DeadlineError} when it took longer than it was given
   * @throws {CancelledError} when it was cancelled
   */
  result(): Promise<T> {
    return this.#result;
  }

  /**
   * Call it off. An invocation under way goes on without anybody who waits for its answer, as Lambda cannot stop one; it
   * keeps its place until then.
   */
  cancel(): void {
    this.#stop.abort(new CancelledError('the future was cancelled'));
  }

  /** As Node and its REPL show it. */
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
    const { reason, results, failed } = await runLanes<unknown, T>(
      engine,
      taskId,
      tasks,
      sizes,
      resolveOptions(options),
    );
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
 * @param takes what is said of the caller in the message
 * @throws {InputError} when it is not iterable
 */
export function listOf<T>(items: Iterable<T>, takes: string): T[] {
  if (typeof (items as Iterable<T> | undefined)?.[Symbol.iterator] === 'function') return [...items];
  throw new InputError(`${takes}, got ${quoteArgument(items)}`);
}

/** @throws {InputError} when it is not a list of futures */
export function toFutures<T>(futures: Iterable<Future<T>>, of: string): Future<T>[] {
  const takes = `${of} takes a list of futures`;
  const list = listOf(futures, takes);
  const other = list.find((future) => !(future instanceof Future));
  if (other !== undefined) throw new InputError(`${takes}, got one of ${quoteArgument(other)}`);
  return list;
}

/**
 * Futures in the order in which they come to an end, good or bad.
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
