// Models that a warm function has read.

import { NotFoundError } from '../base/errors.ts';
import type { Model } from '../forest/model.ts';
import { decodeModel } from '../forest/model-file.ts';
import { checkRunId, runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/**
 * Models by run id, the last used kept up to `maxBytes` of their files, and one however large. A run's model is created
 * once, so that one that was read stays true.
 */
export function modelCache(store: Pick<Store, 'get'>, maxBytes: number): (runId: string) => Promise<Model> {
  const kept = new Map<string, { bytes: number; model: Model }>();
  return async (runId) => {
    const known = kept.get(checkRunId(runId));
    kept.delete(runId);
    const entry = known ?? (await readModel(store, runId));
    kept.set(runId, entry); // last
    let total = [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [other, { bytes }] of kept) {
      if (total <= maxBytes || other === runId) break;
      kept.delete(other);
      total -= bytes;
    }
    return entry.model;
  };
}

async function readModel(store: Pick<Store, 'get'>, runId: string): Promise<{ bytes: number; model: Model }> {
  try {
    const file = await store.get(runKeys(runId).model);
    return { bytes: file.length, model: decodeModel(file) };
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(`model ${runId} does not exist; a model has the ID of its run, once that is trained`, {
      cause: error,
    });
  }
}
