// Handles of rows. They describe: rows are made, read and divided by the functions, when a forest is fitted to them.

import { InputError } from '../base/errors.ts';
import type { ClassLabel } from '../forest/model.ts';
import { findSchema } from '../ingest/results.ts';
import { decodeRaw } from '../partition/arrow.ts';
import type { RawRows } from '../partition/rows.ts';
import { RUNS_PREFIX } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { type Connection, hide, throwIfAborted } from './cluster.ts';

/** Parameters of a run as a user gives them, and who said which seed. */
export interface Description {
  params: Readonly<Record<string, unknown>>;
  seeds: readonly (readonly [giver: string, seed: number])[];
}

/** Rows that are to be made or read: what `makeClassification` and `readData` give. */
export class Dataset {
  /** @internal */
  readonly connection: Connection;
  /** @internal */
  readonly description: Description;

  /** @internal */
  constructor(connection: Connection, description: Description) {
    this.connection = connection;
    hide(this, 'connection');
    this.description = description;
  }
}

/** A data set and how it is to be divided. Its sides share it, and with it the run that has made them. */
export class Split {
  readonly dataset: Dataset;
  readonly description: Description;
  /** The first run that was fitted to its training side. */
  runId: string | undefined;

  constructor(dataset: Dataset, description: Description) {
    this.dataset = dataset;
    this.description = description;
  }
}

/** The rows to learn from: what `fit` takes. */
export class TrainRows {
  /** @internal */
  readonly split: Split;
  /** @internal */
  readonly side = 'train';

  /** @internal */
  constructor(split: Split) {
    this.split = split;
  }
}

/** Rows that a forest has not learnt from: what `predict` and `score` take. */
export class TestRows {
  /** @internal */
  readonly split: Split;
  /** @internal */
  readonly side: 'test' | 'validation';
  #labels: Promise<ClassLabel[]> | undefined;

  /** @internal */
  constructor(split: Split, side: 'test' | 'validation') {
    this.split = split;
    this.side = side;
  }

  /**
   * The true label, or value, of each row, in the order of `predict`. Gathered when they are first asked for.
   *
   * Rejects with an `InputError` before a forest was fitted to the other side.
   */
  get labels(): Promise<ClassLabel[]> {
    if (this.#labels) return this.#labels;
    const labels = this.#gather();
    this.#labels = labels;
    labels.catch(() => {
      this.#labels = undefined; // asked for again, they are gathered again
    });
    return labels;
  }

  async #gather(): Promise<ClassLabel[]> {
    const { store } = this.split.dataset.connection.target;
    const runId = runOf(this);
    const { classes = [] } = (await findSchema(store, runId))?.schema.label ?? {};
    const labels: ClassLabel[] = [];
    for await (const rows of readRows(this, this.split.dataset.connection.signal)) {
      for (const k of rows.labels) labels.push(classes[k] ?? k); // a value is itself
    }
    return labels;
  }
}

/**
 * The run whose partitions hold the rows.
 *
 * @throws {InputError} when there is none yet
 */
export function runOf({ split, side }: TestRows): string {
  if (split.runId !== undefined) return split.runId;
  throw new InputError(
    `the ${side} rows are not there yet: they are made when a forest is fitted; call client.fit first`,
  );
}

const PARTITIONS_AHEAD = 4; // hides the store's latency; of 10,000 rows × 20 features each takes 1 MB

/** The rows, partition by partition; empty ones are left out. */
export async function* readRows(
  rows: TestRows,
  signal: AbortSignal,
  onRead: (numRead: number, numPartitions: number) => void = () => {},
): AsyncGenerator<RawRows> {
  const { store } = rows.split.dataset.connection.target;
  const keys = await store.list(`${RUNS_PREFIX}${runOf(rows)}/${rows.side}/`);
  const files = readAhead(store, keys);
  for (const [i, key] of keys.entries()) {
    throwIfAborted(signal, `reading the ${rows.side} rows`);
    const partition = decodeRaw(await files(), key);
    if (partition.numRows > 0) yield partition;
    onRead(i + 1, keys.length);
  }
}

/** Gives the next object at each call, with those that follow on their way. */
function readAhead(store: Store, keys: readonly string[]): () => Promise<Uint8Array> {
  const onTheirWay: Promise<Uint8Array>[] = [];
  let next = 0;
  return () => {
    while (onTheirWay.length < PARTITIONS_AHEAD && next < keys.length) {
      const bytes = store.get(keys[next++]);
      bytes.catch(() => {}); // told to whoever comes to it
      onTheirWay.push(bytes);
    }
    return onTheirWay.shift()!;
  };
}
