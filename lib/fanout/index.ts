// The fan-out engine, for work of any kind. docs/fanout.md tells how to use it.

export { FanOutFailedError, TaskFailedError } from '../base/errors.ts';
export { durableHandler, type HandlerOptions } from './durable-engine.ts';
export type { Engine, Lanes, Outcome } from './engine.ts';
export { classOf, type ErrorClass, type Failure, parseFailure } from './error-class.ts';
export {
  type FanOut,
  fanOut,
  type MapOptions,
  map,
  mapReduce,
  type Options,
  reducePairwise,
  startFanOut,
  throwUnlessGood,
  type WorkerFunction,
  workerFunction,
} from './fan-out.ts';
export { withLog } from './log-tail.ts';
export { type Decision, nextPollMs as nextLookMs } from './looks.ts';
export { FAN_OUT_DEFAULTS, type FanOutOptions, MAX_TASKS, resolveOptions } from './options.ts';
export { type FanOutCommand, type FanOutEvent, step } from './policy.ts';
export type { WorkerSize } from './run-lanes.ts';
export type { Gathered } from './shards.ts';
export { createState, type EndReason, type FanOutState } from './state.ts';
export {
  type FailedTask,
  type FanOutCounts,
  quantile,
  type Summary,
  summarize,
  type TimelineEntry,
} from './summary.ts';
export type { Task, TaskSource, Tasks, TasksOf } from './task-source.ts';
