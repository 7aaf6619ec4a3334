// The fan-out engine, for any kind of work: docs/fanout.md.

export { durableHandler, type HandlerOptions } from './durable-engine.ts';
export type { Engine, Lanes, Outcome } from './engine.ts';
export type { ErrorClass, Failure } from './error-class.ts';
export {
  type FanOut,
  type FanOutCall,
  fanOut,
  type MapCall,
  map,
  mapReduce,
  startFanOut,
  throwUnlessGood,
  type WorkerFunction,
  workerFunction,
} from './fan-out.ts';
export { withLog } from './log-tail.ts';
export type { FanOutOptions } from './options.ts';
export type { FanOutCommand, FanOutEvent } from './policy.ts';
export type { Decision } from './polling.ts';
export type { WorkerSize } from './run-lanes.ts';
export type { Gathered } from './shards.ts';
export type { EndReason, FanOutState } from './state.ts';
export type {
  FailedTask,
  FanOutCounts,
  Summary,
  TimelineEntry,
} from './summary.ts';
export type { MakeTasks as TasksOf, Task, TaskSource, Tasks } from './task-source.ts';
