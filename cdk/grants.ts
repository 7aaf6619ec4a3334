// What each function may do: the one table that the roles are made from.

import { type FunctionName, WORKER_NAMES } from '../functions/manifest.ts';

export interface Grant {
  /** Keys whose objects it may read. `*` stands for any characters, `/` included. */
  read: readonly string[];
  /** Keys that it may create or replace. */
  write: readonly string[];
  /** Keys that it may delete. */
  remove?: readonly string[];
  /** Functions that it may invoke; of another, durable one the alias, with its executions to be read and stopped. */
  invoke?: readonly FunctionName[];
}

const REQUEST = 'runs/*/run.json'; // the run's parameters, from which every worker makes the plan
const CANCEL = 'runs/*/cancel.json'; // there when the run was called off: a worker stops then

const SCHEMA = 'runs/*/data/schema.json'; // of a run on data: what its plan is made from, beside the parameters

// every size of a function may do the same
const GENERATE: Grant = {
  read: [REQUEST, CANCEL, 'runs/*/dataset/*', 'runs/*/data/*', 'data/*'],
  write: ['runs/*/dataset/*', 'runs/*/data/*'],
};
const TRAIN: Grant = {
  read: [
    REQUEST,
    CANCEL,
    SCHEMA,
    'runs/*/train/*',
    'runs/*/bins/*',
    'runs/*/trees/*',
    'runs/*/model/*',
    'runs/*/folds/*',
    'runs/*/search/*',
  ],
  write: ['runs/*/trees/*', 'runs/*/model/*', 'runs/*/folds/*', 'runs/*/search/*'],
};

export const GRANTS: Record<FunctionName, Grant> = {
  // keys and counts: it never opens data, trees or models
  orchestrator: {
    read: ['runs/*.json'],
    write: [
      'runs/*/status.json',
      'runs/*/report.json',
      'runs/*/report.html',
      'runs/*/failed.json',
      'runs/*/timeline.json',
    ],
    invoke: [...WORKER_NAMES, 'orchestrator'], // itself, for slices of a large fan-out
  },
  generate: GENERATE,
  generateLarge: GENERATE,
  split: {
    read: [REQUEST, CANCEL, SCHEMA, 'runs/*/dataset/*', 'runs/*/bins/*', 'runs/*/split/*'],
    write: ['runs/*/bins/*', 'runs/*/split/*', 'runs/*/train/*', 'runs/*/test/*', 'runs/*/validation/*'],
  },
  train: TRAIN,
  trainLarge: TRAIN,
  evaluate: {
    read: [
      REQUEST,
      CANCEL,
      SCHEMA,
      'runs/*/model/*',
      'runs/*/test/*',
      'runs/*/validation/*',
      'runs/*/evaluate/*',
      'runs/*/bins/*',
    ],
    write: ['runs/*/evaluate/*'],
  },
  api: {
    read: [REQUEST, 'runs/*/status.json', 'runs/*/cancel.json', 'runs/*/report.json'],
    write: [REQUEST, 'runs/*/status.json', 'runs/*/cancel.json'],
    remove: ['runs/*/cancel.json'],
    invoke: ['orchestrator'],
  },
  predict: { read: ['runs/*/model/*'], write: [] },
};
