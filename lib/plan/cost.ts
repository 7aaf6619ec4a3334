// The usage of a run, and its costs on AWS.

import { PRICES } from './prices.ts';

/** How long the stack keeps a run's objects, and the history of a durable execution. */
export const KEPT_DAYS = { objects: 30, history: 14 } as const;
const DAYS_PER_MONTH = 365 / 12;

/** Usage of invocations, measured inside the functions. Usages can be added. */
export interface Usage {
  gbSeconds: number;
  invocations: number;
  durableOperations: number;
  /** PUT and LIST requests, and GET requests. */
  s3Writes: number;
  s3Reads: number;
  bytesWritten: number;
  bytesRead: number;
  /** Invocations without a usage record: they crashed, timed out, or their execution ended first. */
  unmeasured: number;
}

export const NO_USAGE: Usage = {
  gbSeconds: 0,
  invocations: 0,
  durableOperations: 0,
  s3Writes: 0,
  s3Reads: 0,
  bytesWritten: 0,
  bytesRead: 0,
  unmeasured: 0,
};

/** The sum; missing values count as 0. */
export function addUsage(a: Partial<Usage>, b: Partial<Usage>): Usage {
  const names = Object.keys(NO_USAGE) as (keyof Usage)[];
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)])) as unknown as Usage;
}

/** The cost items of a run: its stages, the orchestrator, and storage of its objects. */
export const PARTS = ['generate', 'split', 'train', 'evaluate', 'orchestrator'] as const;
export type Part = (typeof PARTS)[number];
export type PartUsage = Record<Part, Usage>;

export const NO_PART_USAGE: PartUsage = {
  generate: NO_USAGE,
  split: NO_USAGE,
  train: NO_USAGE,
  evaluate: NO_USAGE,
  orchestrator: NO_USAGE,
};

/** USD for each part, and for storing the written objects until they expire. */
export type Costs = Record<Part | 'storage' | 'total', number>;

/** Bytes that a durable operation writes: identifiers, a payload of keys, a result of counts; 0.8 kB were measured. */
const OPERATION_BYTES = 1000;
const GB = 1e9;

/** USD for functions and requests; `costsOf` adds storage. */
export function computePrice(usage: Usage): number {
  const { usd } = PRICES;
  const historyMonths = KEPT_DAYS.history / DAYS_PER_MONTH;
  const operation =
    usd.durableOperation + (OPERATION_BYTES / GB) * (usd.durableGbWritten + historyMonths * usd.durableGbMonth);
  return (
    usage.gbSeconds * usd.gbSecond +
    usage.invocations * usd.invocation +
    usage.durableOperations * operation +
    usage.s3Writes * usd.s3Write +
    usage.s3Reads * usd.s3Read
  );
}

/** USD for storing bytes in S3 until they expire. */
export function priceOfStorage(bytes: number): number {
  return (bytes / GB) * (KEPT_DAYS.objects / DAYS_PER_MONTH) * PRICES.usd.s3GbMonth;
}

export function computeCosts(usage: PartUsage): Costs {
  const { bytesWritten } = totalUsage(usage);
  const parts = { ...mapParts((part) => computePrice(usage[part])), storage: priceOfStorage(bytesWritten) };
  return { ...parts, total: Object.values(parts).reduce((sum, usd) => sum + usd, 0) };
}

export function totalUsage(usage: PartUsage): Usage {
  return PARTS.map((part) => usage[part]).reduce(addUsage, NO_USAGE);
}

function mapParts<T>(map: (part: Part) => T): Record<Part, T> {
  return Object.fromEntries(PARTS.map((part) => [part, map(part)])) as Record<Part, T>;
}
