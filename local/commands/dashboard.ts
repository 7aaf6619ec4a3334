// arvoredo dashboard: the page of runs that others started, here or on AWS.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { checkRunId } from '../../lib/store/keys.ts';
import { stackTarget } from '../backend/local-target.ts';
import { port } from '../config/parse.ts';
import { findLastRun, followByApi } from '../dashboard/api-runs.ts';
import { EVENTS_FILE } from '../dashboard/event-log.ts';
import { DASHBOARD_PORT, PAGE_DIR, startRunDashboard } from '../dashboard/run-dashboard.ts';
import { startDashboard } from '../dashboard/server.ts';
import { apiClient } from '../http/api-client.ts';
import { listenNear } from '../http/ports.ts';
import { colours } from '../output/colours.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags } from './backend-options.ts';
import { checkJson, print } from './output.ts';

interface DashboardFlags extends BackendAndJsonFlags {
  port: number;
  token?: string;
}

export function dashboardCommand(): Command {
  const command = new Command('dashboard')
    .description('Show runs on a page: all runs of the folder, live or replayed; or one run on AWS.')
    .argument('[RUN_ID]', 'with --on aws, the run (the latest)')
    .option('--port <N>', 'port of the page; if it is taken, the next free one', port, DASHBOARD_PORT)
    .option('--token <TOKEN>', 'token for the HTTP API; without it, requests are signed');
  return addBackendAndJsonOptions(command).action(async (runId: string | undefined, flags: DashboardFlags) => {
    await checkJson(flags.json);
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
    if (flags.on === 'aws') await showStack(runId, flags, stop.signal);
    else await showFolder(runId, flags, stop.signal);
  });
}

async function showFolder(runId: string | undefined, flags: DashboardFlags, signal: AbortSignal): Promise<void> {
  if (runId !== undefined)
    throw new InputError(`the page shows all runs of the folder; remove ${runId}, or add --on aws`);
  const eventsFile = join(flags.dataDir, EVENTS_FILE);
  if (!existsSync(eventsFile))
    throw new InputError(`there are no runs in ${flags.dataDir}; name its folder with --data-dir`);
  const server = await listenNear(flags.port, 0, (free) =>
    startDashboard({ port: free, pageDir: PAGE_DIR, eventsFile, from: 0 }),
  );
  try {
    await tell(flags.json, { dashboard: server.url, runId: null });
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await server.close();
  }
}

async function showStack(named: string | undefined, flags: DashboardFlags, signal: AbortSignal): Promise<void> {
  const { apiUrl } = await stackTarget(flags.stack);
  const api = apiClient(apiUrl, flags.token);
  const runId = named === undefined ? await findLastRun(api) : checkRunId(named);
  const { url, close, ...watch } = await startRunDashboard(runId, flags.port);
  try {
    await tell(flags.json, { dashboard: url, runId });
    await followByApi({ api, runId }, watch, signal);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await close();
  }
}

function tell(json: string | undefined, result: { dashboard: string; runId: string | null }): Promise<void> {
  const { dashboard, runId } = result;
  const what = runId === null ? '' : `, run ${runId}`;
  return print(json, result, `${colours.dim('watch')} ${colours.bold(dashboard)}${what}; Ctrl-C ends it`);
}
