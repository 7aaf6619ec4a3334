// arvoredo run: one training end to end.

import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { CancelledError, InputError, NotFoundError } from '../../lib/errors.ts';
import { checkRunId, runKeys } from '../../lib/keys.ts';
import { parseRunParams, type RunParams } from '../../lib/params.ts';
import { planRun } from '../../lib/plan.ts';
import type { Report } from '../../lib/report.ts';
import { cancelRun, getReport, newRunId, startRun, viewRun } from '../../lib/run.ts';
import { findEmulator, startEmulator } from '../emulator.ts';
import { NO_PROGRESS, type Progress, startProgress } from '../progress.ts';
import { type Places, type Seconds, summarize } from '../summary.ts';
import { localTarget, stackTarget, type Target } from '../target.ts';
import { addRunOptions, givenParams, toFlag } from './run-options.ts';

interface RunFlags {
  on: 'local' | 'aws';
  stack: string;
  dataDir: string;
  runId?: string;
  json?: string;
  quiet: boolean;
}

const DIST_DIR = dirname(fileURLToPath(import.meta.url));

export function runCommand(): Command {
  const command = new Command('run')
    .description('Generate, split, train, evaluate. Without options: the job that the project grew from.')
    .addOption(new Option('--on <WHERE>', 'where to run').choices(['local', 'aws']).default('local').helpGroup('Run:'))
    .addOption(new Option('--stack <NAME>', 'deployed stack, with --on aws').default('Arvoredo').helpGroup('Run:'))
    .addOption(new Option('--data-dir <DIR>', 'folder of the local emulator').default('.arvoredo').helpGroup('Run:'))
    .addOption(new Option('--run-id <ID>', 'name of the run; an unfinished one goes on').helpGroup('Run:'))
    .addOption(new Option('--json <FILE>', 'write the results there').helpGroup('Run:'))
    .addOption(new Option('--quiet', 'print the accuracy only').default(false).helpGroup('Run:'));
  addRunOptions(command);
  return command.action(async (flags: RunFlags) => {
    const given = givenParams(command);
    // checked before anything starts
    const params = parseRunParams(given, toFlag);
    planRun(params);
    const runId = checkRunId(flags.runId ?? newRunId());
    if (flags.json) await access(dirname(resolve(flags.json)), constants.W_OK).catch(refuseJson(flags.json));

    const cancelled = new AbortController();
    const onSignal = () => {
      if (cancelled.signal.aborted) process.exit(130); // asked twice: the watchdog ends the sandboxes
      cancelled.abort();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    const { target, close, room } = await openTarget(flags, params.workers, runId);
    if (params.workers > room)
      console.error(`workers ${params.workers}: this emulator runs ${room} at once, the rest wait`);
    try {
      const start = startOf(target, runId, params, Object.keys(given).length > 0);
      const startup = performance.now() / 1000;
      await follow(flags, target, runId, start, cancelled.signal);
      const report = await getReport(target.store, runId);
      const places = await savePlaces(flags, target, runId, report);
      const seconds: Seconds = { total: performance.now() / 1000, startup, ...report.seconds };
      if (flags.json) await writeFile(flags.json, `${JSON.stringify({ ...report, seconds, ...places }, null, 2)}\n`);
      console.log(flags.quiet ? `Accuracy: ${report.accuracy.toFixed(4)}` : summarize(report, seconds, places));
    } finally {
      await close();
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  });
}

function refuseJson(file: string) {
  return () => {
    throw new InputError(`--json ${file}: its folder does not exist or cannot be written to`);
  };
}

async function openTarget({ on, stack, dataDir }: RunFlags, workers: number, runId: string) {
  if (on === 'aws') return { target: await stackTarget(stack), close: async () => {}, room: Infinity };
  const running = await findEmulator(dataDir);
  if (running) return { target: localTarget(running), close: async () => {}, room: running.workers };
  const emulator = await startEmulator({
    dataDir,
    workers,
    distDir: DIST_DIR,
    // what another run left unfinished waits until it is asked for
    resumes: (execution) => execution === runId || execution.startsWith(`${runId}-`),
  });
  return { target: localTarget(emulator), close: emulator.close, room: emulator.workers };
}

/** Start the run, or go on with it: without parameters, an existing run keeps its own. */
async function startOf({ store, orchestrator }: Target, runId: string, params: RunParams, areGiven: boolean) {
  if (areGiven) return startRun(store, orchestrator, runId, params);
  return startRun(store, orchestrator, runId, undefined).catch((error: unknown) => {
    if (error instanceof NotFoundError) return startRun(store, orchestrator, runId, params);
    throw error;
  });
}

/** Show the run's progress until it is done. */
async function follow(
  flags: RunFlags,
  { store, orchestrator }: Target,
  runId: string,
  start: ReturnType<typeof startRun>,
  signal: AbortSignal,
): Promise<void> {
  const pollMs = flags.on === 'aws' ? 1000 : 100;
  const { execution } = await start;
  if (!flags.quiet) console.error(`${pc.dim('run')} ${runId}`);
  const progress: Progress = flags.quiet ? NO_PROGRESS : startProgress();
  try {
    for (let poll = 1; ; poll++) {
      const view = await viewRun(store, runId);
      progress.update(view.stages);
      if (view.state === 'succeeded') return;
      if (view.state === 'cancelled') throw new CancelledError(`run ${runId} was cancelled; ${goOn(flags, runId)}`);
      if (view.state === 'failed') throw new Error(`${view.error?.message}; ${goOn(flags, runId)}`);
      // an orchestrator that cannot even start leaves no status
      if (execution && poll % 20 === 0) {
        const { state, message } = await orchestrator.state(execution);
        if (state === 'failed' && (await viewRun(store, runId)).state !== 'succeeded') {
          throw new Error(`the orchestrator failed: ${message}; ${goOn(flags, runId)}`);
        }
      }
      if (signal.aborted) {
        await cancelRun(store, orchestrator, runId);
        throw new CancelledError(`run ${runId}; ${goOn(flags, runId)}`);
      }
      await sleep(pollMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    progress.stop();
  }
}

function goOn({ on, stack, dataDir }: RunFlags, runId: string): string {
  const where = on === 'aws' ? ` --on aws --stack ${stack}` : dataDir === '.arvoredo' ? '' : ` --data-dir ${dataDir}`;
  return `go on with: arvoredo run${where} --run-id ${runId}`;
}

/** Where the model and the report lie: in the bucket, and for a local run as plain files. */
async function savePlaces(
  { on, dataDir }: RunFlags,
  { store, bucket }: Target,
  runId: string,
  report: Report,
): Promise<Places> {
  const keys = runKeys(runId);
  if (on === 'aws')
    return { modelPath: `s3://${bucket}/${report.model.key}`, reportPath: `s3://${bucket}/${keys.report}` };
  const folder = join(dataDir, 'runs', runId);
  await mkdir(folder, { recursive: true });
  const places = { modelPath: join(folder, 'model.arvo'), reportPath: join(folder, 'report.json') };
  await writeFile(places.modelPath, await store.get(report.model.key));
  await writeFile(places.reportPath, await store.get(keys.report));
  return places;
}
