// A durable handler that the simulator is held against.

import { durableHandler, type FanOutOptions, fanOut, workerFunction } from '../../lib/fanout/index.ts';

interface Event {
  payloads: object[];
  options: FanOutOptions;
}

export const handler = durableHandler(async ({ payloads, options }: Event, engine) => {
  const tasks = payloads.map((payload, i) => ({ taskId: `task-${i}`, payload }));
  const {
    reason,
    counts,
    overhead: own,
  } = await fanOut(engine, 'tasks', tasks, { worker: workerFunction('worker'), ...options });
  return { reason, counts, operations: engine.operations + (own.durableOperations ?? 0) };
});
