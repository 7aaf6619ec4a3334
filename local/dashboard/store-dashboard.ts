// The dashboard of a run on AWS: what the bucket tells of it, as events. Which sandbox did what is known at the end.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS, WORKER_NAMES } from '../../functions/manifest.ts';
import { getJson } from '../../lib/json.ts';
import { runKeys } from '../../lib/keys.ts';
import { PRICES } from '../../lib/prices.ts';
import type { Report } from '../../lib/report.ts';
import { getRequest, listResults, type StageStatus } from '../../lib/run.ts';
import type { PartitionResult } from '../../lib/stages/generate.ts';
import { mapLimited, STORE_REQUESTS } from '../../lib/stages/task.ts';
import type { Store } from '../../lib/store.ts';
import { type EmulatorEvent, openEventLog } from '../events.ts';
import { listenNear } from '../ports.ts';
import { LEFT_OUT } from './events.ts';
import { rowsOf } from './run-watch.ts';
import { startDashboard } from './server.ts';

const MAX_PARTITIONS = 200; // each is a request

export interface StoreWatch {
  /** To be told of the stages, each time that they were looked at. */
  onStages(stages: readonly StageStatus[]): Promise<void>;
  onReport(report: Report): void;
}

/** @param emit told what a look at the bucket shows that the look before did not */
export function watchStore(store: Store, runId: string, emit: (event: EmulatorEvent) => void): StoreWatch {
  let told = '';
  let hasPartitions = false;

  async function tellRequest(): Promise<void> {
    const { params } = await getRequest(store, runId);
    const functions = WORKER_NAMES.map((name) => ({ name: `arvoredo-${name}`, memoryMiB: FUNCTIONS[name].memoryMiB }));
    emit({ type: 'emulatorStarted', atMs: Date.now(), workers: params.workers, functions, usd: PRICES.usd });
    emit({ type: 'runRequested', atMs: Date.now(), runId, params });
  }

  async function tellPartitions(): Promise<void> {
    hasPartitions = true;
    const indexes = (await listResults(store, runId, 'generate')).slice(0, MAX_PARTITIONS).map((_, index) => index);
    await mapLimited(indexes, STORE_REQUESTS, async (index) => {
      const result = await getJson<PartitionResult>(store, runKeys(runId).partitionResult(index));
      emit({ type: 'partition', atMs: Date.now(), runId, index, ...rowsOf(result), bytes: result.partition.bytes });
    });
  }

  return {
    async onStages(stages) {
      if (told === '') await tellRequest();
      const now = JSON.stringify(stages);
      if (now !== told) emit({ type: 'runStatus', atMs: Date.now(), runId, state: 'running', stages: [...stages] });
      told = now;
      if (!hasPartitions && stages[0]?.state === 'done') await tellPartitions();
    },
    onReport(report) {
      for (const event of eventsOfTimeline(report)) emit(event);
      const kept = Object.entries(report).filter(([name]) => !(LEFT_OUT as readonly string[]).includes(name));
      emit({ ...Object.fromEntries(kept), type: 'runReport', runId, atMs: Date.now() } as EmulatorEvent);
    },
  };
}

/** The tasks of a run as the emulator would have told of them. */
function eventsOfTimeline({ timeline, stages }: Report): EmulatorEvent[] {
  const known = new Set<string>();
  return timeline.flatMap(({ taskId, sandbox, isColdStart, startedAtMs, finishedAtMs }): EmulatorEvent[] => {
    const stage = stages.findLast((each) => each.startedAtMs <= startedAtMs)?.name ?? stages[0]!.name;
    const fields = { sandboxId: sandbox, functionName: `arvoredo-${stage}`, pid: 0 };
    const invocation = { ...fields, requestId: taskId, coldStart: isColdStart };
    const isNew = !known.has(sandbox);
    known.add(sandbox);
    const ms = finishedAtMs - startedAtMs;
    const input = JSON.stringify({ taskId });
    return [
      ...(isNew ? [{ type: 'sandboxStarted', atMs: startedAtMs, ...fields } as const] : []),
      { type: 'invokeStarted', atMs: startedAtMs, input, ...invocation },
      { type: 'invokeFinished', atMs: finishedAtMs, durationMs: ms, billedMs: ms, maxMemoryMiB: 0, ...invocation },
    ];
  });
}

/** Serve the dashboard of one run until closed; its log is kept no longer. */
export async function startStoreDashboard(
  store: Store,
  runId: string,
  port: number,
  pageDir: string,
): Promise<StoreWatch & { url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'arvoredo-dashboard-'));
  const log = openEventLog(folder);
  const server = await listenNear(port, 0, (free) =>
    startDashboard({ port: free, pageDir, eventsFile: log.path, from: log.start }),
  );
  return {
    url: server.url,
    ...watchStore(store, runId, (event) => log.write(event)),
    async close() {
      await server.close();
      log.close();
      await rm(folder, { recursive: true });
    },
  };
}
