// A durable handler over the fan-out engine, for the tests of this folder. It does what its event says: `{mode, …}`.

import {
  durableHandler,
  type Engine,
  type FanOutOptions,
  fanOut,
  map,
  mapReduce,
  startFanOut,
  workerFunction,
} from '../../../lib/fanout/index.ts';

interface Event {
  mode: keyof typeof modes;
  payloads: object[];
  /** Names of the worker in its sizes. */
  workers?: string[];
  options?: FanOutOptions;
  /** File that the second of two fan-outs makes. */
  gate?: string;
}

const workerOf = ({ workers = ['worker'] }: Event) =>
  workerFunction<object, unknown>(...workers.map((functionName) => ({ functionName, memoryMiB: 128 })));
const tasksOf = ({ payloads }: Event) => payloads.map((payload, i) => ({ taskId: `task-${i}`, payload }));

const modes = {
  async fan(engine: Engine, event: Event) {
    const {
      reason,
      counts,
      failed,
      results,
      sums,
      overhead: own,
    } = await fanOut(engine, 'fan', tasksOf(event), { worker: workerOf(event), ...event.options });
    const operations = engine.operations + (own.durableOperations ?? 0);
    return { reason, counts, failed, results, sums, operations };
  },
  async map(engine: Engine, event: Event) {
    return map(engine, 'map', event.payloads, { worker: workerOf(event), ...event.options });
  },
  async reduce(engine: Engine, event: Event) {
    const worker = workerFunction<object, { text: string }>('worker');
    return mapReduce(engine, 'reduce', event.payloads, {
      worker,
      reduce: (a, b) => ({ text: `(${a.text} ${b.text})` }),
    });
  },
  /** What a fan-out gave is asked for again by a replay, after a pause. */
  async later(engine: Engine, event: Event) {
    const before = await fanOut(engine, 'fan', tasksOf(event), { worker: workerOf(event), ...event.options });
    const { reason, results, counts } = before;
    await engine.wait('pause', 1);
    return { reason, counts, bytes: JSON.stringify(results).length, operations: engine.operations };
  },
  /** A second fan-out begins when half of the first is done. */
  async chain(engine: Engine, event: Event) {
    const first = startFanOut(engine, 'first', tasksOf(event), { worker: workerOf(event), ...event.options });
    await first.reached(0.5);
    const tasks = [{ taskId: 'opener', payload: { action: 'open', path: event.gate } }];
    const second = startFanOut(engine, 'second', tasks, { worker: workerOf(event) });
    const [one, two] = await Promise.all([first.done, second.done]);
    return [...one.results, ...two.results];
  },
  /** Each task is an execution of this function, with a fan-out of its own. */
  async nested(engine: Engine, event: Event) {
    const self = workerFunction<object, { counts: { done: number } }>('fanner:live');
    const payloads = [0, 1].map(() => ({ ...event, mode: 'fan' }));
    return (await map(engine, 'nested', payloads, { worker: self })).map((result) => result!.counts.done);
  },
};

export const handler = durableHandler(
  async (event: Event, engine): Promise<unknown> => modes[event.mode](engine, event),
);
