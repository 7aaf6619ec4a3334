// The engine on AWS Lambda durable functions. The only file that knows the durable SDK.

import {
  type DurableContext,
  type DurableInstrumentationPlugin,
  type OperationInfo,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import type { Engine, Invocation, Lanes, Outcome } from './engine.ts';
import { parseFailure } from './error-class.ts';
import { isShard, runShard } from './shards.ts';
import type { MakeTasks } from './task-source.ts';

// no retries: the SDK's six attempts with backoff would only delay a clear error
const STEP = { retryStrategy: () => ({ shouldRetry: false }) };
const VIRTUAL = { virtualContext: true }; // has a position among the operations, but is not an operation

/** What the service has recorded of an operation, but the SDK's results omit. */
interface Recorded {
  startMs?: number;
  endMs?: number;
  errorType?: string;
}

/** Records when operations started and ended, by name. The SDK reports it only to plugins. */
type FindRecord = (name: string) => Recorded;

function recorder(): { plugin: DurableInstrumentationPlugin; find: FindRecord } {
  const recorded = new Map<string, Recorded>();
  const record = ({ name, startTimestamp, endTimestamp, error }: OperationInfo) => {
    if (name === undefined) return;
    const known = recorded.get(name) ?? {};
    recorded.set(name, {
      startMs: startTimestamp?.getTime() ?? known.startMs,
      endMs: endTimestamp?.getTime() ?? known.endMs,
      // the only source of the type of an error that arrives in this invocation
      errorType: (error?.cause as Error | undefined)?.name ?? known.errorType,
    });
  };
  return {
    find: (name) => recorded.get(name) ?? {},
    plugin: {
      onInvocationStart: async ({ operations }) => {
        recorded.clear();
        Object.values(operations).forEach(record);
      },
      onOperationStart: async (info) => record(info),
      onOperationEnd: async (info) => record(info),
      onOperationChange: async ({ updatedOperations }) => Object.values(updatedOperations).forEach(record),
    },
  };
}

export interface HandlerOptions {
  /** Usage of an execution so far, as numbers by name; returned with the outcome of a shard. */
  measure?(executionArn: string): object;
  /** Makes the tasks of fan-outs whose tasks are a source. */
  makeTasks?: MakeTasks;
  /** Qualified name of the function that executes shards, with the same code. @default the invoked function */
  self?: string;
}

/**
 * Make a durable Lambda handler from a function that fans out. A fan-out with more tasks than one execution can take is
 * divided into shards: executions of the same function, which this handler also answers.
 */
export function durableHandler<Event, Result>(
  run: (event: Event, engine: Engine, executionArn: string) => Promise<Result>,
  options: HandlerOptions = {},
) {
  const { measure = () => ({}) } = options;
  const { plugin, find } = recorder();
  return withDurableExecution(
    async (event: Event, context: DurableContext): Promise<unknown> => {
      const engine = durableEngine(context, find, options);
      const { durableExecutionArn } = context.executionContext;
      if (isShard(event)) return runShard(engine, event, () => measure(durableExecutionArn));
      return run(event, engine, durableExecutionArn);
    },
    { plugins: [plugin] },
  );
}

function durableEngine(
  context: DurableContext,
  find: FindRecord,
  { makeTasks, self = context.lambdaContext?.invokedFunctionArn }: HandlerOptions,
): Engine {
  let operations = 1; // the execution itself
  return {
    get operations() {
      return operations;
    },
    self,
    makeTasks,
    step: (name, work) => {
      operations++;
      return context.step(name, work, STEP);
    },
    wait: (name, seconds) => {
      operations++;
      return context.wait(name, { seconds });
    },
    lanes: async (name, numLanes, body) => {
      operations++;
      // a replay returns the recorded value without opening the lanes again; it includes their operations
      const recorded = await context.runInChildContext(name, async (child) => {
        let used = 0;
        const value = await body(new DurableLanes({ child, name, find, count: () => used++ }, numLanes));
        return { value, used };
      });
      operations += recorded.used;
      return recorded.value;
    },
  };
}

/** The next command of a lane. */
interface Order extends Invocation<unknown> {
  onEnded: (outcome: Outcome<never>) => void;
}

/** What the lanes of a fan-out share. */
interface LanesContext {
  child: DurableContext;
  /** Name of the fan-out. */
  name: string;
  find: FindRecord;
  /** Counts a durable operation. */
  count(): void;
}

class DurableLanes implements Lanes {
  readonly startedAtMs: number;
  readonly #context: LanesContext;
  readonly #orders: Mailbox<Order>[];
  /** Number of the latest attempt by lane. */
  readonly #attempts: number[];
  readonly #polls = new Mailbox<Parameters<Lanes['poll']>>();

  constructor(context: LanesContext, numLanes: number) {
    const { child, name, find } = context;
    this.startedAtMs = find(name).startMs ?? Date.now();
    this.#context = context;
    this.#orders = Array.from({ length: numLanes }, () => new Mailbox<Order>());
    this.#attempts = new Array<number>(numLanes).fill(0);
    // all lanes are opened at once, in order: the position of an operation follows from that
    for (const [lane, orders] of this.#orders.entries()) {
      void child.runInChildContext(
        undefined,
        async (own) => {
          for (let attempt = 1; ; attempt++) await this.#runAttempt(own, lane, attempt, await orders.take());
        },
        VIRTUAL,
      );
    }
    void child.runInChildContext(undefined, async (own) => this.#keepPolling(own, await this.#polls.take()), VIRTUAL);
  }

  invoke<Payload, Result>(
    lane: number,
    invocation: Invocation<Payload>,
    onEnded: (outcome: Outcome<Result>) => void,
  ): void {
    this.#orders[lane].put({ ...invocation, onEnded });
  }

  getStart(lane: number): number | undefined {
    const { name, find } = this.#context;
    return find(invocationName(name, lane, this.#attempts[lane])).startMs;
  }

  poll<Found>(
    pauseSeconds: (atMs: number) => number | undefined,
    check: (atMs: number) => Promise<Found | undefined>,
    onFound: (found: Found, atMs: number) => void,
  ): void {
    this.#polls.put([pauseSeconds, check, onFound as (found: unknown, atMs: number) => void]);
  }

  /** An attempt has two positions in its lane: its pause, unless it is the first attempt, and its invocation. */
  async #runAttempt(own: DurableContext, lane: number, attempt: number, order: Order): Promise<void> {
    const { name, find, count } = this.#context;
    const { functionName, payload, pause, onEnded } = order;
    if (attempt > 1) {
      const waited = own.runInChildContext(
        undefined,
        async (pausing) => {
          if (!pause || pause.seconds <= 0) return;
          count();
          await pausing.wait(`${name}-${lane}-pause-${attempt}`, { seconds: pause.seconds });
        },
        VIRTUAL,
      );
      await Promise.race([waited, pause?.hurry ?? waited]);
    }
    const id = invocationName(name, lane, attempt);
    this.#attempts[lane] = attempt;
    count();
    const requestedAtMs = Date.now();
    const times = () => {
      const { startMs = requestedAtMs, endMs = Date.now() } = find(id);
      return { startedAtMs: startMs, endedAtMs: endMs };
    };
    // not awaited: the lane's next attempt may start before this one ends
    own.invoke<unknown, never>(id, functionName, payload).then(
      (result) => onEnded({ ok: true, result, ...times() }),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        onEnded({ ok: false, error: parseFailure(message, find(id).errorType), ...times() });
      },
    );
  }

  async #keepPolling(own: DurableContext, [pauseSeconds, check, onFound]: Parameters<Lanes['poll']>): Promise<void> {
    const { name, count } = this.#context;
    for (let n = 1, atMs = this.startedAtMs; ; n++) {
      const seconds = pauseSeconds(atMs);
      if (seconds === undefined) return;
      count();
      await own.wait(`${name}-pause-${n}`, { seconds });
      count();
      const seen = await own.step(
        `${name}-poll-${n}`,
        async () => {
          const nowMs = Date.now();
          return { atMs: nowMs, found: await check(nowMs) };
        },
        STEP,
      );
      atMs = seen.atMs;
      if (seen.found !== undefined) onFound(seen.found, atMs);
    }
  }
}

const invocationName = (name: string, lane: number, attempt: number) =>
  attempt === 1 ? `${name}-${lane}` : `${name}-${lane}-attempt-${attempt}`;

/** A queue of values with one reader, who waits for the next value. */
class Mailbox<T> {
  readonly #values: T[] = [];
  #reader: ((value: T) => void) | undefined;

  put(value: T): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader(value);
    else this.#values.push(value);
  }

  take(): Promise<T> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift() as T);
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }
}
