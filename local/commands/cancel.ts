// arvoredo cancel: no further task of a run is started.

import { Command } from 'commander';
import { cancelRun } from '../../lib/run.ts';
import { addLookOptions, type LookFlags, look } from './place-options.ts';
import { describeView } from './status.ts';

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('Cancel a run. arvoredo run --run-id goes on with it; one that has ended stays as it is.')
    .argument('<RUN_ID>', 'the run');
  return addLookOptions(command).action((runId: string, flags: LookFlags) =>
    look(flags, ({ store, orchestrator }) => cancelRun(store, orchestrator, runId), describeView),
  );
}
