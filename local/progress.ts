// Progress while a run works: a bar per stage on a terminal, a line per change otherwise. On standard error.

import cliProgress from 'cli-progress';
import pc from 'picocolors';
import { STAGE_NAMES, type StageStatus } from '../lib/run.ts';

export interface Progress {
  update(stages: readonly StageStatus[]): void;
  stop(): void;
}

export const NO_PROGRESS: Progress = { update() {}, stop() {} };

export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bars(stream) : lines(stream);
}

const nameWidth = Math.max(...STAGE_NAMES.map((name) => name.length));

function bars(stream: NodeJS.WriteStream): Progress {
  const format = ` {name} ${pc.green('{bar}')} {value}/{total} tasks  {seconds}`;
  const container = new cliProgress.MultiBar(
    { format, stream, hideCursor: true, barsize: 32, barCompleteChar: '█', barIncompleteChar: '░', fps: 20 },
    cliProgress.Presets.shades_classic,
  );
  const shown = new Map<string, cliProgress.SingleBar>();
  return {
    update(stages) {
      for (const stage of stages) {
        const payload = { name: stage.name.padEnd(nameWidth), seconds: `${secondsOf(stage)} s` };
        const bar = shown.get(stage.name) ?? container.create(stage.numTasks, 0, payload);
        shown.set(stage.name, bar);
        bar.update(stage.numDone, payload);
      }
    },
    stop: () => container.stop(),
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  const told = new Map<string, string>();
  return {
    update(stages) {
      for (const stage of stages) {
        const { name, state, numDone, numTasks } = stage;
        const change = `${state} ${numDone}`;
        // the last count is told with the stage's end
        if (told.get(name) === change || (state === 'running' && numDone === numTasks)) continue;
        told.set(name, change);
        const seconds = state === 'done' ? `  ${secondsOf(stage)} s` : '';
        stream.write(`${name.padEnd(nameWidth)}  ${numDone}/${numTasks} tasks${seconds}\n`);
      }
    },
    stop() {},
  };
}

/** Seconds of a stage so far, or in all. */
export function secondsOf({ startedAtMs, finishedAtMs = Date.now() }: StageStatus): string {
  return Math.max(0, (finishedAtMs - startedAtMs) / 1000).toFixed(1);
}
