// Handles of rows. They only describe rows: functions generate, read and split them when a forest is fitted.

import { InputError } from '../base/errors.ts';
import type { ClassLabel } from '../forest/model.ts';
import { findSchema } from '../ingest/results.ts';
import { decodeRaw } from '../partition/arrow.ts';
import type { RawRows } from '../partition/rows.ts';
import { RUNS_PREFIX } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { type Connection, hide, throwIfAborted } from './cluster.ts';

/** Parameters of a run as the user set them, and which call set which seed. */
export interface Description {
  params: Readonly<Record<string, unknown>>;
  seeds: readonly (readonly [source: string, seed: number])[];
}

/** Rows to generate or read: the result of `makeClassification`, `makeRegression` and `readData`. */
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

/** A data set and how to split it. Its splits share this object and the run that stored their rows. */
export class Split {
  readonly dataset: Dataset;
  readonly description: Description;
  /** The first run that trained on it. */
  runId: string | undefined;

  constructor(dataset: Dataset, description: Description) {
    this.dataset = dataset;
    this.description = description;
  }
}

/** The training rows: the input of `fit`. */
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

/** Rows not used for training: the input of `predict` and `score`. */
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
   * The true label or value of each row, in the order of `predict`. Read from the store on first use.
   *
   * Rejects with an `InputError` until a forest has been fitted to the training split.
   */
  get labels(): Promise<ClassLabel[]> {
    if (this.#labels) return this.#labels;
    const labels = this.#gather();
    this.#labels = labels;
    labels.catch(() => {
      this.#labels = undefined; // the next use tries again
    });
    return labels;
  }

  async #gather(): Promise<ClassLabel[]> {
    const { store } = this.split.dataset.connection.target;
    const runId = findRunId(this);
    const { classes = [] } = (await findSchema(store, runId))?.schema.label ?? {};
    const labels: ClassLabel[] = [];
    for await (const rows of readRows(this, this.split.dataset.connection.signal)) {
      for (const k of rows.labels) labels.push(classes[k] ?? k); // regression: the value itself
    }
    return labels;
  }
}

/**
 * Id of the run whose partitions hold the rows.
 *
 * @throws {InputError} when no forest has been fitted yet
 */
export function findRunId({ split, side }: TestRows): string {
  if (split.runId !== undefined) return split.runId;
  throw new InputError(`the ${side} rows do not exist before a forest is fitted; call client.fit first`);
}

const PARTITIONS_AHEAD = 4; // hides the store's latency; a partition of 10,000 rows × 20 features takes 1 MB

/** Read the rows partition by partition, without the empty ones. */
export async function* readRows(
  rows: TestRows,
  signal: AbortSignal,
  onRead: (numRead: number, numPartitions: number) => void = () => {},
): AsyncGenerator<RawRows> {
  const { store } = rows.split.dataset.connection.target;
  const keys = await store.list(`${RUNS_PREFIX}${findRunId(rows)}/${rows.side}/`);
  const files = readAhead(store, keys);
  for (const [i, key] of keys.entries()) {
    throwIfAborted(signal, `reading the ${rows.side} rows`);
    const partition = decodeRaw(await files(), key);
    if (partition.numRows > 0) yield partition;
    onRead(i + 1, keys.length);
  }
}

/** Each call returns the next object; the following ones are being read meanwhile. */
function readAhead(store: Store, keys: readonly string[]): () => Promise<Uint8Array> {
  const inFlight: Promise<Uint8Array>[] = [];
  let next = 0;
  return () => {
    while (inFlight.length < PARTITIONS_AHEAD && next < keys.length) {
      const bytes = store.get(keys[next++]);
      bytes.catch(() => {}); // reported to the caller that awaits it
      inFlight.push(bytes);
    }
    return inFlight.shift()!;
  };
}
