// Runs the stages of a run, each as a list of fan-outs, and keeps what the report needs of them: status, usage, counts.

import { CancelledError, DeadlineError } from '../base/errors.ts';
import type { Engine } from '../fanout/engine.ts';
import { FAN_OUT_DEFAULTS, type FanOutOptions, MAX_TASKS } from '../fanout/options.ts';
import type { WorkerSize } from '../fanout/run-lanes.ts';
import type { Gathered } from '../fanout/shards.ts';
import { fanOutUnfinished, unfinishedError } from '../fanout/stored-tasks.ts';
import { addCounts, NO_COUNTS } from '../fanout/summary.ts';
import { addUsage, NO_USAGE, type PartUsage, type Usage } from '../plan/cost.ts';
import { maxTasksPerExecution } from '../plan/operations.ts';
import type { RunParams } from '../plan/params.ts';
import type { Plan } from '../plan/plan.ts';
import { memorySizeIndex, taskResources } from '../plan/resources.ts';
import { type StageName, TIMEOUT_SECONDS } from '../plan/stage-sizes.ts';
import { measureOverheads, type Timeline } from '../report/timeline.ts';
import type { StageStatus, StageTask, TaskSpan, WorkerAnswer } from '../stages/stage.ts';
import { findJson, replaceJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import { packKeys, unpackKeys } from '../store/packed-keys.ts';
import type { Store } from '../store/store.ts';
import { recordFailedTasks } from './failed.ts';
import { listResults, type RunStatus } from './run.ts';

export interface PipelineOptions {
  store: Store;
  /** Each worker function in its memory sizes, the smallest first. */
  workers: Record<StageName, readonly WorkerSize[]>;
  runId: string;
  /** ARN of the execution, for `status.json`. */
  execution: string;
  /** The sandbox that the orchestrator is in now, and what this execution has used there, for the bill. */
  orchestrator: { sandbox: string; usage(): Usage };
}

/** What the first step of an execution reads; a replay gets the same. */
export interface RunStart {
  params: RunParams;
  /** Usage of earlier executions of the run. */
  before: PartUsage;
  /** Sandbox of the orchestrator. */
  sandbox: string;
  startedAtMs: number;
}

/** The tasks of one fan-out; those of a function are known only when the fan-outs before are done. */
export type FanOutTasks = StageTask[] | (() => Promise<StageTask[]>);

export class StageRunner {
  /** The plan; of a run on data, undefined until they have been surveyed. */
  plan?: Plan;
  readonly stages: StageStatus[] = [];
  readonly timeline: Timeline = {};
  readonly spans: TaskSpan[] = [];
  counts = NO_COUNTS;
  readonly #engine: Engine;
  readonly #options: PipelineOptions;
  readonly #start: RunStart;
  readonly #usage: PartUsage;

  constructor(engine: Engine, options: PipelineOptions, start: RunStart) {
    this.#engine = engine;
    this.#options = options;
    this.#start = start;
    this.#usage = { ...start.before };
  }

  /** Usage of the run so far, in all its executions. */
  measureUsage(): PartUsage {
    const { orchestrator } = this.#options;
    // what another sandbox used before a crash is not known
    const unmeasured = orchestrator.sandbox === this.#start.sandbox ? 0 : 1;
    const own = { ...orchestrator.usage(), durableOperations: this.#engine.operations, unmeasured };
    return { ...this.#usage, orchestrator: addUsage(this.#usage.orchestrator, own) };
  }

  /** Write `status.json`. */
  writeStatus(state: RunStatus['state'], error?: RunStatus['error']): Promise<void> {
    const { store, runId, execution } = this.#options;
    const status: RunStatus = { runId, state, execution, stages: this.stages, error, usage: this.measureUsage() };
    return replaceJson(store, runKeys(runId).status, status);
  }

  /**
   * Do the fan-outs of a stage, one after another.
   *
   * @throws {TaskFailedError} when a task cannot be finished
   * @throws {CancelledError} when the run was cancelled
   * @throws {DeadlineError} when the run's deadline has passed
   */
  async run(name: StageName, ...fanOuts: FanOutTasks[]): Promise<void> {
    const numTasks = fanOuts.reduce((sum, tasks) => sum + (typeof tasks === 'function' ? 0 : tasks.length), 0);
    const stage: StageStatus = { name, state: 'running', numTasks, numDone: 0, startedAtMs: 0 };
    this.stages.push(stage);
    const finished = await this.#begin(stage);
    let endedAtMs = stage.startedAtMs;
    let numReused = 0;
    const usage = this.#usage[name];
    const numKnown = usage.invocations + usage.unmeasured;
    for (const [i, given] of fanOuts.entries()) {
      const tasks = typeof given === 'function' ? await given() : given;
      if (typeof given === 'function' && tasks.length > 0) {
        stage.numTasks += tasks.length;
        await this.#engine.step(`${name}-tasks-${i}`, () => this.writeStatus('running'));
      }
      const fanOutName = i === 0 ? name : `${name}-${i + 1}`;
      const work = { tasks, finished, worker: { sizes: this.#sizes(name) } };
      const { pending, gathered } = await fanOutUnfinished<StageTask, WorkerAnswer>(
        this.#engine,
        fanOutName,
        work,
        this.#fanOutOptions(name, endedAtMs),
      );
      numReused += tasks.length - pending.length;
      this.#count(name, tasks.length, pending.length, gathered);
      if (pending.length === 0) continue;
      this.#record(fanOutName, pending, gathered);
      endedAtMs = gathered.endedAtMs;
      if (gathered.reason !== 'allDone') await this.#fail(name, tasks, gathered);
    }
    // an execution that was stopped reported nothing of its last stage
    this.#usage[name] = addUsage(this.#usage[name], { unmeasured: Math.max(0, numReused - numKnown) });
    stage.state = 'done';
    stage.finishedAtMs = endedAtMs;
    stage.numDone = stage.numTasks;
  }

  /** @returns keys of the results of the stage that are in the store */
  async #begin(stage: StageStatus): Promise<ReadonlySet<string>> {
    const { store, runId } = this.#options;
    const { name } = stage;
    const { startedAtMs, finished } = await this.#engine.step(`${name}-start`, async () => {
      stage.startedAtMs = Date.now();
      // status first: cancelling writes its mark first and reads the status then, so one of the two sees the other
      await this.writeStatus('running');
      if ((await findJson(store, runKeys(runId).cancel)) !== undefined) throw this.#cancelled();
      if (this.#remainingMs(stage.startedAtMs) === 0) throw this.#overdue(name);
      return { startedAtMs: stage.startedAtMs, finished: packKeys(await listResults(store, runId, name)) };
    });
    stage.startedAtMs = startedAtMs;
    return new Set(unpackKeys(finished));
  }

  /** The memory sizes of a stage's function that can hold its tasks. */
  #sizes(name: StageName): readonly WorkerSize[] {
    const smallest = this.plan ? memorySizeIndex(taskResources(this.plan), name) : 0;
    return this.#options.workers[name].slice(smallest);
  }

  #fanOutOptions(name: StageName, startMs: number): FanOutOptions {
    const { params } = this.#start;
    const remainingMs = this.#remainingMs(startMs);
    // a candidate that takes long is not a straggler
    const spread = name === 'train' ? (this.plan?.search?.spread ?? 1) : 1;
    return {
      maxInFlight: params.workers,
      attemptTimeoutMs: TIMEOUT_SECONDS[name] * 1000,
      seed: params.seed,
      stragglerFactor: FAN_OUT_DEFAULTS.stragglerFactor * spread,
      // a fan-out that begins after the deadline ends at its first poll
      deadlineMs: remainingMs === null ? null : Math.max(1, remainingMs),
      maxTasksPerExecution: this.plan ? maxTasksPerExecution(this.plan) : MAX_TASKS,
    };
  }

  #count(name: StageName, numTasks: number, numPending: number, gathered: Gathered<WorkerAnswer>): void {
    const { counts, results, sums, overhead: own } = gathered;
    this.counts = addCounts(this.counts, { ...counts, tasks: numTasks, reused: numTasks - numPending });
    const used = sums ?? results.filter((answer) => answer !== null).reduce(addUsage, NO_USAGE);
    const unmeasured = counts.attempts - counts.done;
    this.#usage[name] = addUsage(used, addUsage(this.#usage[name], { unmeasured }));
    this.#usage.orchestrator = addUsage(this.#usage.orchestrator, own);
  }

  #record(fanOutName: string, pending: readonly StageTask[], gathered: Gathered<WorkerAnswer>): void {
    for (const [i, answer] of gathered.results.entries()) {
      // an execution that began with an earlier version has answers without a span
      if (answer?.span) this.spans.push({ taskId: pending[i].taskId, ...answer.span });
    }
    const { startedAtMs, timeline: attempts } = gathered;
    this.timeline[fanOutName] = { startedAtMs, attempts, overheads: measureOverheads(gathered) };
  }

  async #fail(stage: StageName, tasks: readonly StageTask[], gathered: Gathered<unknown>): Promise<never> {
    if (gathered.reason === 'deadline') throw this.#overdue(stage);
    if (gathered.reason === 'aborted') throw this.#cancelled();
    const { store, runId, execution } = this.#options;
    await this.#engine.step('failed', () => recordFailedTasks(store, { runId, execution, stage, tasks, gathered }));
    throw unfinishedError(gathered, `stage ${stage}`, runKeys(runId).failed);
  }

  /** Milliseconds until the deadline, 0 when it has passed; null without one. */
  #remainingMs(atMs: number): number | null {
    const { params, startedAtMs } = this.#start;
    return params.deadline === null ? null : Math.max(0, startedAtMs + params.deadline * 1000 - atMs);
  }

  #overdue(stage: StageName): DeadlineError {
    const { deadline } = this.#start.params;
    return new DeadlineError(
      `run ${this.#options.runId} was not done within its deadline of ${deadline} s: it is at ${stage}`,
    );
  }

  #cancelled(): CancelledError {
    return new CancelledError(`run ${this.#options.runId} was cancelled`);
  }
}
