// arvoredo run: one training end to end.

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { CancelledError, NotFoundError } from '../../lib/errors.ts';
import { checkRunId, runIdOfExecution, runKeys } from '../../lib/keys.ts';
import type { Report } from '../../lib/report.ts';
import { getReport, newRunId, startRun } from '../../lib/run.ts';
import { attach, attached } from '../attach.ts';
import { findEmulator, startEmulator, WORKERS_PER_CORE } from '../emulator.ts';
import { NO_PROGRESS, startProgress } from '../progress.ts';
import { type Places, type Seconds, summarize } from '../summary.ts';
import { localTarget, stackTarget, type Target } from '../target.ts';
import { checkParams, checkWritable } from './checks.ts';
import { follow } from './follow.ts';
import { addRunOptions, givenParams } from './run-options.ts';

interface RunFlags {
  on: 'local' | 'aws';
  stack: string;
  dataDir: string;
  runId?: string;
  json?: string;
  quiet: boolean;
}

const DEFAULT_DATA_DIR = '.arvoredo';
const DIST_DIR = dirname(fileURLToPath(import.meta.url));

export function runCommand(): Command {
  const command = new Command('run')
    .description('Generate, split, train, evaluate. Without options: the job that the project grew from.')
    .addOption(new Option('--on <WHERE>', 'where to run').choices(['local', 'aws']).default('local').helpGroup('Run:'))
    .addOption(new Option('--stack <NAME>', 'deployed stack, with --on aws').default('Arvoredo').helpGroup('Run:'))
    .addOption(
      new Option('--data-dir <DIR>', 'folder of the local emulator').default(DEFAULT_DATA_DIR).helpGroup('Run:'),
    )
    .addOption(new Option('--run-id <ID>', 'name of the run; an unfinished one goes on').helpGroup('Run:'))
    .addOption(new Option('--json <FILE>', 'write the results there').helpGroup('Run:'))
    .addOption(new Option('--quiet', 'print the accuracy only').default(false).helpGroup('Run:'));
  addRunOptions(command);
  return command.action(async (flags: RunFlags) => {
    const given = givenParams(command);
    const { params } = checkParams(given);
    const runId = checkRunId(flags.runId ?? newRunId());
    if (flags.json) await checkWritable(flags.json);

    const stop = new AbortController();
    const onSignal = () => {
      if (stop.signal.aborted) process.exit(130); // asked twice: the watchdog ends the sandboxes
      stop.abort(new CancelledError('cancelled'));
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    // a run that is gone on with may have more workers than the default
    const workers = flags.runId && !('workers' in given) ? WORKERS_PER_CORE * availableParallelism() : params.workers;
    const { target, close, room } = await openTarget(flags, workers, runId, stop);
    if (params.workers > room) {
      console.error(`workers ${params.workers}: this emulator runs ${room} at once, the rest wait`);
    }
    try {
      const { execution } = await startRun(target.store, target.orchestrator, runId, params, Object.keys(given));
      const startup = performance.now() / 1000;
      if (!flags.quiet) console.error(`${pc.dim('run')} ${runId}`);
      const progress = flags.quiet ? NO_PROGRESS : startProgress();
      const { on, signal } = { on: flags.on, signal: stop.signal };
      await follow(target, { runId, execution, on, progress, options: placeOptions(flags), signal });
      const report = await getReport(target.store, runId);
      const places = await savePlaces(flags, target, runId, report);
      const seconds: Seconds = { total: performance.now() / 1000, startup, ...report.seconds };
      console.log(flags.quiet ? `Accuracy: ${report.accuracy.toFixed(4)}` : summarize(report, seconds, places));
      if (flags.json) await writeFile(flags.json, `${JSON.stringify({ ...report, seconds, ...places }, null, 2)}\n`);
    } finally {
      await close();
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  });
}

/** Options that lead to the place where the run is. */
function placeOptions({ on, stack, dataDir }: RunFlags): string[] {
  if (on === 'aws') return ['--on', 'aws', '--stack', stack];
  return dataDir === DEFAULT_DATA_DIR ? [] : ['--data-dir', dataDir];
}

async function openTarget({ on, stack, dataDir }: RunFlags, workers: number, runId: string, stop: AbortController) {
  if (on === 'aws') {
    return { target: await stackTarget(stack), close: async () => {}, room: Number.POSITIVE_INFINITY };
  }
  const running = await findEmulator(dataDir);
  if (running) return { target: localTarget(running), close: await attach(dataDir), room: running.workers };
  const emulator = await startEmulator({
    dataDir,
    workers,
    distDir: DIST_DIR,
    // what another run left unfinished waits until it is asked for
    resumes: (execution) => runIdOfExecution(execution) === runId,
    onBroken: (error) => stop.abort(error),
  });
  const close = async () => {
    for (let waits = 0; !stop.signal.aborted && (await attached(dataDir)).length > 0; waits++) {
      if (waits === 0) console.error('another run uses this emulator: it stays until that is done');
      await sleep(200, undefined, { signal: stop.signal }).catch(() => {});
    }
    await emulator.close();
  };
  return { target: localTarget(emulator), close, room: emulator.workers };
}

/** Where the model and the report lie: in the bucket, and for a local run as plain files. */
async function savePlaces(
  { on, dataDir }: RunFlags,
  { store, bucket }: Target,
  runId: string,
  report: Report,
): Promise<Places> {
  const keys = runKeys(runId);
  const page = await store.get(keys.reportPage).catch((error) => {
    if (error instanceof NotFoundError) return undefined; // a run of an earlier version
    throw error;
  });
  if (on === 'aws') {
    return {
      modelPath: `s3://${bucket}/${report.model.key}`,
      reportPath: `s3://${bucket}/${keys.report}`,
      ...(page && { reportPagePath: `s3://${bucket}/${keys.reportPage}` }),
    };
  }
  const folder = join(dataDir, 'runs', runId);
  await mkdir(folder, { recursive: true });
  const places: Places = { modelPath: join(folder, 'model.arvo'), reportPath: join(folder, 'report.json') };
  await writeFile(places.modelPath, await store.get(report.model.key));
  await writeFile(places.reportPath, await store.get(keys.report));
  if (page) {
    places.reportPagePath = join(folder, 'report.html');
    await writeFile(places.reportPagePath, page);
  }
  return places;
}
