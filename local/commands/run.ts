// arvoredo run: one training end to end.

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { InputError, NotFoundError } from '../../lib/base/errors.ts';
import { readGiven } from '../../lib/plan/params.ts';
import type { Report } from '../../lib/report/report.ts';
import { getReport, newRunId, startRun } from '../../lib/run/run.ts';
import { checkRunId, runIdOfExecution, runKeys } from '../../lib/store/keys.ts';
import type { BackendFlags } from '../backend/backend.ts';
import { attach, attached, untilAlone } from '../backend/emulator-users.ts';
import { joinEmulator } from '../backend/join-emulator.ts';
import { localTarget, stackTarget, type Target } from '../backend/local-target.ts';
import { findUploads, uploadFiles } from '../backend/upload.ts';
import type { ChaosOptions } from '../chaos/draw.ts';
import { restartMoment } from '../chaos/restart.ts';
import { addChaosOptions, type ChaosFlags, parseChaos } from '../config/parse.ts';
import { countChaos } from '../dashboard/event-log.ts';
import { DASHBOARD_PORT, type RunWatch, startRunDashboard } from '../dashboard/run-dashboard.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { WORKERS_PER_CORE } from '../emulator/options.ts';
import { errorColours } from '../output/colours.ts';
import { NO_PROGRESS, startProgress } from '../output/progress.ts';
import { headline, type Places, type Seconds, summarize } from '../output/summary.ts';
import { type AccountFlags, addBackendOptions, DEFAULT_DATA_DIR } from './backend-options.ts';
import { checkParams } from './checks.ts';
import { type FollowOptions, follow } from './follow.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { addRunOptions, flaggedParams, givenParams, nameIn } from './run-options.ts';
import { untilStopped } from './stop.ts';

interface RunFlags extends ChaosFlags, BackendFlags, AccountFlags {
  runId?: string;
  json?: string;
  quiet: boolean;
  dashboard: boolean;
}

const DIST_DIR = dirname(fileURLToPath(import.meta.url));

export function runCommand(): Command {
  return trainingCommand(
    new Command('run').description("Generate, split, train, evaluate. Without options: the job of Dask's tutorial."),
  );
}

/**
 * Add the options of a run and what it does.
 *
 * @param more parameters besides those of the options that a run has
 */
export function trainingCommand(command: Command, more: () => Record<string, unknown> = () => ({})): Command {
  command
    .addOption(new Option('--run-id <ID>', 'name of the run; an unfinished one goes on').helpGroup('Run:'))
    .addOption(new Option('--dashboard', 'show it live on a page, at port 8787').default(false).helpGroup('Run:'))
    .addOption(new Option('--quiet', 'print the accuracy, or R², only').default(false).helpGroup('Run:'));
  addJsonOption(addBackendOptions(command, 'where to run', 'Run:'), 'Run:');
  addChaosOptions(command, 'Run:');
  addRunOptions(command);
  return command.action(async (flags: RunFlags) => {
    const chaos = parseChaos(command, flags);
    if (chaos && flags.on === 'aws') {
      throw new InputError('--chaos is for the emulator, not for AWS; leave it out, or use --on local');
    }
    const asked = readGiven({ ...givenParams(command), ...more() }, nameIn(command));
    const { given, uploads } = await findUploads(asked, flags.on);
    const params = checkParams(given, nameIn(command));
    const flagged = flaggedParams(command, given);
    const runId = checkRunId(flags.runId ?? newRunId());
    await checkJson(flags.json);

    // a resumed run may have more workers than the default
    const workers =
      flags.runId && !flagged.includes('workers') ? WORKERS_PER_CORE * availableParallelism() : params.workers;
    await untilStopped(async (stop) => {
      const place = await openTarget(flags, workers, runId, stop, chaos);
      const { target, room, close } = place;
      if (params.workers > room) {
        console.error(`workers ${params.workers}: this emulator runs ${room} at once, the rest wait`);
      }
      try {
        await uploadFiles(target, uploads);
        const { request, execution } = await startRun(target, runId, params, flagged);
        place.watch?.onRequest(request.params);
        const startup = performance.now() / 1000;
        if (!flags.quiet) console.error(`${errorColours.dim('run')} ${runId}`);
        if (flags.dashboard)
          console.error(
            `${errorColours.dim('watch')} ${place.dashboard ?? 'the emulator of this folder has no dashboard'}`,
          );
        const progress = flags.quiet ? NO_PROGRESS : startProgress();
        const { onStages, watch } = place;
        await follow(target, {
          ...{ runId, execution, on: flags.on, progress, options: placeOptions(flags), signal: stop.signal },
          ...{ onStages, onView: watch?.onView },
        });
        const report = await getReport(target.store, runId);
        watch?.onReport(report);
        const places = await savePlaces(flags, target, runId, report);
        const seconds: Seconds = { total: performance.now() / 1000, startup, ...report.seconds };
        const account = place.chaos && { ...place.chaos, ...(await countChaos(flags.dataDir, runId)) };
        const summary = { ...places, chaos: account };
        const text = flags.quiet ? headline(report) : summarize(report, seconds, summary);
        await print(flags.json, { ...report, seconds, ...summary }, text);
      } finally {
        await close();
      }
    });
  });
}

/** Options that lead to the place where the run is. */
function placeOptions({ on, stack, region, profile, dataDir }: RunFlags): string[] {
  if (on === 'aws') {
    const account = { region, profile };
    return [
      '--on',
      'aws',
      '--stack',
      stack,
      ...Object.entries(account).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
    ];
  }
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
  /** The dashboard, where it must be told of the run. */
  watch?: RunWatch;
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
    const { url, close, ...watch } = await startRunDashboard(runId);
    return { target, room, dashboard: url, watch, close };
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
