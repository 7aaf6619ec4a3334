// What the log holds for the dashboard besides the events of the services: enough for its page to need nothing else.

import type { RunParams } from '../../lib/params.ts';
import type { PRICES } from '../../lib/prices.ts';
import type { Report } from '../../lib/report.ts';
import type { StageStatus } from '../../lib/run.ts';

/** An emulator has started: what it has, and what AWS takes for what is used. */
export interface EmulatorStartedEvent {
  type: 'emulatorStarted';
  /** Most invocations of workers at once. */
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
  /** The sandbox that asked; left out for others. */
  sandboxId?: string;
}

/** Peak resident MiB of the sandboxes at work. */
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
  | ({ type: 'runReport'; runId: string } & Omit<Report, (typeof LEFT_OUT)[number]>);

/** Parts of a report that its page shows and the dashboard doesn't. */
export const LEFT_OUT = [
  ...(['curves', 'calibration', 'timeline', 'confusion', 'dataset', 'partitions', 'usage'] as const),
  ...(['density', 'residuals'] as const),
] as const;

export type DashboardEvent = { atMs: number } & (EmulatorStartedEvent | S3Event | MemoryEvent | RunEvent);
