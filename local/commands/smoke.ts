// arvoredo smoke: whether a deployed stack does what it should, after each deployment.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { sha256 } from '../../lib/base/hash.ts';
import { decodeModel } from '../../lib/forest/model-file.ts';
import { parseRunParams } from '../../lib/plan/params.ts';
import { answerRows } from '../../lib/predict/answer.ts';
import { getReport, newRunId, type RunView, startRun, viewRun } from '../../lib/run/run.ts';
import { RUNS_PREFIX } from '../../lib/store/keys.ts';
import { localTarget, stackTarget, type Target } from '../backend/local-target.ts';
import { startEmulator } from '../emulator/emulator.ts';
import {
  type ApiAnswer,
  type ApiClient,
  apiClient,
  askUnsigned,
  CALLER_NEEDS,
  isRefusal,
  patient,
} from '../http/api-client.ts';
import { colours } from '../output/colours.ts';
import { addStackOptions } from './backend-options.ts';
import { addJsonOption, checkJson, writeJson } from './output.ts';

/** Small, and in enough tasks to be cancelled on the way. */
const JOB = { samples: 3000, chunkSize: 200, features: 6, trees: 8, workers: 2, seed: 7 };
/** Some on either side of most cuts. */
const ROWS = [-2, -0.5, 0, 0.5, 2].map((shift) => Array.from({ length: JOB.features }, (_, i) => shift + i / 10));
const POLL_MS = 100;
const TIMEOUT_MS = 10 * 60_000;
/** Runs that may be done before they can be cancelled. */
const MAX_TRIES = 3;

interface SmokeOptions {
  stack: string;
  token?: string;
  json?: string;
}

/** An entry of the steps in the `--json` output. */
interface Step {
  name: string;
  isDone: boolean;
  seconds: number;
  error?: string;
}

interface Smoke {
  api: ApiClient;
  target: Target;
  /** Names of the runs that were made. */
  runs: string[];
}

export function smokeCommand(): Command {
  const command = new Command('smoke')
    .description(
      'Test a deployed stack: run, predict, cancel, resume; compare its models with one made on this machine.',
    )
    .option('--token <TOKEN>', 'token for the HTTP API; without it, requests are signed');
  return addJsonOption(addStackOptions(command)).action(async ({ stack, token, json }: SmokeOptions) => {
    await checkJson(json);
    const target = await stackTarget(stack);
    const smoke: Smoke = { target, api: patient(apiClient(target.apiUrl, token)), runs: [] };
    const steps: Step[] = [];
    const step = <T>(name: string, work: () => Promise<T>) => take(steps, json !== '-', name, work);
    try {
      await step('the API knows its callers', () => checkClosed(target.apiUrl));
      const here = await step('a model made here', modelHere);
      const expected = sha256(here);
      const { functionUrl } = target;
      if (functionUrl) await step('the function URL', () => checkFunctionUrl(functionUrl));
      const runId = await step('a run', () => checkRun(smoke, expected));
      await step('its model predicts', () => checkPredict(smoke, runId, here));
      const cancelled = await step('a run that is cancelled', () => checkCancel(smoke));
      await step('goes on', () => checkGoesOn(smoke, cancelled, expected));
    } finally {
      try {
        await step('all is removed again', () => removeRuns(smoke));
      } finally {
        // written even after a failure, which is what a program needs most
        await writeJson(json, { stack, isSound: steps.every(({ isDone }) => isDone), steps });
      }
    }
    if (json !== '-') console.log(`stack ${stack} does what it should`);
  });
}

/** Take a step, and note how it went. */
async function take<T>(steps: Step[], isTold: boolean, name: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const note = (rest: Pick<Step, 'isDone' | 'error'>, text: (seconds: number) => string) => {
    const seconds = (performance.now() - startedMs) / 1000;
    steps.push({ name, seconds, ...rest });
    if (isTold) console.log(text(seconds));
  };
  try {
    const result = await work();
    note({ isDone: true }, (seconds) => `${colours.green('ok')}     ${name}  ${seconds.toFixed(1)} s`);
    return result;
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    note({ isDone: false, error: message }, () => `${colours.red('failed')} ${name}`);
    throw error;
  }
}

function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The body of an answer that has the status that it should have. */
function readBody(
  request: string,
  { status, body }: ApiAnswer,
  wanted = 200,
  service: keyof typeof CALLER_NEEDS = 'execute-api',
): ApiAnswer['body'] {
  const next = isRefusal(status) ? `; ${CALLER_NEEDS[service]}` : '';
  expect(status === wanted, `${request} must give ${wanted}, got ${status} ${JSON.stringify(body)}${next}`);
  return body;
}

async function checkClosed(apiUrl: string): Promise<void> {
  const { status } = await askUnsigned(apiUrl);
  expect(isRefusal(status), `a request without a signature must be refused, got status ${status}`);
}

async function checkFunctionUrl(functionUrl: string): Promise<void> {
  await checkClosed(functionUrl);
  const answer = await apiClient(functionUrl, undefined, 'lambda')('GET', '/runs');
  readBody('GET /runs at the function URL', answer, 200, 'lambda');
}

/** The model that the job gives in an emulator. */
async function modelHere(): Promise<Uint8Array> {
  const dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-smoke-'));
  const distDir = dirname(fileURLToPath(import.meta.url));
  const emulator = await startEmulator({ dataDir, distDir, workers: JOB.workers });
  try {
    const { store, orchestrator } = localTarget(emulator);
    await startRun({ store, orchestrator }, 'smoke', parseRunParams(JOB));
    const { model } = await until('succeeded', () => viewRun(store, 'smoke'));
    return await store.get(model!.key);
  } finally {
    await emulator.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @returns the run's id */
async function checkRun(smoke: Smoke, expected: string): Promise<string> {
  const runId = await post(smoke);
  const { model } = await until('succeeded', () => get(smoke, runId));
  checkModel(runId, model!.sha256, expected);
  const bytes = await smoke.target.store.get(model!.key);
  expect(sha256(bytes) === expected, `the object ${model!.key} is not the model in the run's report`);
  return runId;
}

/** The answers of the deployed function must be those of the same model here. */
async function checkPredict({ api }: Smoke, runId: string, model: Uint8Array): Promise<void> {
  const path = `/models/${runId}/predict`;
  const body = readBody(`POST ${path}`, await api('POST', path, { rows: ROWS }));
  const { predictions } = answerRows(decodeModel(model), { rows: ROWS });
  const [got, wanted] = [body.predictions, predictions].map((each) => JSON.stringify(each));
  expect(got === wanted, `POST ${path} must predict ${wanted}, as is predicted here, got ${got}`);
}

/** Cancel a run of which something is done. @returns its id */
async function checkCancel(smoke: Smoke): Promise<string> {
  for (let tries = 1; ; tries++) {
    const runId = await post(smoke);
    await until('running', () => get(smoke, runId), hasProgress);
    const body = readBody(`DELETE /runs/${runId}`, await smoke.api('DELETE', `/runs/${runId}`));
    if (body.state === 'cancelled') return runId;
    expect(tries < MAX_TRIES, `${MAX_TRIES} runs ended before they could be cancelled; the last is ${body.state}`);
  }
}

async function checkGoesOn(smoke: Smoke, runId: string, expected: string): Promise<void> {
  await post(smoke, runId);
  const { model } = await until('succeeded', () => get(smoke, runId));
  checkModel(runId, model!.sha256, expected);
  const { tasks } = await getReport(smoke.target.store, runId);
  expect(tasks.reused > 0, `run ${runId} must not do finished tasks again, got none reused of ${tasks.total}`);
}

function checkModel(runId: string, actual: string, expected: string): void {
  expect(
    actual === expected,
    `run ${runId} gave the model ${actual}, the same job gives ${expected} here; deploy what is built here, or look for what differs`,
  );
}

async function post({ api, runs }: Smoke, known?: string): Promise<string> {
  const runId = known ?? `smoke-${newRunId()}`;
  readBody('POST /runs', await api('POST', '/runs', { ...JOB, runId }), 202);
  if (!known) runs.push(runId);
  return runId;
}

async function get({ api }: Smoke, runId: string): Promise<RunView> {
  return readBody(`GET /runs/${runId}`, await api('GET', `/runs/${runId}`));
}

const hasProgress = ({ stages }: RunView) => stages.some(({ numDone }) => numDone > 0);

/** Wait for a state, in which `isEnough` holds, or for the end. */
async function until(
  wanted: RunView['state'],
  look: () => Promise<RunView>,
  isEnough: (view: RunView) => boolean = () => true,
): Promise<RunView> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const view = await look();
    if (view.state === wanted && isEnough(view)) return view;
    if (view.state === 'succeeded' && wanted === 'running') return view;
    const { message = 'no reason given' } = view.error ?? {};
    expect(view.state === 'queued' || view.state === 'running', `run ${view.runId} is ${view.state}: ${message}`);
    expect(
      performance.now() < deadlineMs,
      `run ${view.runId} is still ${view.state} after ${TIMEOUT_MS / 60_000} minutes`,
    );
    await sleep(POLL_MS);
  }
}

async function removeRuns({ target: { store }, runs }: Smoke): Promise<void> {
  for (const runId of runs) for (const key of await store.list(`${RUNS_PREFIX}${runId}/`)) await store.remove(key);
}
