// How every task ends: its result object is created last, once, and another attempt finds it.

import { createJson, findJson, getJson } from './json.ts';
import type { Store } from './store.ts';

/**
 * Do a task unless its result is there already. Two attempts at once may both do the work; the first result stays, and
 * both answer with it.
 *
 * @param work writes the task's other objects and gives its result
 */
export async function runTask<Result>(store: Store, resultKey: string, work: () => Promise<Result>): Promise<Result> {
  const finished = await findJson<Result>(store, resultKey);
  if (finished !== undefined) return finished;
  const result = await work();
  return (await createJson(store, resultKey, result)) ? result : getJson<Result>(store, resultKey);
}

/** Do `work` for each item, at most `limit` at a time; results in the order of the items. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}

/** Requests to the store that one task keeps in flight: enough to hide latency, few enough for its sockets. */
export const STORE_REQUESTS = 16;
