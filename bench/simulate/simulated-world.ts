// What all executions of a simulated fan-out share: the clock, AWS's limits, the functions, and the counts.

import { RandomStream } from '../../lib/base/random.ts';
import { WorkerAttempt } from './attempt.ts';
import { Clock } from './clock.ts';
import { Execution, ORCHESTRATOR, shardProgram } from './execution.ts';
import { Lambda } from './lambda.ts';
import { Peak, Queue } from './rates.ts';
import { S3Requests } from './s3.ts';
import type { AttemptWork, Aws, Scenario, Work } from './scenario.ts';
import type { Invocation, World } from './world.ts';

/** Streams of random numbers: none of those by which the product draws. */
const WORK_STREAM = 1001;
const PAUSE_STREAM = 1002;
const MAX_ATTEMPTS = 64;

export class SimulatedWorld implements World {
  readonly clock = new Clock();
  readonly aws: Aws;
  readonly work: Work;
  readonly lambda: Lambda;
  readonly executions: Queue;
  readonly checkpoints: Queue;
  readonly states: Queue;
  readonly checkpointPeak = new Peak();
  readonly reads: S3Requests;
  readonly writes: S3Requests;
  readonly counts = {
    executions: 0,
    resumes: 0,
    orchestratorMs: 0,
    workerGbSeconds: 0,
    invocations: 0,
    operations: 0,
    maxOperations: 0,
    maxBytes: 0,
    speculativeWins: 0,
    /** attempts that found their task's objects written by another */
    duplicates: 0,
  };
  /** Milliseconds by task from its request to its answer, without the work; NaN for one that is not done. */
  readonly overheadMs: Float64Array;
  readonly #askedMs: Float64Array;
  readonly #inFlight: Uint8Array;
  readonly #isWritten: Uint8Array;
  readonly #names: string[];
  readonly #random: RandomStream;
  readonly #attemptOf: NonNullable<Scenario['attemptOf']>;

  constructor({ aws, work, seed, attemptOf }: Scenario) {
    this.aws = aws;
    this.#names = workerNames(work);
    this.work = work;
    const { clock } = this;
    this.lambda = new Lambda(clock, aws, [ORCHESTRATOR, ...this.#names]);
    this.executions = new Queue(aws.executionsPerSecond);
    this.checkpoints = new Queue(aws.checkpointsPerSecond);
    this.states = new Queue(aws.checkpointsPerSecond);
    const pauses = new RandomStream(seed, PAUSE_STREAM);
    this.reads = new S3Requests(clock, aws, aws.s3ReadsPerSecond, () => pauses.nextUnit());
    this.writes = new S3Requests(clock, aws, aws.s3WritesPerSecond, () => pauses.nextUnit());
    this.overheadMs = new Float64Array(work.numTasks).fill(NaN);
    this.#askedMs = new Float64Array(work.numTasks);
    this.#inFlight = new Uint8Array(work.numTasks);
    this.#isWritten = new Uint8Array(work.numTasks);
    this.#random = new RandomStream(seed, WORK_STREAM);
    this.#attemptOf = attemptOf ?? ((task, attempt, sizeIndex) => this.#draw(task, attempt, sizeIndex));
  }

  prepare(functionName: string, payload: unknown, attempt: number): Invocation {
    if (functionName !== ORCHESTRATOR) return this.#prepareWorker(functionName, (payload as { i: number }).i, attempt);
    return {
      bytes: JSON.stringify(payload).length,
      told() {},
      start: (onEnded) =>
        new Execution(this).start(shardProgram(payload), (result, bytes) => onEnded({ ok: true, result }, bytes)),
    };
  }

  #prepareWorker(functionName: string, task: number, attempt: number): Invocation {
    const sizeIndex = this.#names.indexOf(functionName);
    const work = this.#attemptOf(task, attempt, sizeIndex);
    if (attempt === 1) this.#askedMs[task] = this.clock.nowMs;
    const isSpeculative = this.#inFlight[task] > 0;
    this.#inFlight[task]++;
    return {
      bytes: this.work.payloadBytes,
      told: () => {
        if (!Number.isNaN(this.overheadMs[task])) return;
        this.overheadMs[task] = this.clock.nowMs - this.#askedMs[task] - work.ms;
        if (isSpeculative) this.counts.speculativeWins++;
      },
      start: (onEnded) => {
        const attempt = new WorkerAttempt(this, {
          functionName,
          task,
          work,
          onEnded: (ending) => {
            this.#inFlight[task]--;
            onEnded(ending, JSON.stringify(ending).length);
          },
        });
        this.clock.after(this.aws.invokeMs, () => attempt.invoke());
      },
    };
  }

  /** An attempt has written its task's objects, or found them there. */
  written(task: number): void {
    if (this.#isWritten[task]) this.counts.duplicates++;
    this.#isWritten[task] = 1;
  }

  /** An invocation has taken so long. */
  ran(functionName: string, ms: number): void {
    const memoryMiB = this.work.workerMiB[this.#names.indexOf(functionName)];
    this.counts.invocations++;
    this.counts.workerGbSeconds += (ms / 1000) * (memoryMiB / 1024);
    this.lambda.leave(functionName);
  }

  /** The same whatever came before: it depends on the task and the attempt alone. */
  #draw(task: number, attempt: number, sizeIndex: number): AttemptWork {
    const { taskMs, sigma, slowShare, slowFactor, crashShare, timeoutShare, memoryShare, timeoutMs } = this.work;
    const random = this.#random;
    // the task's own share of the chance: whether it is too large, and how long it is
    random.seek(task * MAX_ATTEMPTS);
    const isLarge = random.nextUnit() < memoryShare;
    const normal = Math.sqrt(-2 * Math.log(random.nextOpen())) * Math.cos(2 * Math.PI * random.nextOpen());
    random.seek(task * MAX_ATTEMPTS + attempt);
    const isSlow = random.nextUnit() < slowShare;
    const fate = random.nextUnit();
    const ms = taskMs * Math.exp(sigma * normal) * (isSlow ? slowFactor : 1);
    if (isLarge && sizeIndex === 0)
      return { ms: ms / 2, error: { name: 'OutOfMemoryError', message: 'heap out of memory' } };
    if (fate < crashShare) return { ms: ms / 2, error: { name: 'CrashError', message: 'exit status 1' } };
    if (fate < crashShare + timeoutShare || ms > timeoutMs) {
      return { ms: timeoutMs, error: { name: 'TimeoutError', message: 'Task timed out' } };
    }
    return { ms };
  }
}

export function workerNames({ workerMiB }: Work): string[] {
  return workerMiB.map((memoryMiB) => `worker-${memoryMiB}`);
}
