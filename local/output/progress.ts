// Progress while a run works: a bar per stage on a terminal, a line now and then otherwise. On standard error.

import cliProgress from 'cli-progress';
import { STAGE_NAMES } from '../../lib/plan/stage-sizes.ts';
import type { StageStatus } from '../../lib/stages/stage.ts';
import { errorColours, isLively } from './colours.ts';

export interface Progress {
  update(stages: readonly StageStatus[]): void;
  stop(): void;
}

export const NO_PROGRESS: Progress = { update() {}, stop() {} };

export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return isLively(stream) ? bars(stream) : lines(stream);
}

const nameWidth = Math.max(...STAGE_NAMES.map((name) => name.length));
/** The text next to the bar: ` generate `, ` 12345/50000 tasks  123.4/s  about 59 min left`. */
const TEXT_COLUMNS = nameWidth + 3 + 46;
const BAR_COLUMNS = { least: 8, most: 32 };

function bars(stream: NodeJS.WriteStream): Progress {
  const room = (stream.columns ?? 80) - TEXT_COLUMNS;
  const container = new cliProgress.MultiBar(
    {
      format: ` {name} ${errorColours.green('{bar}')} {value}/{total} tasks  {rest}`,
      stream,
      hideCursor: true,
      barsize: Math.min(BAR_COLUMNS.most, Math.max(BAR_COLUMNS.least, room)),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      fps: 20,
    },
    cliProgress.Presets.shades_classic,
  );
  const shown = new Map<string, cliProgress.SingleBar>();
  const paceOf = createPace();
  return {
    update(stages) {
      for (const stage of stages) {
        const payload = { name: stage.name.padEnd(nameWidth), rest: paceOf(stage) };
        const bar = shown.get(stage.name) ?? container.create(stage.numTasks, 0, payload);
        shown.set(stage.name, bar);
        bar.setTotal(stage.numTasks); // what a stage has to do may be known in steps
        bar.update(stage.numDone, payload);
      }
    },
    stop: () => container.stop(),
  };
}

/** Between two lines of one stage, but for its first and last. */
const LINE_INTERVAL_MS = 1000;

function lines(stream: NodeJS.WriteStream): Progress {
  const printed = new Map<string, { change: string; atMs: number }>();
  const paceOf = createPace();
  return {
    update(stages) {
      for (const stage of stages) {
        const { name, state, numDone, numTasks } = stage;
        const change = `${state} ${numDone}`;
        const last = printed.get(name);
        const isSoon = last !== undefined && state === 'running' && Date.now() - last.atMs < LINE_INTERVAL_MS;
        // the last count is printed at the stage's end
        if (last?.change === change || isSoon || (state === 'running' && numDone === numTasks)) continue;
        printed.set(name, { change, atMs: Date.now() });
        const pace = numDone > 0 ? `  ${paceOf(stage)}` : '';
        stream.write(`${name.padEnd(nameWidth)}  ${numDone}/${numTasks} tasks${pace}\n`);
      }
    },
    stop() {},
  };
}

/** Minimum time for an estimate: the first tasks of a stage wait for cold starts. */
const LEAST_MS = 1000;

/**
 * The pace of stages in words: `2.4/s  about 5 s left` while they run, then their duration. The pace counts from the start of
 * the stage, because tasks end in bursts of one per worker, and without tasks that were finished at the first poll.
 */
export function createPace(now = Date.now): (stage: StageStatus) => string {
  const before = new Map<string, number>();
  return (stage) => {
    const { name, state, numDone, numTasks, startedAtMs } = stage;
    if (!before.has(name)) before.set(name, numDone);
    const done = numDone - before.get(name)!;
    const ms = now() - startedAtMs;
    if (state === 'done' || done <= 0 || ms < LEAST_MS) return `${remainingSeconds(stage, now())} s`;
    const perSecond = done / (ms / 1000);
    const left = (numTasks - numDone) / perSecond;
    return `${perSecond.toFixed(1)}/s${left > 0 ? `  about ${showDuration(left)} left` : ''}`;
  };
}

function showDuration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Seconds of a stage so far, or in all. */
export function remainingSeconds({ startedAtMs, finishedAtMs }: StageStatus, nowMs = Date.now()): string {
  return Math.max(0, ((finishedAtMs ?? nowMs) - startedAtMs) / 1000).toFixed(1);
}
