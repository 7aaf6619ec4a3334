// Turns what runs write to the bucket into events: requests, status, partitions, reports.

import type { Report } from '../../lib/report/report.ts';
import type { RunRequest, RunStatus } from '../../lib/run/run.ts';
import type { PartitionResult } from '../../lib/stages/generate.ts';
import { type DashboardEvent, type RunEvent, reportEvent } from './events.ts';

const KEY = /^runs\/([^/]+)\/(?:(run|status|report)|dataset\/part-(\d+))\.json$/;

/** Documents that are written again; all others are told once, however often a task tries to write them. */
const CHANGING = 'status';

/**
 * @param read the text of an object, undefined where there is none
 * @returns to be called after each attempt to write an object, also one that failed: the bytes may be there all the same
 */
export function watchRuns(
  read: (key: string) => string | undefined,
  emit: (event: DashboardEvent) => void,
): (key: string) => void {
  const told = new Set<string>();
  return (key) => {
    const [, runId, document, index] = KEY.exec(key) ?? [];
    if (!runId || told.has(key)) return;
    const text = read(key);
    const event = text === undefined ? undefined : toEvent(runId, document, Number(index), text);
    if (!event) return;
    if (document !== CHANGING) told.add(key);
    emit({ ...event, atMs: Date.now() });
  };
}

/** Undefined for what is no JSON of ours: anyone may write to the bucket. */
function toEvent(runId: string, document: string | undefined, index: number, text: string): RunEvent | undefined {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
  } catch {
    return undefined;
  }
  if (document === 'run') return { type: 'runRequested', runId, params: (value as unknown as RunRequest).params };
  if (document === 'status') {
    const { state, stages, error } = value as unknown as RunStatus;
    return { type: 'runStatus', runId, state, stages, ...(error && { error }) };
  }
  if (document === 'report') return reportEvent(runId, value as unknown as Report);
  const result = value as unknown as PartitionResult;
  return { type: 'partition', runId, index, ...rowsOf(result), bytes: result.partition?.bytes ?? 0 };
}

/** Rows of a partition by class; of values in one number. */
function rowsOf({ classCounts, numRows }: PartitionResult): { classCounts: number[] } {
  return { classCounts: classCounts?.length === 0 ? [numRows] : classCounts };
}
