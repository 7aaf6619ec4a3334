// The engine on AWS Lambda durable functions. The only file that knows the durable SDK.

import {
  type DurableContext,
  type DurableInstrumentationPlugin,
  type OperationInfo,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import type { Engine, Lanes, Outcome } from './engine.ts';
import { parseFailure } from './error-class.ts';
import { isShard, runShard } from './shards.ts';
import type { TasksOf } from './task-source.ts';

// a step that fails is the caller's to judge: the SDK's own six attempts with backoff would only delay a clear error
const STEP = { retryStrategy: () => ({ shouldRetry: false }) };
const VIRTUAL = { virtualContext: true }; // takes a place among the operations, and is none itself

/** What the service has recorded of an operation that the SDK's own results leave out. */
interface Recorded {
  startMs?: number;
  endMs?: number;
  errorType?: string;
}

/** Notes when operations started and ended, by name. The SDK tells plugins only. */
function recorder(): { plugin: DurableInstrumentationPlugin; of(name: string): Recorded } {
  const recorded = new Map<string, Recorded>();
  const note = ({ name, startTimestamp, endTimestamp, error }: OperationInfo) => {
    if (name === undefined) return;
    const known = recorded.get(name) ?? {};
    recorded.set(name, {
      startMs: startTimestamp?.getTime() ?? known.startMs,
      endMs: endTimestamp?.getTime() ?? known.endMs,
      // an error that comes while we run has its type here only
      errorType: (error?.cause as Error | undefined)?.name ?? known.errorType,
    });
  };
  return {
    of: (name) => recorded.get(name) ?? {},
    plugin: {
      onInvocationStart: async ({ operations }) => {
        recorded.clear();
        Object.values(operations).forEach(note);
      },
      onOperationStart: async (info) => note(info),
      onOperationEnd: async (info) => note(info),
      onOperationChange: async ({ updatedOperations }) => Object.values(updatedOperations).forEach(note),
    },
  };
}

export interface HandlerOptions {
  /** What an execution has used so far, as numbers by name; told with the part of a fan-out that it did. */
  measure?(executionArn: string): object;
  /** Makes the tasks of fan-outs that are given a source instead of a list. */
  tasksOf?: TasksOf;
  /** Qualified name of the function that does slices, with the same code. @default the function that is invoked */
  self?: string;
}

/**
 * Make a durable Lambda handler of a function that fans out. A fan-out of more tasks than one execution takes is divided
 * over executions of the same function, which are answered here.
 */
export function durableHandler<Event, Result>(
  run: (event: Event, engine: Engine, executionArn: string) => Promise<Result>,
  options: HandlerOptions = {},
) {
  const { measure = () => ({}) } = options;
  const { plugin, of } = recorder();
  return withDurableExecution(
    async (event: Event, context: DurableContext): Promise<unknown> => {
      const engine = durableEngine(context, of, options);
      const { durableExecutionArn } = context.executionContext;
      if (isShard(event)) return runShard(engine, event, () => measure(durableExecutionArn));
      return run(event, engine, durableExecutionArn);
    },
    { plugins: [plugin] },
  );
}

function durableEngine(
  context: DurableContext,
  recordOf: (name: string) => Recorded,
  { tasksOf, self = context.lambdaContext?.invokedFunctionArn }: HandlerOptions,
): Engine {
  let operations = 1; // the execution itself
  return {
    get operations() {
      return operations;
    },
    self,
    tasksOf,
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
      // a replay gives what was remembered, without opening the lanes again: their operations are in it
      const remembered = await context.runInChildContext(name, async (child) => {
        let used = 0;
        const value = await body(openLanes(child, name, numLanes, recordOf, () => used++));
        return { value, used };
      });
      operations += remembered.used;
      return remembered.value;
    },
  };
}

/** The next command of a lane. */
interface Order {
  functionName: string;
  payload: unknown;
  pause: { seconds: number; hurry: Promise<void> } | undefined;
  onEnded: (outcome: Outcome<never>) => void;
}

function openLanes(
  child: DurableContext,
  name: string,
  numLanes: number,
  recordOf: (name: string) => Recorded,
  count: () => void,
): Lanes {
  const startedAtMs = recordOf(name).startMs ?? Date.now();
  const mailboxes = Array.from({ length: numLanes }, () => mailbox<Order>());
  const attempts = new Array<number>(numLanes).fill(0);
  const watches = mailbox<Parameters<Lanes['watch']>>();
  // every lane is opened at once, in their order: an operation's place follows from that
  for (const [lane, orders] of mailboxes.entries()) {
    void child.runInChildContext(
      undefined,
      async (own) => {
        for (let attempt = 1; ; attempt++) await runAttempt(own, lane, attempt, await orders.take());
      },
      VIRTUAL,
    );
  }
  void child.runInChildContext(undefined, async (own) => keepLooking(own, await watches.take()), VIRTUAL);

  /** One attempt has two places in its lane: the pause before it, none before the first, and the invocation. */
  async function runAttempt(own: DurableContext, lane: number, attempt: number, order: Order): Promise<void> {
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
    attempts[lane] = attempt;
    count();
    const askedAtMs = Date.now();
    const times = () => {
      const { startMs = askedAtMs, endMs = Date.now() } = recordOf(id);
      return { startedAtMs: startMs, endedAtMs: endMs };
    };
    // not awaited: the lane's next attempt may come before this one ends
    own.invoke<unknown, never>(id, functionName, payload).then(
      (result) => onEnded({ ok: true, result, ...times() }),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        onEnded({ ok: false, error: parseFailure(message, recordOf(id).errorType), ...times() });
      },
    );
  }

  async function keepLooking(own: DurableContext, [pauseSeconds, look, onFound]: Parameters<Lanes['watch']>) {
    for (let n = 1, atMs = startedAtMs; ; n++) {
      const seconds = pauseSeconds(atMs);
      if (seconds === undefined) return;
      count();
      await own.wait(`${name}-pause-${n}`, { seconds });
      count();
      const seen = await own.step(
        `${name}-look-${n}`,
        async () => {
          const nowMs = Date.now();
          return { atMs: nowMs, found: await look(nowMs) };
        },
        STEP,
      );
      atMs = seen.atMs;
      if (seen.found !== undefined) onFound(seen.found, atMs);
    }
  }

  return {
    startedAtMs,
    invoke: (lane, functionName, payload, pause, onEnded) =>
      mailboxes[lane].put({ functionName, payload, pause, onEnded: onEnded as Order['onEnded'] }),
    startOf: (lane) => recordOf(invocationName(name, lane, attempts[lane])).startMs,
    watch: (...watch) => watches.put(watch as Parameters<Lanes['watch']>),
  };
}

const invocationName = (name: string, lane: number, attempt: number) =>
  attempt === 1 ? `${name}-${lane}` : `${name}-${lane}-attempt-${attempt}`;

/** Values in the order in which they were put in; who takes too early waits. */
function mailbox<T>(): { put(value: T): void; take(): Promise<T> } {
  const values: T[] = [];
  let waiting: ((value: T) => void) | undefined;
  return {
    put(value) {
      if (!waiting) {
        values.push(value);
        return;
      }
      const take = waiting;
      waiting = undefined;
      take(value);
    },
    take: () => (values.length > 0 ? Promise.resolve(values.shift()!) : new Promise((resolve) => (waiting = resolve))),
  };
}
