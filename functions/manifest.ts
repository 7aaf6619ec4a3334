// The functions, their sizes and limits: the one table that the stack, the emulator and the bill read.

import type { StageName } from '../lib/plan/stage-sizes.ts';
import { MEMORY_SIZES_MIB, TIMEOUT_SECONDS } from '../lib/plan/stage-sizes.ts';

export interface FunctionSpec {
  /** Memory in MiB; 1,769 is one vCPU on Lambda. */
  memoryMiB: number;
  /** Longest time of one invocation, up to 900. */
  timeoutSeconds: number;
  /** Whether it is a durable function, which suspends and resumes. */
  durable: boolean;
}

/** A worker function of one of the sizes that its stage is deployed in. */
const worker = <Stage extends keyof typeof MEMORY_SIZES_MIB>(stage: Stage, sizeIndex: number) => ({
  memoryMiB: MEMORY_SIZES_MIB[stage][sizeIndex],
  timeoutSeconds: TIMEOUT_SECONDS[stage],
  durable: false,
});

export const FUNCTIONS = {
  // holds keys and counts only; the default 15 minutes bound one active phase, not the run
  orchestrator: { memoryMiB: 1024, timeoutSeconds: 900, durable: true },
  // shards of a fan-out that is too large for one execution; a separate function, so that the ends of its executions do not
  // count as ends of runs
  slices: { memoryMiB: 1024, timeoutSeconds: 900, durable: true },
  generate: worker('generate', 0),
  generateLarge: worker('generate', 1),
  split: worker('split', 0),
  // the whole training set as one byte per value, and the trees
  train: worker('train', 0),
  trainLarge: worker('train', 1),
  evaluate: worker('evaluate', 0),
  // answers within the 30 s of an HTTP API
  api: { memoryMiB: 512, timeoutSeconds: 29, durable: false },
  // starts what nobody waits for
  start: { memoryMiB: 512, timeoutSeconds: 60, durable: false },
  // a model or two in memory, and a whole vCPU for a cold start
  predict: { memoryMiB: 1769, timeoutSeconds: 29, durable: false },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];
/** The functions that do each stage, the smallest first: a task that runs out of memory goes on to the next. */
export const STAGE_FUNCTIONS = {
  generate: ['generate', 'generateLarge'],
  split: ['split'],
  train: ['train', 'trainLarge'],
  evaluate: ['evaluate'],
} as const satisfies Record<StageName, readonly FunctionName[]>;
/** The functions that the orchestrator invokes. */
export const WORKER_NAMES = ['generate', 'generateLarge', 'split', 'train', 'trainLarge', 'evaluate'] as const;
export type WorkerName = (typeof WORKER_NAMES)[number];

/** The environment variable that tells the orchestrator the name of a function: `TRAIN_LARGE_FUNCTION`. */
export function functionVariable(name: WorkerName): string {
  return `${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_FUNCTION`;
}

/** Memory that a function was deployed with, in MiB: its own, or the most that the stack lets one have. */
export function deployedMiB(name: FunctionName, { MAX_MEMORY_MIB }: NodeJS.ProcessEnv = process.env): number {
  return Math.min(FUNCTIONS[name].memoryMiB, Number(MAX_MEMORY_MIB ?? Number.POSITIVE_INFINITY));
}

/** The bundle of a function: all memory sizes share one, and `slices`, which executes shards, has the orchestrator's. */
export function bundleName(name: string): string {
  return name === 'slices' ? 'orchestrator' : name.replace(/Large$/, '');
}

/** Names of all bundles. */
export const BUNDLE_NAMES = [...new Set(FUNCTION_NAMES.map(bundleName))];

/** Handler of every bundle: `index.mjs` exports `handler`. */
export const HANDLER = 'index.handler';
