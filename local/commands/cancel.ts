// arvoredo cancel: no further task of a run is started.

import { Command } from 'commander';
import { cancelRun, checkRun, type RunState } from '../../lib/run/run.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, withBackend } from './backend-options.ts';
import { describeView } from './status.ts';

const HAS_ENDED: readonly RunState[] = ['succeeded', 'failed', 'cancelled'];

export function cancelCommand(): Command {
  const command = new Command('cancel')
    .description('Cancel a run. arvoredo run --run-id resumes it. Has no effect on a run that has ended.')
    .argument('<RUN_ID>', 'the run');
  return addBackendAndJsonOptions(command).action((runId: string, flags: BackendAndJsonFlags) =>
    withBackend(
      flags,
      async ({ store, orchestrator }) => {
        const { state } = await checkRun({ store, orchestrator }, runId);
        if (HAS_ENDED.includes(state)) console.error(`run ${runId} has ended already: nothing was cancelled`);
        return cancelRun({ store, orchestrator }, runId);
      },
      describeView,
    ),
  );
}
