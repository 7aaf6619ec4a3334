// What each function may do: the one table that the roles are made from.

import { type FunctionName, WORKER_NAMES } from '../functions/manifest.ts';

export interface Grant {
  /** Keys whose objects it may read. `*` stands for any characters, `/` included. */
  read: readonly string[];
  /** Keys that it may create or replace. */
  write: readonly string[];
  /** Keys that it may delete. */
  remove?: readonly string[];
  /** Functions that it may invoke; of a durable one the alias, with its executions to be read and stopped. */
  invoke?: readonly FunctionName[];
}

const REQUEST = 'runs/*/run.json'; // the run's parameters, from which every worker makes the plan

export const GRANTS: Record<FunctionName, Grant> = {
  // keys and counts: it never opens data, trees or models
  orchestrator: {
    read: ['runs/*.json'],
    write: ['runs/*/status.json', 'runs/*/report.json', 'runs/*/report.html'],
    invoke: WORKER_NAMES,
  },
  generate: { read: [REQUEST, 'runs/*/dataset/*'], write: ['runs/*/dataset/*'] },
  split: {
    read: [REQUEST, 'runs/*/dataset/*', 'runs/*/bins/*', 'runs/*/split/*'],
    write: ['runs/*/bins/*', 'runs/*/split/*', 'runs/*/train/*', 'runs/*/test/*'],
  },
  train: {
    read: [REQUEST, 'runs/*/train/*', 'runs/*/bins/*', 'runs/*/trees/*', 'runs/*/model/*'],
    write: ['runs/*/trees/*', 'runs/*/model/*'],
  },
  evaluate: {
    read: [REQUEST, 'runs/*/model/*', 'runs/*/test/*', 'runs/*/evaluate/*', 'runs/*/bins/*'],
    write: ['runs/*/evaluate/*'],
  },
  api: {
    read: [REQUEST, 'runs/*/status.json', 'runs/*/cancel.json', 'runs/*/report.json'],
    write: [REQUEST, 'runs/*/status.json', 'runs/*/cancel.json'],
    remove: ['runs/*/cancel.json'],
    invoke: ['orchestrator'],
  },
};
