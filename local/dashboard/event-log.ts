// The log of an emulator: all its events, one JSON object a line.

import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { runKeys } from '../../lib/store/keys.ts';
import type { FaultEvent } from '../chaos/chaos.ts';
import type { LambdaEvent } from '../lambda/options.ts';
import type { DashboardEvent } from './events.ts';

/** A write to S3 with If-None-Match: `refused` (412) when the key was taken, since the work was already done. */
export interface CreationEvent {
  type: 'creation';
  outcome: 'created' | 'refused';
  key: string;
  atMs: number;
}

export type EmulatorEvent = LambdaEvent | CreationEvent | FaultEvent | DashboardEvent;

/** The log's name in the folder of an emulator. */
export const EVENTS_FILE = 'events.ndjson';

export interface EventLog {
  readonly path: string;
  /** Size in bytes when it was opened. */
  readonly start: number;
  write(event: EmulatorEvent): void;
  close(): void;
}

/** Lines reach the kernel before `write` returns, so that a kill -9 loses none. A full disk ends the log with a message on standard error. */
export function openEventLog(dataDir: string): EventLog {
  const path = join(dataDir, EVENTS_FILE);
  let file: number | undefined = openSync(path, 'a');
  const start = fstatSync(file).size;
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    path,
    start,
    close,
    write(event) {
      if (file === undefined) return;
      try {
        const line = Buffer.from(`${JSON.stringify(event)}\n`);
        for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
      } catch (error) {
        console.error(`events are no longer recorded: ${(error as Error).message}`);
        close();
      }
    },
  };
}

/** Read events of some types, oldest first, of all emulators that used the folder. */
async function* readEvents<Type extends EmulatorEvent['type']>(
  dataDir: string,
  ...types: Type[]
): AsyncGenerator<Extract<EmulatorEvent, { type: Type }>> {
  const starts = types.map((type) => `{"type":"${type}"`); // parses those lines only: the log may be long
  const file = await open(join(dataDir, EVENTS_FILE)).catch(() => undefined);
  if (!file) return;
  for await (const line of file.readLines()) {
    const event = starts.some((start) => line.startsWith(start)) ? parse(line) : undefined;
    if (event) yield event;
  }
}

/** Undefined for a line that a full disk tore. */
function parse(line: string) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Read all faults that were injected in a folder. */
export async function readFaults(dataDir: string): Promise<FaultEvent[]> {
  const faults: FaultEvent[] = [];
  for await (const event of readEvents(dataDir, 'fault')) faults.push(event);
  return faults;
}

/** Counts of the faults of one run. */
export interface ChaosCounts {
  /** Faults by kind, those that occurred. */
  injected: Record<string, number>;
  /** Creations that found the key taken: work that was done or reported twice, without effect. */
  suppressed: number;
}

export async function countChaos(dataDir: string, runId: string): Promise<ChaosCounts> {
  const counts: ChaosCounts = { injected: {}, suppressed: 0 };
  const isOwn = (key: string) => key.startsWith(runKeys(runId).root);
  for await (const event of readEvents(dataDir, 'fault', 'creation')) {
    if (event.type === 'fault' && event.runId === runId)
      counts.injected[event.kind] = (counts.injected[event.kind] ?? 0) + 1;
    if (event.type === 'creation' && event.outcome === 'refused' && isOwn(event.key)) counts.suppressed++;
  }
  return counts;
}
