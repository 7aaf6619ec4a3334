// The fan-out engine, for work of any kind. docs/fanout.md tells how to use it.

export { durableHandler, type HandlerOptions } from './durable-engine.ts';
export type { Engine, Lanes, Outcome } from './engine.ts';
export type { ErrorClass, Failure } from './error-class.ts';
export {
  type FanOut,
  fanOut,
  type MapOptions,
  map,
  mapReduce,
  type Options,
  startFanOut,
  throwUnlessGood,
  type WorkerFunction,
  workerFunction,
} from './fan-out.ts';
export { withLog } from './log-tail.ts';
export type { Decision } from './looks.ts';
export type { FanOutOptions } from './options.ts';
export type { FanOutCommand, FanOutEvent } from './policy.ts';
export type { WorkerSize } from './run-lanes.ts';
export type { Gathered } from './shards.ts';
export type { EndReason, FanOutState } from './state.ts';
export type {
  FailedTask,
  FanOutCounts,
  Summary,
  TimelineEntry,
} from './summary.ts';
export type { Task, TaskSource, Tasks, TasksOf } from './task-source.ts';
