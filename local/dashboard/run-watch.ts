// Turns the documents that runs write to the bucket into events: requests, status, partitions, reports.

import * as v from 'valibot';
import type { Report } from '../../lib/report/report.ts';
import type { RunRequest, RunStatus } from '../../lib/run/run.ts';
import type { PartitionResult } from '../../lib/stages/generate.ts';
import { type DashboardEvent, type RunEvent, reportEvent } from './events.ts';

const KEY = /^runs\/([^/]+)\/(?:(run|status|report)|dataset\/part-(\d+))\.json$/;

/** Document that is written again and again; all others are reported once, however often a task tries to write them. */
const CHANGING = 'status';

/**
 * @param read returns the text of an object, undefined when the object is missing
 * @returns a function to call after each attempt to write an object, also a failed one: the bytes may be there all the
 *   same
 */
export function watchRuns(
  read: (key: string) => string | undefined,
  emit: (event: DashboardEvent) => void,
): (key: string) => void {
  const reported = new Set<string>();
  return (key) => {
    const [, runId, document, index] = KEY.exec(key) ?? [];
    if (!runId || reported.has(key)) return;
    const text = read(key);
    const event = text === undefined ? undefined : toEvent(runId, document, Number(index), text);
    if (!event) return;
    if (document !== CHANGING) reported.add(key);
    emit({ ...event, atMs: Date.now() });
  };
}

// Any program may write to the bucket, so the fields that the dashboard reads are checked; others pass unchanged.
const RunShape = v.looseObject({ params: v.looseObject({}) });
const StatusShape = v.looseObject({
  state: v.picklist(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  stages: v.array(
    v.looseObject({
      name: v.string(),
      state: v.picklist(['running', 'done']),
      numTasks: v.number(),
      numDone: v.number(),
      startedAtMs: v.number(),
      finishedAtMs: v.optional(v.number()),
    }),
  ),
  error: v.optional(v.object({ name: v.string(), message: v.string() })),
});
const ReportShape = v.looseObject({
  tasks: v.looseObject({ total: v.number(), attempts: v.number() }),
  rows: v.looseObject({ total: v.number() }),
  bill: v.number(),
  forecast: v.number(),
});
const PartitionShape = v.looseObject({
  classCounts: v.array(v.number()),
  numRows: v.number(),
  partition: v.looseObject({ bytes: v.number() }),
});

/** Undefined for a document that is not JSON or lacks a field that the dashboard reads. */
function toEvent(runId: string, document: string | undefined, index: number, text: string): RunEvent | undefined {
  if (document === 'run') {
    const request = parse<RunRequest>(RunShape, text);
    return request && { type: 'runRequested', runId, params: request.params };
  }
  if (document === 'status') {
    const status = parse<RunStatus>(StatusShape, text);
    if (!status) return undefined;
    const { state, stages, error } = status;
    return { type: 'runStatus', runId, state, stages, ...(error && { error }) };
  }
  if (document === 'report') {
    const report = parse<Report>(ReportShape, text);
    return report && reportEvent(runId, report);
  }
  const result = parse<PartitionResult>(PartitionShape, text);
  if (!result) return undefined;
  const { classCounts, numRows, partition } = result;
  // a regression has no classes: its rows are one number
  return {
    type: 'partition',
    runId,
    index,
    classCounts: classCounts.length === 0 ? [numRows] : classCounts,
    bytes: partition.bytes,
  };
}

/** @returns the document as its type states it, of which `shape` checks the fields that are read here */
function parse<Document>(shape: v.GenericSchema, text: string): Document | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return v.is(shape, value) ? (value as Document) : undefined;
}
