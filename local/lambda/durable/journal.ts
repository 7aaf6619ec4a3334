// What happened to durable executions, one JSON line each, written before it is acknowledged. Played again, the lines
// give the same executions. A write reaches the kernel before it returns, so a SIGKILL of the emulator loses nothing;
// only a power cut could, which is no case for fsync here.

import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorObject, OperationStatus, OperationUpdate } from '@aws-sdk/client-lambda';
import { FormatError } from '../../../lib/errors.ts';
import { RETENTION_MS } from '../limits.ts';
import type { ExecutionStatus } from '../options.ts';
import { isRecord } from './shapes.ts';

export type JournalRecord = { arn: string; atMs: number } & (
  | { type: 'started'; name: string; functionName: string; version: string; input: string }
  /** Accepted from the handler; its end is a record of its own. */
  | { type: 'updated'; updates: OperationUpdate[] }
  /** From outside the handler: an invocation returned, a timer ran out, a callback came. */
  | { type: 'changed'; id: string; status: OperationStatus; result?: string; error?: ErrorObject }
  | { type: 'ended'; status: ExecutionStatus; result?: string; error?: ErrorObject }
);

export class Journal {
  /** What was written before, without the steps of executions that have ended. */
  readonly records: readonly JournalRecord[];
  readonly #file: number;
  readonly #onBroken: (error: Error) => void;
  #isBroken = false;

  /** @param onBroken told once, when a record cannot be written: from then on nothing is kept */
  constructor(dataDir: string, onBroken: (error: Error) => void = () => {}) {
    this.#onBroken = onBroken;
    mkdirSync(dataDir, { recursive: true });
    const path = join(dataDir, 'durable.jsonl');
    this.records = compact(read(path));
    // also rids the file of a torn last line, which must not run into the next one
    writeFileSync(`${path}.new`, this.records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    renameSync(`${path}.new`, path);
    this.#file = openSync(path, 'a');
  }

  append(record: JournalRecord): void {
    if (this.#isBroken) return;
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
    } catch (cause) {
      // in the middle of a timer or an invocation there is nobody to throw to; a torn line is cut off at the next start
      this.#isBroken = true;
      this.#onBroken(
        new Error(`the journal of the emulator cannot be written: ${(cause as Error).message}`, { cause }),
      );
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function read(path: string): JournalRecord[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // text after the last line end was not acknowledged to anyone
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return lines.map((line, i) => {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch (cause) {
      throw new FormatError(`journal ${path}: line ${i + 1} is not JSON; remove the file to start afresh`, { cause });
    }
    if (isRecord(record)) return record;
    throw new FormatError(`journal ${path}: line ${i + 1} is no record; remove the file to start afresh`);
  });
}

function compact(records: JournalRecord[]): JournalRecord[] {
  const endedAtMs = new Map<string, number>();
  for (const { type, arn, atMs } of records) if (type === 'ended') endedAtMs.set(arn, atMs);
  const oldestMs = Date.now() - RETENTION_MS;
  return records.filter(({ type, arn }) => {
    const endMs = endedAtMs.get(arn);
    return endMs === undefined || ((type === 'started' || type === 'ended') && endMs > oldestMs);
  });
}
