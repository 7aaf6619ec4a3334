// Lambda: count the words of one object, or put counts together. Counts travel through the bucket, keys through events.

import { s3Store } from '../../lib/aws/s3-store.ts';
import { createJson, getJson } from '../../lib/store/json.ts';
import type { CountTask, MergeTask } from './tasks.ts';
import { type Counts, commonest, countWords, mergeCounts } from './words.ts';

export interface Counted {
  countsKey: string;
  numWords: number;
  /** The most frequent words. */
  top: [word: string, count: number][];
}

const TOP_WORDS = 10;
const store = s3Store(process.env.BUCKET!);

export async function handler(task: CountTask | MergeTask): Promise<Counted> {
  const counts =
    task.kind === 'count'
      ? countWords(new TextDecoder().decode(await store.get(task.key)))
      : mergeCounts(await Promise.all(task.countsKeys.map((key) => getJson<Counts>(store, key))));
  // a second attempt finds the object there: it would have written the same
  await createJson(store, task.countsKey, counts);
  const numWords = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { countsKey: task.countsKey, numWords, top: commonest(counts, TOP_WORDS) };
}
