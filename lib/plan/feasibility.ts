// Rejects runs that the functions cannot finish, with the numbers and with changes that would fit.

import { InputError } from '../base/errors.ts';
import type { RunParams } from './params.ts';
import type { Plan } from './plan.ts';
import { taskResources } from './resources.ts';
import { MEMORY_SIZES_MIB, TIMEOUT_SECONDS } from './stage-sizes.ts';
import type { TaskResources } from './task-resources.ts';

/** Maximum share of a function's time limit that a task's forecast may take. */
const TIME_SHARE = 0.85;

/** Largest `minSamplesLeaf` that is worth suggesting. */
const MOST_LEAF_ROWS = 100;

type Lever = 'chunkSize' | 'features' | 'samples' | 'trees';
/** Parameters that make a task smaller when lowered. */
const LEVERS: Record<TaskResources['kind'], Lever[]> = {
  scan: [],
  survey: [],
  generate: ['chunkSize', 'features'],
  bins: ['features'],
  split: ['chunkSize', 'features'],
  grow: ['samples', 'trees'],
  merge: ['trees', 'samples'],
  fit: ['samples', 'trees'],
  fold: ['samples', 'trees'],
  evaluate: ['trees', 'chunkSize', 'samples'],
};

/**
 * @param layOut makes the plan of changed parameters, to find those that fit
 * @throws {InputError} when a task needs more memory or time than its function has, or the run more than its deadline
 */
export function checkFits(plan: Plan, layOut: (params: RunParams) => Plan): void {
  const needs = taskResources(plan);
  checkDeadline(plan, needs);
  const need = needs.find((one) => !fits(one));
  if (!need) return;
  const { stage, peakMiB, seconds } = need;
  const takes =
    peakMiB > mostMiB(stage)
      ? `take about ${peakMiB} MiB in the function ${stage}, which has ${mostMiB(stage)} at most`
      : `need about ${formatTime(seconds)} in one function, and the function ${stage} has ${TIMEOUT_SECONDS[stage] / 60} minutes`;
  throw new InputError(`${describe(need, plan)} would ${takes}; ${suggest(need, plan, layOut).join(', or ')}`);
}

/** Memory of the largest size of a stage's function, in MiB. */
function mostMiB(stage: TaskResources['stage']): number {
  return MEMORY_SIZES_MIB[stage].at(-1)!;
}

/** Only the work counts, without starts and pauses: a rejected deadline would be missed even with half the forecast. */
function checkDeadline({ params: { deadline, workers } }: Plan, needs: readonly TaskResources[]): void {
  if (deadline === null || deadline === undefined) return;
  const seconds = needs.reduce((sum, need) => sum + Math.ceil(need.numTasks / workers) * need.seconds, 0);
  if (seconds <= 2 * deadline) return;
  throw new InputError(
    `deadline must leave time for about ${formatTime(seconds)} of work with ${workers} workers, got ${deadline} s; ` +
      `raise it to ${Math.ceil(2 * seconds)}, or raise workers`,
  );
}

function fits({ stage, peakMiB, seconds, first }: TaskResources): boolean {
  return peakMiB <= mostMiB(stage) && seconds + first.seconds <= TIME_SHARE * TIMEOUT_SECONDS[stage];
}

function describe({ kind }: TaskResources, { params, numTrain, growSeconds }: Plan): string {
  const { chunkSize, features, trees, engine } = params;
  if (kind === 'grow') {
    return `training rows ${numTrain} × features ${features} (engine ${engine}: ${formatTime(growSeconds)} for ${trees} trees)`;
  }
  if (kind === 'fold' || kind === 'fit')
    return `a fold of ${numTrain} training rows × features ${features} and ${trees} trees`;
  if (kind === 'bins') return `features ${features}`;
  if (kind === 'merge') return `trees ${trees} on ${numTrain} rows`;
  return `chunkSize ${chunkSize} × features ${features}${kind === 'evaluate' ? ` and trees ${trees} on ${numTrain} rows` : ''}`;
}

/** Changes that the user can make: each alone makes the whole run fit, or if none does, this task. */
function suggest(need: TaskResources, plan: Plan, layOut: (params: RunParams) => Plan): string[] {
  const { params } = plan;
  const needsWith = (changes: Partial<RunParams>): TaskResources[] | undefined => {
    try {
      return taskResources(layOut({ ...params, ...changes }));
    } catch (error) {
      if (error instanceof InputError) return undefined; // the changed parameters contradict each other
      throw error;
    }
  };
  const remedies = listRemedies(need, params, (changes) => needsWith(changes)?.every(fits) ?? false);
  if (remedies.length > 0) return remedies;
  const forThis = (changes: Partial<RunParams>) =>
    needsWith(changes)?.every((one) => one.kind !== need.kind || fits(one)) ?? false;
  const first = listRemedies(need, params, forThis)[0];
  return [first ? `${first}; other tasks would not fit either` : 'use fewer samples, features or trees'];
}

function listRemedies(
  need: TaskResources,
  params: RunParams,
  works: (changes: Partial<RunParams>) => boolean,
): string[] {
  const remedies: string[] = [];
  if (params.engine !== 'arvoredo' && works({ engine: 'arvoredo' })) remedies.push('use the engine arvoredo');
  if (need.kind === 'grow') {
    if (params.strategy === 'gather' && works({ strategy: 'trees' })) remedies.push('use the strategy trees');
    const workers = leastThatWorks(params.workers, 1000, (n) => works({ workers: n }));
    if (workers) remedies.push(`raise workers to ${workers}`);
  }
  // regression forests are large because they have a leaf for each row
  if (params.task === 'regression' && params.minSamplesLeaf >= 1 && LEVERS[need.kind].includes('trees')) {
    const rows = leastThatWorks(params.minSamplesLeaf, MOST_LEAF_ROWS, (n) => works({ minSamplesLeaf: n }));
    if (rows) remedies.push(`raise minSamplesLeaf to ${rows}`);
  }
  for (const lever of LEVERS[need.kind]) {
    const most = mostThatWorks(params[lever], (n) => works({ [lever]: n }));
    if (most) remedies.push(`lower ${lever} to ${most}`);
  }
  return remedies;
}

/** The largest value below `from` that works, to two digits; 0 if none does. */
function mostThatWorks(from: number, works: (value: number) => boolean): number {
  for (let value = round(from * 0.95); value >= 1; value = round(value * 0.95)) {
    if (works(value)) return value;
    if (value < 20) return 0;
  }
  return 0;
}

function leastThatWorks(from: number, to: number, works: (value: number) => boolean): number {
  for (let value = from + 1; value <= to; value = Math.ceil(value * 1.1)) if (works(value)) return value;
  return 0;
}

/** Round down to two digits, the precision of a forecast. */
function round(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.floor(value / unit) * unit;
}

function formatTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return `${Math.round(seconds / 3600)} hours`;
}
