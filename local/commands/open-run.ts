// Opens the backend that a run is started on.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../lib/base/errors.ts';
import { runIdOfExecution } from '../../lib/store/keys.ts';
import type { BackendFlags } from '../backend/backend.ts';
import { attach, attached, untilAlone } from '../backend/emulator-users.ts';
import { joinEmulator } from '../backend/join-emulator.ts';
import { localTarget, stackTarget, type Target } from '../backend/local-target.ts';
import type { ChaosOptions } from '../chaos/draw.ts';
import { restartMoment } from '../chaos/restart.ts';
import { DASHBOARD_PORT, type RunWatch, startRunDashboard } from '../dashboard/run-dashboard.ts';
import { startEmulator } from '../emulator/emulator.ts';
import type { FollowOptions } from './follow.ts';

const DIST_DIR = dirname(fileURLToPath(import.meta.url));

/** The backend of a run, opened. */
interface OpenRun {
  target: Target;
  /** Maximum concurrent workers. */
  maxWorkers: number;
  /** Address of the live dashboard; null if the emulator has none. */
  dashboard?: string | null;
  /** Faults that the emulator injects. */
  chaos?: ChaosOptions | null;
  onStages?: FollowOptions['onStages'];
  /** The dashboard, if this process serves it and must pass the run's state on to it. */
  watch?: RunWatch;
  close(): Promise<void>;
}

/** Requirements of a run for its backend. */
interface RunNeeds {
  runId: string;
  /** Concurrent workers, if an emulator is started for it. */
  workers: number;
  /** Whether to show the run on a page. */
  dashboard: boolean;
  /** Faults to inject; the emulator's own if undefined. */
  chaos: ChaosOptions | undefined;
  /** Aborted when the user stops the command, or the emulator breaks. */
  stop: AbortController;
}

/**
 * Open the stack, join the emulator of the folder, or start one that resumes this run alone.
 *
 * @throws {InputError} when faults are requested of an emulator that already runs
 */
export async function openRun({ on, stack, dataDir }: BackendFlags, needs: RunNeeds): Promise<OpenRun> {
  const { runId, workers, dashboard, chaos, stop } = needs;
  if (on === 'aws') {
    const target = await stackTarget(stack);
    const maxWorkers = Number.POSITIVE_INFINITY;
    if (!dashboard) return { target, maxWorkers, close: async () => {} };
    const { url, close, ...watch } = await startRunDashboard(runId);
    return { target, maxWorkers, dashboard: url, watch, close };
  }
  const start = () =>
    startEmulator({
      dataDir,
      workers,
      distDir: DIST_DIR,
      ...(dashboard && { dashboardPort: DASHBOARD_PORT }),
      // the unfinished work of another run waits until that run is resumed
      resumes: (execution) => runIdOfExecution(execution) === runId,
      chaos,
      onBroken: (error) => stop.abort(error),
    });
  const joined = await joinEmulator(dataDir, start, stop.signal);
  if ('running' in joined) {
    const { workers: maxWorkers, chaos: faults, dashboard: page, pid } = joined.running;
    if (chaos) {
      throw new InputError(
        `--chaos requires a new emulator, but process ${pid} runs one in ${dataDir}; choose another --data-dir`,
      );
    }
    return {
      target: localTarget(joined.running),
      maxWorkers,
      chaos: faults,
      dashboard: page,
      close: await attach(dataDir),
    };
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
  return { target, maxWorkers: emulator.workers, dashboard: emulator.dashboard, chaos, onStages, close };
}
