// What a run costs on AWS: the prices, the forecast before and the bill after.

import type { Plan } from './plan.ts';

/** USD in us-east-1 as of November 2026. Sources: aws.amazon.com/lambda/pricing, aws.amazon.com/s3/pricing. */
export const PRICES = {
  /** a GB-second of an arm64 function */
  gbSecond: 0.0000133334,
  /** a request to a function */
  invocation: 0.2e-6,
  /** an operation of a durable execution */
  durableOperation: 8e-6,
  /** a PUT, COPY, POST or LIST request */
  s3Write: 5e-6,
  /** a GET request */
  s3Read: 0.4e-6,
} as const;

/** What invocations used, measured inside the functions. Adds up. */
export interface Usage {
  gbSeconds: number;
  invocations: number;
  s3Writes: number;
  s3Reads: number;
}

export const NO_USAGE: Usage = { gbSeconds: 0, invocations: 0, s3Writes: 0, s3Reads: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    gbSeconds: a.gbSeconds + b.gbSeconds,
    invocations: a.invocations + b.invocations,
    s3Writes: a.s3Writes + b.s3Writes,
    s3Reads: a.s3Reads + b.s3Reads,
  };
}

/** USD for what was used. The orchestrator's own active time, well below a cent, is not in it. */
export function priceOf(usage: Usage, durableOperations: number): number {
  return (
    usage.gbSeconds * PRICES.gbSecond +
    usage.invocations * PRICES.invocation +
    usage.s3Writes * PRICES.s3Write +
    usage.s3Reads * PRICES.s3Read +
    durableOperations * PRICES.durableOperation
  );
}

// measured in the emulator on 2 shared vCPU, with the requests to the store: see bench/README.md
const TASK_SECONDS = 0.05;
const GENERATE_SECONDS_PER_VALUE = 200e-9;
const SPLIT_SECONDS_PER_VALUE = 40e-9;
const GATHER_SECONDS_PER_VALUE = 10e-9;
const EVALUATE_SECONDS_PER_ROW_TREE = 1e-6;
/** steps of the orchestrator besides its fan-outs */
const STEPS = 20;

/**
 * USD that a run is expected to cost.
 *
 * @param memoryMiB memory of each worker function
 */
export function forecastCost(
  plan: Plan,
  memoryMiB: Record<'generate' | 'split' | 'train' | 'evaluate', number>,
): number {
  const { numChunks, numTrain, numTest, treeGroups, growSeconds } = plan;
  const { samples, features, trees } = plan.params;
  const values = samples * features;
  const seconds = {
    generate: numChunks * TASK_SECONDS + values * GENERATE_SECONDS_PER_VALUE,
    split: (numChunks + 1) * TASK_SECONDS + values * SPLIT_SECONDS_PER_VALUE,
    train:
      (treeGroups.length + 1) * TASK_SECONDS +
      growSeconds +
      treeGroups.length * numTrain * features * GATHER_SECONDS_PER_VALUE,
    evaluate: numChunks * TASK_SECONDS + numTest * trees * EVALUATE_SECONDS_PER_ROW_TREE,
  };
  const gbSeconds = (Object.keys(seconds) as (keyof typeof seconds)[]).reduce(
    (sum, stage) => sum + (seconds[stage] * memoryMiB[stage]) / 1024,
    0,
  );
  const invocations = 3 * numChunks + treeGroups.length + 2;
  // generate 3, bins 1, split 3, train 2, merge 2, evaluate 1
  const s3Writes = 7 * numChunks + 2 * treeGroups.length + 3;
  // every task looks for its result and reads run.json once per sandbox; training reads every partition
  const s3Reads = 2 * invocations + 5 * numChunks + treeGroups.length * (numChunks + 2);
  return priceOf({ gbSeconds, invocations, s3Writes, s3Reads }, invocations + STEPS);
}
