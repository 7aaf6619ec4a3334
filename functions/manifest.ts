// The functions, their sizes and limits: the one table that the stack, the emulator and the bill read.

import { MEMORY_MIB, TIMEOUT_SECONDS } from '../lib/plan.ts';

export interface FunctionSpec {
  /** Memory in MiB; 1,769 is one vCPU on Lambda. */
  memoryMiB: number;
  /** Longest time of one invocation, up to 900. */
  timeoutSeconds: number;
  /** Whether it is a durable function, which suspends and resumes. */
  durable: boolean;
}

export const FUNCTIONS = {
  // holds keys and counts only; the default 15 minutes bound one active phase, not the run
  orchestrator: { memoryMiB: 1024, timeoutSeconds: 900, durable: true },
  generate: { memoryMiB: MEMORY_MIB.generate, timeoutSeconds: TIMEOUT_SECONDS.generate, durable: false },
  split: { memoryMiB: MEMORY_MIB.split, timeoutSeconds: TIMEOUT_SECONDS.split, durable: false },
  // the whole training set as one byte per value, and the trees
  train: { memoryMiB: MEMORY_MIB.train, timeoutSeconds: TIMEOUT_SECONDS.train, durable: false },
  evaluate: { memoryMiB: MEMORY_MIB.evaluate, timeoutSeconds: TIMEOUT_SECONDS.evaluate, durable: false },
  // answers within the 30 s of an HTTP API
  api: { memoryMiB: 512, timeoutSeconds: 29, durable: false },
  // a model or two in memory, and a whole vCPU for a cold start
  predict: { memoryMiB: 1769, timeoutSeconds: 29, durable: false },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];
/** The functions that the orchestrator invokes. */
export const WORKER_NAMES = ['generate', 'split', 'train', 'evaluate'] as const;
export type WorkerName = (typeof WORKER_NAMES)[number];

/** Handler of every bundle: `index.mjs` exports `handler`. */
export const HANDLER = 'index.handler';
