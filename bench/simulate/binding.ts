// Which limit binds: the same scenario again without each of them.

import type { Scenario } from './scenario.ts';
import { type Simulated, simulate } from './simulate.ts';

/** The scenario without a limit. Removing the account's concurrency also removes the caller's own bound, which follows from it. */
const WITHOUT: Record<string, (scenario: Scenario) => Scenario> = {
  'concurrency of the account': (scenario) => ({
    ...scenario,
    aws: { ...scenario.aws, concurrency: Infinity },
    options: { ...scenario.options, maxInFlight: scenario.work.numTasks },
  }),
  'ramp of new sandboxes': ({ aws, ...rest }) => ({ ...rest, aws: { ...aws, sandboxesPer10s: Infinity } }),
  'S3 requests of a prefix': ({ aws, ...rest }) => ({
    ...rest,
    aws: { ...aws, s3WritesPerSecond: Infinity, s3ReadsPerSecond: Infinity },
  }),
  'checkpoints in a second': ({ aws, ...rest }) => ({ ...rest, aws: { ...aws, checkpointsPerSecond: Infinity } }),
  'size of a checkpoint': ({ aws, ...rest }) => ({
    ...rest,
    aws: { ...aws, updatesPerCheckpoint: Infinity, bytesPerCheckpoint: Infinity },
  }),
  'starts of executions': ({ aws, ...rest }) => ({ ...rest, aws: { ...aws, executionsPerSecond: Infinity } }),
  'replay of orchestrators': ({ aws, ...rest }) => ({
    ...rest,
    aws: { ...aws, replayMs: [[0, 0], [1, 0]] }, // biome-ignore format: points
  }),
  'cold starts': ({ aws, ...rest }) => ({ ...rest, aws: { ...aws, workerColdMs: 0, orchestratorColdMs: 0 } }),
  'slow and failed attempts': ({ work, ...rest }) => ({
    ...rest,
    work: { ...work, slowShare: 0, crashShare: 0, timeoutShare: 0, memoryShare: 0 },
  }),
};

export interface Binding {
  limit: string;
  /** Seconds that the run takes without it, and tasks that are not done then. */
  seconds: number;
  notDone: number;
  /** Seconds for all of the tasks, at the pace of those that are done. */
  allSeconds: number;
}

/**
 * Run a scenario again without each limit. Where its tasks aren't all done, that binds whose removal has most of them done.
 * Otherwise it is time that counts, as it would be if those that are not done then were done at the same pace.
 *
 * @param run of the scenario as it is
 * @returns every limit, the one first whose removal helps most
 */
export async function bindings(scenario: Scenario, run: Simulated): Promise<Binding[]> {
  const all: Binding[] = [];
  for (const [limit, without] of Object.entries(WITHOUT)) {
    all.push({ limit, ...summarizeBinding(await simulate(without(scenario))) });
  }
  const isFailing = summarizeBinding(run).notDone > 0;
  return all.sort((a, b) => (isFailing && a.notDone - b.notDone) || a.allSeconds - b.allSeconds);
}

function summarizeBinding({ seconds, counts }: Simulated): Omit<Binding, 'limit'> {
  return { seconds, notDone: counts.tasks - counts.done, allSeconds: (seconds * counts.tasks) / counts.done };
}

/** Shortest gain that is worth a name. */
const LEAST_GAIN = 0.02;

/** Of what `bindings` found, what binds a run: the first one, unless next to nothing is gained without it. */
export function findBinding(run: Simulated, [first]: readonly Binding[]): string {
  const { notDone, allSeconds } = summarizeBinding(run);
  const isHelp = notDone > 0 ? first.notDone < notDone : first.allSeconds < (1 - LEAST_GAIN) * allSeconds;
  return isHelp ? first.limit : 'none of them';
}
