// A fan-out on AWS, simulated: lib/fanout as it is, in the time and under the limits of scenario.ts.

import { type FanOutCounts, fanOut, type Gathered, workerFunction } from '../../lib/fanout/index.ts';
import { computePrice, NO_USAGE } from '../../lib/plan/cost.ts';
import { Execution } from './execution.ts';
import type { Scenario } from './scenario.ts';
import { makeTasks } from './scenario.ts';
import { SimulatedWorld, workerNames } from './simulated-world.ts';

export interface Simulated {
  gathered: Gathered<{ i: number }>;
  counts: FanOutCounts;
  /** From the start of the execution to its end. */
  seconds: number;
  /** Tasks done in a second, over all of it. */
  tasksPerSecond: number;
  /** The time that a task waits in addition to its work: for its dispatch, a slot, S3, and for its answer to be seen. */
  overheadMs: { p50: number; p99: number };
  peakConcurrency: number;
  coldStarts: number;
  executions: number;
  resumes: number;
  /** Of all executions, and of the one that has the most. */
  operations: { total: number; most: number };
  /** Bytes that an execution wrote, the one that wrote most. */
  mostBytes: number;
  speculativeWins: number;
  /** Attempts that found their task's objects written. */
  duplicates: number;
  /** Requests in the busiest second. */
  peaks: { checkpoints: number; s3Writes: number; s3Reads: number };
  /** 503 answers of S3. */
  slowedDown: number;
  usd: { workers: number; orchestrators: number; s3: number; total: number };
  /** Limits that AWS would have ended it by. */
  exceeded: string[];
}

/** Decides nothing by itself: the same scenario gives the same outcome. */
export async function simulate(scenario: Scenario): Promise<Simulated> {
  const { work, options } = scenario;
  const { numTasks } = work;
  const world = new SimulatedWorld(scenario);
  const sizes = workerNames(work).map((functionName, sizeIndex) => ({
    functionName,
    memoryMiB: work.workerMiB[sizeIndex],
  }));
  const worker = workerFunction<{ i: number; p: string }, { i: number }>(...sizes);
  const tasks = scenario.sendsTasks ? makeTasks(work, 0, numTasks) : { numTasks, source: 'tasks' };
  let gathered: Gathered<{ i: number }> | undefined;
  new Execution(world).start(
    (engine) => fanOut(engine, 'tasks', tasks, { worker, attemptTimeoutMs: work.timeoutMs, ...options }),
    (result) => (gathered = result),
  );
  await world.clock.run(() => gathered !== undefined);
  if (!gathered) throw new Error('the fan-out never ended');
  return summarizeRun(world, gathered);
}

function summarizeRun(world: SimulatedWorld, gathered: Gathered<{ i: number }>): Simulated {
  const { aws, work, clock, counts, lambda, reads, writes } = world;
  const seconds = clock.nowMs / 1000;
  const orchestratorGbSeconds = (counts.orchestratorMs / 1000) * (work.orchestratorMiB / 1024);
  const workers = computePrice({ ...NO_USAGE, gbSeconds: counts.workerGbSeconds, invocations: counts.invocations });
  const orchestrators = computePrice({
    ...NO_USAGE,
    gbSeconds: orchestratorGbSeconds,
    invocations: counts.resumes,
    durableOperations: counts.operations,
  });
  const s3 = computePrice({ ...NO_USAGE, s3Writes: writes.served.total, s3Reads: reads.served.total });
  const known = world.overheadMs.filter((ms) => !Number.isNaN(ms)).sort();
  const exceeded: string[] = [];
  if (counts.maxOperations > aws.operationsPerExecution) exceeded.push('operations of an execution');
  if (counts.maxBytes > aws.bytesPerExecution) exceeded.push('bytes of an execution');
  return {
    gathered,
    counts: gathered.counts,
    seconds,
    tasksPerSecond: gathered.counts.done / seconds,
    overheadMs: { p50: known[Math.floor(0.5 * known.length)] ?? 0, p99: known[Math.floor(0.99 * known.length)] ?? 0 },
    peakConcurrency: lambda.peakRunning,
    coldStarts: [...lambda.cold.values()].reduce((sum, count) => sum + count, 0),
    executions: counts.executions,
    resumes: counts.resumes,
    operations: { total: counts.operations, most: counts.maxOperations },
    mostBytes: counts.maxBytes,
    speculativeWins: counts.speculativeWins,
    duplicates: counts.duplicates,
    peaks: {
      checkpoints: world.checkpointPeak.perSecond,
      s3Writes: writes.served.perSecond / aws.s3Prefixes,
      s3Reads: reads.served.perSecond / aws.s3Prefixes,
    },
    slowedDown: reads.slowedDown + writes.slowedDown,
    usd: { workers, orchestrators, s3, total: workers + orchestrators + s3 },
    exceeded,
  };
}
