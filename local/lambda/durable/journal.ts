// The history of durable executions, one JSON line for each event, written before it is acknowledged. Replayed, the
// lines give the same executions. A write reaches the kernel before it returns, so a SIGKILL of the emulator loses nothing;
// only a power cut could, which does not justify fsync here.

import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../../lib/base/errors.ts';
import { COMPACT_ABOVE_BYTES, RETENTION_MS } from '../limits.ts';
import { isRecord, type JournalRecord } from './shapes.ts';

const READ_BYTES = 1024 * 1024; // at once

export class Journal {
  /** Records written before, without the steps of executions that have ended. */
  readonly records: readonly JournalRecord[];
  readonly #path: string;
  readonly #onBroken: (error: Error) => void;
  readonly #endedAtMs = new Map<string, number>();
  readonly #compactAbove: number;
  #file: number;
  #bytes = 0;
  /** Size at which it is compacted while it is written: twice the size after the last time, so that the cost stays proportional. */
  #limit: number;
  #isBroken = false;

  /**
   * @param onBroken called once, when a record cannot be written: from then on nothing is recorded
   * @param compactAbove bytes of the file from which it is compacted while it is written, ≥ 1
   * @throws {FormatError} when a line is not a record
   */
  constructor(dataDir: string, onBroken: (error: Error) => void = () => {}, compactAbove = COMPACT_ABOVE_BYTES) {
    this.#onBroken = onBroken;
    this.#compactAbove = compactAbove;
    mkdirSync(dataDir, { recursive: true });
    this.#path = join(dataDir, 'durable.jsonl');
    let number = 0;
    for (const line of lines(this.#path)) this.#note(parse(line, `journal ${this.#path}: line ${++number}`));
    // also rids the file of a torn last line, which must not run into the next one
    const { file, bytes, records } = this.#copyNeeded();
    this.#file = file;
    this.#bytes = bytes;
    this.#limit = Math.max(compactAbove, 2 * bytes);
    this.records = records;
  }

  append(record: JournalRecord): void {
    if (this.#isBroken) return;
    try {
      this.#bytes += write(this.#file, record);
    } catch (cause) {
      // a timer or an invocation has no caller to throw to; a torn line is cut off at the next start
      this.#isBroken = true;
      this.#onBroken(
        new Error(`the journal of the emulator cannot be written: ${(cause as Error).message}`, { cause }),
      );
      return;
    }
    this.#note(record);
    if (record.type === 'ended' && this.#bytes > this.#limit) this.#compact();
  }

  close(): void {
    closeSync(this.#file);
  }

  #note({ type, arn, atMs }: JournalRecord): void {
    if (type === 'ended') this.#endedAtMs.set(arn, atMs);
  }

  #compact(): void {
    try {
      const { file, bytes } = this.#copyNeeded();
      closeSync(this.#file);
      this.#file = file;
      this.#bytes = bytes;
    } catch {
      // a full disk: the long file stays in use, and the next start compacts it
    }
    this.#limit = Math.max(this.#compactAbove, 2 * this.#bytes);
  }

  /** Replace the file by a copy without the records that are no longer needed. @returns the copy, open for appending */
  #copyNeeded(): { file: number; bytes: number; records: JournalRecord[] } {
    const path = `${this.#path}.new`;
    const file = openSync(path, 'w');
    const records: JournalRecord[] = [];
    let bytes = 0;
    try {
      for (const line of lines(this.#path)) {
        const record = JSON.parse(line) as JournalRecord;
        if (!this.#isNeeded(record)) continue;
        bytes += write(file, record);
        records.push(record);
      }
      renameSync(path, this.#path);
    } catch (error) {
      closeSync(file);
      rmSync(path, { force: true });
      throw error;
    }
    const oldestMs = Date.now() - RETENTION_MS;
    for (const [arn, atMs] of this.#endedAtMs) if (atMs <= oldestMs) this.#endedAtMs.delete(arn);
    return { file, bytes, records };
  }

  #isNeeded({ type, arn }: JournalRecord): boolean {
    const endedAtMs = this.#endedAtMs.get(arn);
    if (endedAtMs === undefined) return true;
    return (type === 'started' || type === 'ended') && endedAtMs > Date.now() - RETENTION_MS;
  }
}

/** @returns bytes written */
function write(file: number, record: JournalRecord): number {
  const line = Buffer.from(`${JSON.stringify(record)}\n`);
  for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
  return line.length;
}

/** The whole lines of a file, which may be longer than a string can be; none when the file does not exist. */
function* lines(path: string): Generator<string> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    let pieces: Buffer[] = []; // of the line that continues in the next chunk
    for (;;) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const chunk = buffer.subarray(0, readSync(file, buffer));
      if (chunk.length === 0) return; // text after the last line end was never acknowledged
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString();
        pieces = [];
        start = end + 1;
      }
      pieces.push(chunk.subarray(start));
    }
  } finally {
    closeSync(file);
  }
}

function parse(line: string, where: string): JournalRecord {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw new FormatError(`${where} is not JSON; remove the file to start afresh`, { cause });
  }
  if (isRecord(record)) return record;
  throw new FormatError(`${where} is not a record; remove the file to start afresh`);
}
