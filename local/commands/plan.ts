// arvoredo plan: what a run would take and cost. Nothing is started and nothing is stored.

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { surveyLocal } from '../../lib/ingest/tasks.ts';
import { findSplitKind } from '../../lib/plan/data-params.ts';
import { forecastRun } from '../../lib/plan/forecast.ts';
import { parseRunParams, readGiven } from '../../lib/plan/params.ts';
import type { Plan } from '../../lib/plan/plan.ts';
import { planRun } from '../../lib/plan/plan-run.ts';
import { objectsAt } from '../backend/input-files.ts';
import { describeForecast } from '../output/forecast-table.ts';
import { addAccountOptions } from './backend-options.ts';
import { checkParams, inFlags, inWordsOfFlags } from './checks.ts';
import { withFolderStore } from './folder-store.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { addRunOptions, givenParams, nameIn } from './run-options.ts';
import { addSearchOptions, givenSearch } from './search-options.ts';

interface PlanFlags {
  on: 'local' | 'aws';
  json?: string;
  quiet: boolean;
}

export function planCommand(): Command {
  const command = new Command('plan')
    .description('Forecast tasks, seconds, memory and USD of a run. Takes the options of run and search.')
    .addOption(
      new Option('--on <WHERE>', 'where it would run').choices(['local', 'aws']).default('local').helpGroup('Run:'),
    )
    .addOption(new Option('--quiet', 'print the USD only').default(false).helpGroup('Run:'));
  addJsonOption(addAccountOptions(command, 'Run:'), 'Run:');
  addSearchOptions(command);
  addRunOptions(command);
  return command.action(async ({ on, json, quiet }: PlanFlags) => {
    await checkJson(json);
    const search = givenSearch(command);
    const plan = await planHere(
      readGiven({ ...givenParams(command), ...(search && { search }) }, nameIn(command)),
      nameIn(command),
    );
    const forecast = forecastRun(plan, on === 'local' ? availableParallelism() : undefined);
    await print(json, forecast, quiet ? forecast.total.usd.toFixed(6) : describeForecast(forecast, on));
  });
}

/** The plan of a run on generated data; or on a user's, which are read for it. */
async function planHere(given: Record<string, unknown>, nameOf: (name: string) => string): Promise<Plan> {
  if (given.data === undefined) return inFlags(() => planRun(checkParams(given, nameOf)), nameOf);
  const params = parseRunParams(given, nameOf);
  inFlags(() => findSplitKind(params), nameOf);
  const { shape } = await withFolderStore((store) => surveyLocal(objectsAt(params.data!), store, params)).catch(
    (error) => {
      throw inWordsOfFlags(error, nameOf);
    },
  );
  return inFlags(() => planRun(params, shape), nameOf);
}
