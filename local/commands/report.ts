// arvoredo report: what a run found and what it took.

import { Command } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { checkRun, getReport } from '../../lib/run/run.ts';
import { runKeys } from '../../lib/store/keys.ts';
import { summarize } from '../output/summary.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, orLastRun, withBackend } from './backend-options.ts';

export function reportCommand(): Command {
  const command = new Command('report')
    .description('Print the report of a finished run; --json has all its fields.')
    .argument('[RUN_ID]', 'the run (the latest)');
  return addBackendAndJsonOptions(command).action((named: string | undefined, flags: BackendAndJsonFlags) =>
    withBackend(
      flags,
      async (target) => {
        const runId = await orLastRun(target, named);
        const { state } = await checkRun(target, runId);
        if (state !== 'succeeded') {
          throw new InputError(`run ${runId} is ${state} and has no report; arvoredo status ${runId} shows details`);
        }
        return getReport(target.store, runId);
      },
      (report) =>
        summarize(report, report.seconds, { modelPath: report.model.key, reportPath: runKeys(report.runId).report }),
    ),
  );
}
