// Lambda, durable: count the words of all objects below a prefix, each in a function of its own.

import { durableHandler, fanOut, map, throwUnlessGood, workerFunction } from '../../lib/fanout/index.ts';
import { s3Store } from '../../lib/s3-store.ts';
import type { Counted, CountTask, MergeTask } from './worker.ts';

export interface WordCountEvent {
  /** Names the results: `counts/<runId>/…`. */
  runId: string;
  /** Texts to read. */
  prefix: string;
}

export interface WordCount {
  numObjects: number;
  numWords: number;
  top: Counted['top'];
  /** Where all counts are. */
  countsKey: string;
  attempts: number;
}

/** Counts that one function puts together. */
const MERGE_AT_ONCE = 100;

const store = s3Store(process.env.BUCKET!);
const counter = workerFunction<CountTask, Counted>(process.env.WORKER_FUNCTION!);
const merger = workerFunction<MergeTask, Counted>(process.env.WORKER_FUNCTION!);

export const handler = durableHandler(async ({ runId, prefix }: WordCountEvent, engine): Promise<WordCount> => {
  // listed once: a replay is given what was found then
  const keys = await engine.step('list', () => store.list(prefix));
  if (keys.length === 0) throw new Error(`there is no object below ${prefix}`);
  const counted = await fanOut(
    engine,
    'count',
    keys.map((key, i) => ({
      taskId: key,
      payload: { kind: 'count' as const, key, countsKey: `counts/${runId}/${i}.json` },
    })),
    counter,
    { maxInFlight: 50 },
  );
  throwUnlessGood('count', counted);

  // put together in rounds, neighbours first
  let parts = counted.results.map((part) => part!);
  for (let round = 1; parts.length > 1; round++) {
    const groups = Array.from({ length: Math.ceil(parts.length / MERGE_AT_ONCE) }, (_, i) =>
      parts.slice(i * MERGE_AT_ONCE, (i + 1) * MERGE_AT_ONCE),
    );
    const tasks = groups.map((group, i) => ({
      kind: 'merge' as const,
      countsKeys: group.map(({ countsKey }) => countsKey),
      countsKey: `counts/${runId}/merged-${round}-${i}.json`,
    }));
    parts = (await map(engine, `merge-${round}`, tasks, merger)).map((part) => part!);
  }
  const [{ countsKey, numWords, top }] = parts as [Counted];
  return { numObjects: keys.length, numWords, top, countsKey, attempts: counted.counts.attempts };
});
