// arvoredo run: one training end to end.

import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { InputError, NotFoundError } from '../../lib/base/errors.ts';
import { readGiven } from '../../lib/plan/params.ts';
import type { Report } from '../../lib/report/report.ts';
import { getReport, newRunId, startRun } from '../../lib/run/run.ts';
import { checkRunId, runKeys } from '../../lib/store/keys.ts';
import type { BackendFlags } from '../backend/backend.ts';
import type { Target } from '../backend/local-target.ts';
import { findUploads, uploadFiles } from '../backend/upload.ts';
import { addChaosOptions, type ChaosFlags, parseChaos } from '../config/parse.ts';
import { countChaos } from '../dashboard/event-log.ts';
import { WORKERS_PER_CORE } from '../emulator/options.ts';
import { errorColours } from '../output/colours.ts';
import { NO_PROGRESS, startProgress } from '../output/progress.ts';
import { headline, type SavedOutputs, type Seconds, summarize } from '../output/summary.ts';
import { type AccountFlags, addBackendOptions, DEFAULT_DATA_DIR } from './backend-options.ts';
import { checkParams } from './checks.ts';
import { follow } from './follow.ts';
import { openRun } from './open-run.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { addRunOptions, flaggedParams, givenParams, nameIn } from './run-options.ts';
import { untilStopped } from './stop.ts';

interface RunFlags extends ChaosFlags, BackendFlags, AccountFlags {
  runId?: string;
  json?: string;
  quiet: boolean;
  dashboard: boolean;
}

export function runCommand(): Command {
  return trainingCommand(
    new Command('run').description("Generate, split, train, evaluate. Without options: the job of Dask's tutorial."),
  );
}

/**
 * Add the options and the action of a run.
 *
 * @param more returns parameters in addition to those of the run's options
 */
export function trainingCommand(command: Command, more: () => Record<string, unknown> = () => ({})): Command {
  command
    .addOption(new Option('--run-id <ID>', 'name of the run; resumes an unfinished one').helpGroup('Run:'))
    .addOption(new Option('--dashboard', 'show the run live on a page, at port 8787').default(false).helpGroup('Run:'))
    .addOption(new Option('--quiet', 'print the accuracy or R² only').default(false).helpGroup('Run:'));
  addJsonOption(addBackendOptions(command, 'where to run', 'Run:'), 'Run:');
  addChaosOptions(command, 'Run:');
  addRunOptions(command);
  return command.action(async (flags: RunFlags) => {
    const chaos = parseChaos(command, flags);
    if (chaos && flags.on === 'aws') {
      throw new InputError('--chaos is for the emulator, not for AWS; leave it out, or use --on local');
    }
    const requested = readGiven({ ...givenParams(command), ...more() }, nameIn(command));
    const { given, uploads } = await findUploads(requested, flags.on);
    const params = checkParams(given, nameIn(command));
    const flagged = flaggedParams(command, given);
    const runId = checkRunId(flags.runId ?? newRunId());
    await checkJson(flags.json);

    // a resumed run may have more workers than the default
    const workers =
      flags.runId && !flagged.includes('workers') ? WORKERS_PER_CORE * availableParallelism() : params.workers;
    await untilStopped(async (stop) => {
      const open = await openRun(flags, { runId, workers, dashboard: flags.dashboard, chaos, stop });
      const { target, maxWorkers, close } = open;
      if (params.workers > maxWorkers) {
        console.error(`workers ${params.workers}: this emulator runs ${maxWorkers} at once, the rest wait`);
      }
      try {
        await uploadFiles(target, uploads);
        const { request, execution } = await startRun(target, runId, params, flagged);
        open.watch?.onRequest(request.params);
        const startup = performance.now() / 1000;
        if (!flags.quiet) console.error(`${errorColours.dim('run')} ${runId}`);
        if (flags.dashboard)
          console.error(
            `${errorColours.dim('watch')} ${open.dashboard ?? 'the emulator of this folder has no dashboard'}`,
          );
        const progress = flags.quiet ? NO_PROGRESS : startProgress();
        const { onStages, watch } = open;
        await follow(target, {
          ...{ runId, execution, on: flags.on, progress, options: backendOptions(flags), signal: stop.signal },
          ...{ onStages, onView: watch?.onView },
        });
        const report = await getReport(target.store, runId);
        watch?.onReport(report);
        const outputs = await saveOutputs(flags, target, runId, report);
        const seconds: Seconds = { total: performance.now() / 1000, startup, ...report.seconds };
        const account = open.chaos && { ...open.chaos, ...(await countChaos(flags.dataDir, runId)) };
        const summary = { ...outputs, chaos: account };
        const text = flags.quiet ? headline(report) : summarize(report, seconds, summary);
        await print(flags.json, { ...report, seconds, ...summary }, text);
      } finally {
        await close();
      }
    });
  });
}

/** The options that name the backend of the run. */
function backendOptions({ on, stack, region, profile, dataDir }: RunFlags): string[] {
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

/** Paths of the model and the report: in the bucket, or for a local run as plain files, which it writes. */
async function saveOutputs(
  { on, dataDir }: RunFlags,
  { store, bucket }: Target,
  runId: string,
  report: Report,
): Promise<SavedOutputs> {
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
  const outputs: SavedOutputs = { modelPath: join(folder, 'model.arvo'), reportPath: join(folder, 'report.json') };
  await writeFile(outputs.modelPath, await store.get(report.model.key));
  await writeFile(outputs.reportPath, await store.get(keys.report));
  if (page) {
    outputs.reportPagePath = join(folder, 'report.html');
    await writeFile(outputs.reportPagePath, page);
  }
  return outputs;
}
