// Lambda, durable: count the words of all objects below a prefix, each in a separate function.

import { s3Store } from '../../lib/aws/s3-store.ts';
import { durableHandler, fanOut, map, throwUnlessGood, workerFunction } from '../../lib/fanout/index.ts';
import { type CountTask, countTasks, type MergeTask, mergeTasks } from './tasks.ts';
import type { Counted } from './worker.ts';

export interface WordCountEvent {
  /** Names the results: `counts/<runId>/…`. Take another when a text has changed: what is counted is not counted again. */
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

const store = s3Store(process.env.BUCKET!);
const counter = workerFunction<CountTask, Counted>(process.env.WORKER_FUNCTION!);
const merger = workerFunction<MergeTask, Counted>(process.env.WORKER_FUNCTION!);

export const handler = durableHandler(async ({ runId, prefix }: WordCountEvent, engine): Promise<WordCount> => {
  // listed once: a replay is given what was found then
  const keys = await engine.step('list', () => store.list(prefix));
  if (keys.length === 0) throw new Error(`no object below ${prefix}`);
  const counted = await fanOut(
    engine,
    'count',
    countTasks(runId, keys).map((payload) => ({ taskId: payload.key, payload })),
    { worker: counter, maxInFlight: 50 },
  );
  throwUnlessGood('count', counted);

  // put together in rounds, neighbours first
  let parts = counted.results.map((part) => part!);
  for (let round = 1; parts.length > 1; round++) {
    const tasks = mergeTasks(
      runId,
      parts.map(({ countsKey }) => countsKey),
    );
    parts = (await map(engine, `merge-${round}`, tasks, { worker: merger })).map((part) => part!);
  }
  const [{ countsKey, numWords, top }] = parts as [Counted];
  return { numObjects: keys.length, numWords, top, countsKey, attempts: counted.counts.attempts };
});
