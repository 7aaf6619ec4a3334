// Events that the log holds for the dashboard in addition to those of the services: its page needs nothing else.

import type { ClassLabel } from '../../lib/forest/model.ts';
import type { RunParams } from '../../lib/plan/params.ts';
import type { PRICES } from '../../lib/plan/prices.ts';
import type { Report } from '../../lib/report/report.ts';
import type { StageStatus } from '../../lib/stages/stage.ts';
import type { TableSchema } from '../../lib/tables/schema.ts';

/** An emulator has started: its functions, and AWS's prices. */
export interface EmulatorStartedEvent {
  type: 'emulatorStarted';
  /** Maximum concurrent invocations of workers. */
  workers: number;
  functions: { name: string; memoryMiB: number }[];
  usd: typeof PRICES.usd;
}

/** A request to S3 was answered. */
export interface S3Event {
  type: 's3';
  operation: string;
  key?: string;
  status: number;
  /** Bytes of the bodies. */
  requestBytes: number;
  responseBytes: number;
  ms: number;
  /** The sandbox that sent the request; omitted for other clients. */
  sandboxId?: string;
}

/** Peak resident MiB of the busy sandboxes. */
export interface MemoryEvent {
  type: 'memory';
  sandboxes: Record<string, number>;
}

export type RunEvent =
  | { type: 'runRequested'; runId: string; params: RunParams }
  | {
      type: 'runStatus';
      runId: string;
      state: string;
      stages: StageStatus[];
      error?: { name: string; message: string };
    }
  | { type: 'partition'; runId: string; index: number; classCounts: number[]; bytes: number }
  | ({ type: 'runReport'; runId: string; classes?: ClassLabel[] } & Omit<Report, LeftOut>);

/** Parts of a report that its page shows and the dashboard doesn't. */
const LEFT_OUT = [
  ...(['curves', 'calibration', 'timeline', 'confusion', 'dataset', 'partitions'] as const),
  ...(['density', 'residuals'] as const),
] as const;
type LeftOut = (typeof LEFT_OUT)[number];

/** The event of a report, with the names of the classes in the user's data. */
export function reportEvent(runId: string, report: Report): RunEvent {
  const kept = Object.entries(report).filter(([name]) => !(LEFT_OUT as readonly string[]).includes(name));
  const { label } = (report.dataset ?? {}) as Partial<TableSchema>;
  const classes = label?.classes?.length ? label.classes : undefined;
  return { ...Object.fromEntries(kept), ...(classes && { classes }), type: 'runReport', runId } as RunEvent;
}

export type DashboardEvent = { atMs: number } & (EmulatorStartedEvent | S3Event | MemoryEvent | RunEvent);
