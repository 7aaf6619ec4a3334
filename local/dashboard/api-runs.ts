// Follows a run through the HTTP API of a stack, which needs no permission on the bucket.

import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, NotFoundError } from '../../lib/base/errors.ts';
import type { Report } from '../../lib/report/report.ts';
import type { RunView } from '../../lib/run/run.ts';
import { type ApiClient, CALLER_NEEDS, isRefusal } from '../http/api-client.ts';
import type { RunWatch } from './run-dashboard.ts';

const POLL_MS = 1000;
/** Poll interval of a failed or cancelled run, which may be resumed. */
const IDLE_POLL_MS = 5000;
/** Maximum failed requests in a row: a network error or throttling may pass. */
const MAX_FAILURES = 5;

/**
 * The latest run, used when no run is named.
 *
 * @throws {InputError} when there is none, or the API does not answer the caller
 */
export async function findLastRun(api: ApiClient): Promise<string> {
  const { runs } = (await get(api, '/runs')) as { runs: { runId: string }[] };
  if (!runs[0]) throw new InputError('there are no runs yet; start one with arvoredo run --on aws');
  return runs[0].runId;
}

/** A run in a stack, behind the HTTP API. */
export interface ApiRun {
  api: ApiClient;
  runId: string;
  /** @default 1000 */
  pollIntervalMs?: number;
}

/**
 * Report a run to `watch` until it has succeeded or the signal is aborted.
 *
 * @throws {NotFoundError} when the run does not exist
 * @throws {InputError} when the API does not answer the caller
 */
export async function followByApi(
  { api, runId, pollIntervalMs = POLL_MS }: ApiRun,
  watch: RunWatch,
  signal: AbortSignal,
): Promise<void> {
  let hasRequest = false;
  while (!signal.aborted) {
    const view = (await get(api, `/runs/${runId}`)) as RunView;
    if (!hasRequest) watch.onRequest(view.params);
    hasRequest = true;
    watch.onView(view);
    if (view.state === 'succeeded') {
      watch.onReport((await get(api, `/runs/${runId}/report`)) as Report);
      return;
    }
    const isAtWork = view.state === 'queued' || view.state === 'running';
    await sleep(isAtWork ? pollIntervalMs : IDLE_POLL_MS, undefined, { signal }).catch(() => {});
  }
}

async function get(api: ApiClient, path: string): Promise<unknown> {
  for (let failures = 1; ; failures++) {
    const { status, body } = await api('GET', path).catch((error: Error) => ({
      status: 0,
      body: String(error.cause ?? error),
    }));
    if (status === 200) return body;
    const message = body?.error?.message ?? body?.message ?? JSON.stringify(body);
    if (isRefusal(status))
      throw new InputError(`the API refused GET ${path}: ${message}; ${CALLER_NEEDS['execute-api']}`);
    if (status === 404) throw new NotFoundError(message);
    if (failures === MAX_FAILURES || (status > 0 && status < 500 && status !== 429)) {
      throw new Error(`the API answered GET ${path} with ${status || 'nothing'}: ${message}`);
    }
    await sleep(POLL_MS);
  }
}
