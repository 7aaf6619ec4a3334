// arvoredo clean: remove runs and all that they stored.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { checkRun, getRequest, listRuns } from '../../lib/run/run.ts';
import { checkRunId, runKeys } from '../../lib/store/keys.ts';
import { mapLimited, STORE_REQUESTS } from '../../lib/store/task.ts';
import type { Target } from '../backend/local-target.ts';
import { integerParser } from '../config/parse.ts';
import { plural } from '../output/table.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, withBackend } from './backend-options.ts';

interface CleanFlags extends BackendAndJsonFlags {
  all: boolean;
  olderThan?: number;
}

/** The removed runs. */
interface Cleaned {
  runs: { runId: string; objects: number }[];
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function cleanCommand(): Command {
  const command = new Command('clean')
    .description('Remove runs and everything they stored. Running runs are kept.')
    .argument('[RUN_ID...]', 'the runs')
    .option('--all', 'every run', false)
    .option('--older-than <DAYS>', 'every run that was created more than DAYS days ago', integerParser(0, 36_500));
  return addBackendAndJsonOptions(command).action((named: string[], flags: CleanFlags) => {
    const ways = [named.length > 0, flags.all, flags.olderThan !== undefined].filter(Boolean).length;
    if (ways !== 1) throw new InputError('name runs, or give --all or --older-than, one of the three');
    for (const runId of named) checkRunId(runId);
    return withBackend(flags, (target) => clean(target, named, flags), describeCleaned);
  });
}

async function clean(target: Target, named: string[], { all, olderThan, on, dataDir }: CleanFlags): Promise<Cleaned> {
  const { store, orchestrator } = target;
  const runs: Cleaned['runs'] = [];
  for (const runId of named.length > 0 ? named : await listRuns(store)) {
    const { state } = await checkRun({ store, orchestrator }, runId);
    if (state === 'running' || state === 'queued') {
      if (named.length > 0) throw new InputError(`run ${runId} is ${state}; cancel it first: arvoredo cancel ${runId}`);
      continue;
    }
    if (!all && olderThan !== undefined) {
      const { createdAt } = await getRequest(store, runId);
      if (Date.now() - Date.parse(createdAt) < olderThan * DAY_MS) continue;
    }
    const { run, root } = runKeys(runId);
    const keys = (await store.list(root)).filter((key) => key !== run);
    await mapLimited(keys, STORE_REQUESTS, (key) => store.remove(key));
    await store.remove(run); // last: a removal that was interrupted can be repeated
    if (on === 'local') await rm(join(dataDir, 'runs', runId), { recursive: true, force: true });
    runs.push({ runId, objects: keys.length + 1 });
  }
  return { runs };
}

function describeCleaned({ runs }: Cleaned): string {
  if (runs.length === 0) return 'nothing to remove';
  return runs.map(({ runId, objects }) => `removed ${runId}, ${plural(objects, 'object')}`).join('\n');
}
