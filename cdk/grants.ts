// What each function may do: the one table that the roles are made from.

import { type FunctionName, WORKER_NAMES } from '../functions/manifest.ts';

export interface Grant {
  /** Keys whose objects it may read. `*` matches any characters, `/` included. */
  read: readonly string[];
  /** Keys that it may create or replace. */
  write: readonly string[];
  /** Keys that it may delete. */
  remove?: readonly string[];
  /** Functions that it may invoke: their versions; of the orchestrator the alias, with its executions to be read. */
  invoke?: readonly FunctionName[];
  /** Whether it may stop executions of the orchestrator. @default false */
  stops?: boolean;
}

const REQUEST = 'runs/*/run.json'; // the run's parameters, from which every worker makes the plan
const CANCEL = 'runs/*/cancel.json'; // there when the run was called off: a worker stops then

const SCHEMA = 'runs/*/data/schema.json'; // only of runs on data: with the parameters, the input of the plan

/** Tables that users put into the bucket; who may read these may read the stack's other data buckets. */
export const UPLOADS = 'data/*';

// every size of a function may do the same
const GENERATE: Grant = {
  read: [REQUEST, CANCEL, 'runs/*/dataset/*', 'runs/*/data/*', UPLOADS],
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

const START: Grant = {
  read: [REQUEST, 'runs/*/status.json', CANCEL, 'runs/*/report.json'],
  write: [REQUEST, 'runs/*/status.json'],
  remove: [CANCEL],
  invoke: ['orchestrator'],
};

export const GRANTS: Record<FunctionName, Grant> = {
  // keys and counts: it never opens data, trees or models
  orchestrator: {
    read: ['runs/*.json', 'predictions/*.json'],
    write: [
      'runs/*/status.json',
      'runs/*/report.json',
      'runs/*/report.html',
      'runs/*/failed.json',
      'runs/*/timeline.json',
      'predictions/*/status.json',
      'predictions/*/result.json',
    ],
    invoke: [...WORKER_NAMES, 'slices'],
  },
  // what it is sent and what it answers goes through Lambda alone
  slices: { read: [], write: [], invoke: WORKER_NAMES },
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
      // tables that are predicted
      'predictions/*/request.json',
      'predictions/*/model.arvo',
      'predictions/*/data/*',
      'predictions/*/answers/*',
      UPLOADS,
    ],
    write: ['runs/*/evaluate/*', 'predictions/*/data/*', 'predictions/*/answers/*'],
  },
  api: { ...START, write: [...START.write, CANCEL], stops: true },
  start: START,
  predict: { read: ['runs/*/model/*'], write: [] },
};
