// arvoredo run: one training end to end.

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { InputError, NotFoundError } from '../../lib/errors.ts';
import { checkRunId, runIdOfExecution, runKeys } from '../../lib/keys.ts';
import { readGiven } from '../../lib/params.ts';
import type { Report } from '../../lib/report.ts';
import { getReport, newRunId, startRun } from '../../lib/run.ts';
import { attach, attached, untilAlone } from '../attach.ts';
import type { ChaosOptions } from '../chaos/faults.ts';
import { restartMoment } from '../chaos/restart.ts';
import { startStoreDashboard } from '../dashboard/store-dashboard.ts';
import { startEmulator, WORKERS_PER_CORE } from '../emulator.ts';
import { countChaos } from '../events.ts';
import { joinEmulator } from '../join-emulator.ts';
import { NO_PROGRESS, startProgress } from '../progress.ts';
import { type Places, type Seconds, summarize } from '../summary.ts';
import { localTarget, stackTarget, type Target } from '../target.ts';
import { findUploads, uploadFiles } from '../upload.ts';
import { checkParams, checkWritable } from './checks.ts';
import { type FollowOptions, follow } from './follow.ts';
import { addChaosOptions, type ChaosFlags, chaosOf } from './parse.ts';
import { addRunOptions, givenParams, toFlag } from './run-options.ts';
import { untilStopped } from './stop.ts';

interface RunFlags extends ChaosFlags {
  on: 'local' | 'aws';
  stack: string;
  dataDir: string;
  runId?: string;
  json?: string;
  quiet: boolean;
  dashboard: boolean;
}

const DEFAULT_DATA_DIR = '.arvoredo';
const DASHBOARD_PORT = 8787; // Dask's
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
    .addOption(new Option('--dashboard', 'show it live on a page, at port 8787').default(false).helpGroup('Run:'))
    .addOption(new Option('--quiet', 'print the accuracy only').default(false).helpGroup('Run:'));
  addChaosOptions(command, 'Run:');
  addRunOptions(command);
  return command.action(async (flags: RunFlags) => {
    const chaos = chaosOf(command, flags);
    if (chaos && flags.on === 'aws') {
      throw new InputError('--chaos is for the emulator, not for AWS; leave it out, or use --on local');
    }
    const asked = readGiven(givenParams(command), toFlag);
    const { given, uploads } = await findUploads(asked, flags.on);
    const params = checkParams(given);
    const runId = checkRunId(flags.runId ?? newRunId());
    if (flags.json) await checkWritable(flags.json);

    // a run that is gone on with may have more workers than the default
    const workers = flags.runId && !('workers' in given) ? WORKERS_PER_CORE * availableParallelism() : params.workers;
    await untilStopped(async (stop) => {
      const place = await openTarget(flags, workers, runId, stop, chaos);
      const { target, room, close } = place;
      if (params.workers > room) {
        console.error(`workers ${params.workers}: this emulator runs ${room} at once, the rest wait`);
      }
      try {
        await uploadFiles(target, uploads);
        const { execution } = await startRun(target.store, target.orchestrator, runId, params, Object.keys(given));
        const startup = performance.now() / 1000;
        if (!flags.quiet) console.error(`${pc.dim('run')} ${runId}`);
        if (flags.dashboard)
          console.error(`${pc.dim('watch')} ${place.dashboard ?? 'the emulator of this folder has no dashboard'}`);
        const progress = flags.quiet ? NO_PROGRESS : startProgress();
        const { on, signal, onStages } = { on: flags.on, signal: stop.signal, onStages: place.onStages };
        await follow(target, { runId, execution, on, progress, options: placeOptions(flags), signal, onStages });
        const report = await getReport(target.store, runId);
        place.onReport?.(report);
        const places = await savePlaces(flags, target, runId, report);
        const seconds: Seconds = { total: performance.now() / 1000, startup, ...report.seconds };
        const account = place.chaos && { ...place.chaos, ...(await countChaos(flags.dataDir, runId)) };
        const summary = { ...places, chaos: account };
        console.log(flags.quiet ? `Accuracy: ${report.accuracy.toFixed(4)}` : summarize(report, seconds, summary));
        if (flags.json) await writeFile(flags.json, `${JSON.stringify({ ...report, seconds, ...summary }, null, 2)}\n`);
      } finally {
        await close();
      }
    });
  });
}

/** Options that lead to the place where the run is. */
function placeOptions({ on, stack, dataDir }: RunFlags): string[] {
  if (on === 'aws') return ['--on', 'aws', '--stack', stack];
  return dataDir === DEFAULT_DATA_DIR ? [] : ['--data-dir', dataDir];
}

interface OpenTarget {
  target: Target;
  /** Most workers at once. */
  room: number;
  /** Address of the live dashboard. */
  dashboard?: string | null;
  /** Faults that are injected there. */
  chaos?: ChaosOptions | null;
  onStages?: FollowOptions['onStages'];
  onReport?(report: Report): void;
  close(): Promise<void>;
}

async function openTarget(
  { on, stack, dataDir, dashboard }: RunFlags,
  workers: number,
  runId: string,
  stop: AbortController,
  chaos: ChaosOptions | undefined,
): Promise<OpenTarget> {
  if (on === 'aws') {
    const target = await stackTarget(stack);
    const room = Number.POSITIVE_INFINITY;
    if (!dashboard) return { target, room, close: async () => {} };
    const { url, ...watch } = await startStoreDashboard(
      target.store,
      runId,
      DASHBOARD_PORT,
      join(DIST_DIR, 'dashboard'),
    );
    return { target, room, dashboard: url, ...watch };
  }
  const start = () =>
    startEmulator({
      dataDir,
      workers,
      distDir: DIST_DIR,
      ...(dashboard && { dashboardPort: DASHBOARD_PORT }),
      // what another run left unfinished waits until it is asked for
      resumes: (execution) => runIdOfExecution(execution) === runId,
      chaos,
      onBroken: (error) => stop.abort(error),
    });
  const joined = await joinEmulator(dataDir, start, stop.signal);
  if ('running' in joined) {
    const { workers: room, chaos: faults, dashboard: page, pid } = joined.running;
    if (chaos) {
      throw new InputError(
        `--chaos needs an emulator of its own, and process ${pid} has one in ${dataDir}; choose another --data-dir`,
      );
    }
    return { target: localTarget(joined.running), room, chaos: faults, dashboard: page, close: await attach(dataDir) };
  }
  let emulator = joined.started;
  const target = localTarget(emulator);
  const isRestart = chaos && restartMoment(chaos);
  const onStages: FollowOptions['onStages'] = async (stages) => {
    if (!isRestart?.(stages) || (await attached(dataDir)).length > 0) return;
    emulator.noteFault?.('restart', 'run', stages.at(-1)!.name, runId);
    await emulator.close();
    emulator = await start();
    Object.assign(target, localTarget(emulator));
  };
  const close = async () => {
    await untilAlone(dataDir, stop.signal);
    await emulator.close();
  };
  return { target, room: emulator.workers, dashboard: emulator.dashboard, chaos, onStages, close };
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
