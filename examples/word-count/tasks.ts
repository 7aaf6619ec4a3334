// The tasks of a count. The key of an output follows from the task alone: a task that is there already is done.

import { sha256 } from '../../lib/base/hash.ts';

export interface CountTask {
  kind: 'count';
  /** Text to read. */
  key: string;
  /** Where the counts go. */
  countsKey: string;
}

export interface MergeTask {
  kind: 'merge';
  countsKeys: string[];
  /** Where the sum goes. */
  countsKey: string;
}

/** Counts that one function puts together. */
const MERGE_AT_ONCE = 100;

/** A task for each text. Not by position: another text, put in between, would shift the results of those behind it. */
export function countTasks(runId: string, keys: readonly string[]): CountTask[] {
  return keys.map((key) => ({ kind: 'count', key, countsKey: `counts/${runId}/${sha256(key)}.json` }));
}

/** A task for each hundred of the counts, neighbours together. */
export function mergeTasks(runId: string, countsKeys: readonly string[]): MergeTask[] {
  const numTasks = Math.ceil(countsKeys.length / MERGE_AT_ONCE);
  return Array.from({ length: numTasks }, (_, i) => {
    const group = countsKeys.slice(i * MERGE_AT_ONCE, (i + 1) * MERGE_AT_ONCE);
    return { kind: 'merge', countsKeys: group, countsKey: `counts/${runId}/merged-${sha256(group.join('\n'))}.json` };
  });
}
