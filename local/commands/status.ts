// arvoredo status: how a run is.

import { Command } from 'commander';
import { STAGE_NAMES } from '../../lib/plan/stage-sizes.ts';
import { checkRun, type RunState, type RunView } from '../../lib/run/run.ts';
import { colours } from '../output/colours.ts';
import { remainingSeconds } from '../output/progress.ts';
import { tableLines } from '../output/table.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, orLastRun, withBackend } from './backend-options.ts';

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Show the status of a run: its state, and the tasks of each stage.')
    .argument('[RUN_ID]', 'the run (the latest)');
  return addBackendAndJsonOptions(command).action((runId: string | undefined, flags: BackendAndJsonFlags) =>
    withBackend(flags, async (target) => checkRun(target, await orLastRun(target, runId)), describeView),
  );
}

const COLOURS: Partial<Record<RunState, (text: string) => string>> = {
  succeeded: colours.green,
  failed: colours.red,
  cancelled: colours.yellow,
};

export function describeView({ runId, state, stages, accuracy, r2, error }: RunView): string {
  const colour = COLOURS[state] ?? ((text: string) => text);
  const rows = STAGE_NAMES.map((name) => {
    const stage = stages.find((one) => one.name === name);
    if (!stage) return [name, 'to come', '', '', ''];
    // a run that has ended works no more
    const isStopped = stage.state === 'running' && state !== 'running';
    const seconds = isStopped ? '' : remainingSeconds(stage);
    return [name, isStopped ? 'stopped' : stage.state, String(stage.numDone), String(stage.numTasks), seconds];
  });
  return [
    `${colours.dim('run')} ${runId} ${colour(state)}`,
    ...tableLines([['stage', 'state', 'done', 'tasks', 'seconds'], ...rows], 2),
    ...(accuracy === undefined ? [] : [` accuracy ${accuracy.toFixed(4)}`]),
    ...(r2 === undefined ? [] : [` R² ${r2.toFixed(4)}`]),
    ...(error ? [` ${colours.red(error.name)} ${error.message}`] : []),
  ].join('\n');
}
