// Results of the tasks that read a user's data.

import { FormatError } from '../base/errors.ts';
import { findJson, getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import type { Inputs } from './inputs.ts';
import type { Parts } from './locate.ts';
import type { SchemaResult } from './shape.ts';

/** What is known once the rows have been located. */
export async function getParts(store: Store, runId: string): Promise<{ inputs: Inputs; parts: Parts }> {
  const keys = runKeys(runId);
  const [inputs, parts] = await Promise.all([getJson<Inputs>(store, keys.inputs), getJson<Parts>(store, keys.parts)]);
  return { inputs, parts };
}

/** The schema of a run's data; undefined while there is none. */
export function findSchema(store: Store, runId: string): Promise<SchemaResult | undefined> {
  return findJson<SchemaResult>(store, runKeys(runId).schema);
}

/** @throws {FormatError} while there is none */
export async function getSchema(store: Store, runId: string): Promise<SchemaResult> {
  const found = await findSchema(store, runId);
  if (!found) throw new FormatError(`run ${runId} has no schema yet`);
  return found;
}
