// The dashboard of a run on AWS: turns its status and report into events. Sandboxes are known only at the end.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FUNCTIONS, WORKER_NAMES } from '../../functions/manifest.ts';
import type { RunParams } from '../../lib/plan/params.ts';
import { PRICES } from '../../lib/plan/prices.ts';
import type { Report } from '../../lib/report/report.ts';
import type { RunView } from '../../lib/run/run.ts';
import { listenNear } from '../http/ports.ts';
import { type EmulatorEvent, openEventLog } from './event-log.ts';
import { reportEvent } from './events.ts';
import { startDashboard } from './server.ts';

/** Folder of the built page, next to the command line's bundle. */
export const PAGE_DIR = join(dirname(fileURLToPath(import.meta.url)), 'dashboard');
export const DASHBOARD_PORT = 8787; // Dask's

export interface RunWatch {
  onRequest(params: RunParams): void;
  /** Called after each poll. */
  onView(view: Pick<RunView, 'state' | 'stages' | 'error'>): void;
  onReport(report: Report): void;
}

/** @param emit called for each change since the poll before */
export function watchRun(runId: string, emit: (event: EmulatorEvent) => void): RunWatch {
  let reported = '';
  return {
    onRequest(params) {
      const functions = WORKER_NAMES.map((name) => ({
        name: `arvoredo-${name}`,
        memoryMiB: FUNCTIONS[name].memoryMiB,
      }));
      emit({ type: 'emulatorStarted', atMs: Date.now(), workers: params.workers, functions, usd: PRICES.usd });
      emit({ type: 'runRequested', atMs: Date.now(), runId, params });
    },
    onView({ state, stages, error }) {
      const now = JSON.stringify({ state, stages, error });
      if (now !== reported) {
        emit({ type: 'runStatus', atMs: Date.now(), runId, state, stages: [...stages], ...(error && { error }) });
      }
      reported = now;
    },
    onReport(report) {
      for (const [index, { train, test, bytes }] of report.partitions.entries()) {
        const classCounts = train.map((count, label) => count + test[label]);
        emit({ type: 'partition', atMs: Date.now(), runId, index, classCounts, bytes });
      }
      for (const event of timelineEvents(report)) emit(event);
      emit({ ...reportEvent(runId, report), atMs: Date.now() });
    },
  };
}

/** The tasks of a run as the events that an emulator would have emitted. */
function timelineEvents({ runId, timeline, stages }: Report): EmulatorEvent[] {
  const known = new Set<string>();
  return timeline.flatMap(({ taskId, sandbox, isColdStart, startedAtMs, finishedAtMs }): EmulatorEvent[] => {
    const stage = stages.findLast((each) => each.startedAtMs <= startedAtMs)?.name ?? stages[0].name;
    const fields = { sandboxId: sandbox, functionName: `arvoredo-${stage}`, pid: 0 };
    const invocation = { ...fields, requestId: taskId, coldStart: isColdStart };
    const isNew = !known.has(sandbox);
    known.add(sandbox);
    const ms = finishedAtMs - startedAtMs;
    const input = JSON.stringify({ runId, taskId });
    return [
      ...(isNew ? [{ type: 'sandboxStarted', atMs: startedAtMs, ...fields } as const] : []),
      { type: 'invokeStarted', atMs: startedAtMs, input, ...invocation },
      { type: 'invokeFinished', atMs: finishedAtMs, durationMs: ms, billedMs: ms, maxMemoryMiB: 0, ...invocation },
    ];
  });
}

/** Serve the dashboard of one run until closed; its log is kept no longer. */
export async function startRunDashboard(
  runId: string,
  port = DASHBOARD_PORT,
  pageDir = PAGE_DIR,
): Promise<RunWatch & { url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'arvoredo-dashboard-'));
  const log = openEventLog(folder);
  const server = await listenNear(port, 0, (free) =>
    startDashboard({ port: free, pageDir, eventsFile: log.path, from: log.start }),
  );
  return {
    url: server.url,
    ...watchRun(runId, (event) => log.write(event)),
    async close() {
      await server.close();
      log.close();
      await rm(folder, { recursive: true });
    },
  };
}
