// arvoredo runs: the runs of a backend, the latest first.

import { Command } from 'commander';
import { readScores } from '../../lib/report/report.ts';
import { checkRun, getReport, getRequest, listRuns, type RunState } from '../../lib/run/run.ts';
import { mapLimited, STORE_REQUESTS } from '../../lib/store/task.ts';
import type { Target } from '../backend/local-target.ts';
import { integerParser } from '../config/parse.ts';
import { fitColumns, tableLines } from '../output/table.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, withBackend } from './backend-options.ts';

/** A line of the list. */
export interface ListedRun {
  runId: string;
  state: RunState;
  createdAt: string;
  samples: number;
  features: number;
  trees: number;
  /** Null until the run is done, like the fields below. */
  accuracy: number | null;
  /** Regression only, instead of the accuracy. */
  r2: number | null;
  /** Duration of its stages, by the orchestrator's clock. */
  seconds: number | null;
  /** Costs of its usage on AWS, in USD. */
  bill: number | null;
}

export function runsCommand(): Command {
  const command = new Command('runs')
    .description('List the runs, latest first.')
    .option('--limit <N>', 'maximum number of runs', integerParser(1, 1000), 20);
  return addBackendAndJsonOptions(command).action((flags: BackendAndJsonFlags & { limit: number }) =>
    withBackend(flags, (target) => listLastRuns(target, flags.limit), describeRuns),
  );
}

async function listLastRuns({ store, orchestrator }: Target, limit: number): Promise<ListedRun[]> {
  const runIds = (await listRuns(store)).slice(0, limit);
  return mapLimited(runIds, STORE_REQUESTS, async (runId) => {
    const [{ params, createdAt }, { state }] = await Promise.all([
      getRequest(store, runId),
      checkRun({ store, orchestrator }, runId),
    ]);
    const { samples, features, trees } = params;
    const report = state === 'succeeded' ? await getReport(store, runId) : null;
    const seconds = report && Object.values(report.seconds).reduce((sum, stage) => sum + stage, 0);
    const scores = { accuracy: null, r2: null, ...(report && readScores(report)) };
    const { accuracy, r2 } = scores;
    return { runId, state, createdAt, samples, features, trees, accuracy, r2, seconds, bill: report?.bill ?? null };
  });
}

function describeRuns(runs: readonly ListedRun[]): string {
  if (runs.length === 0) return 'no runs yet; start one with arvoredo run';
  const count = (value: number) => value.toLocaleString('en-US');
  const rows = runs.map((run) => [
    run.runId,
    run.state,
    run.createdAt.slice(0, 16).replace('T', ' '),
    count(run.samples),
    count(run.features),
    count(run.trees),
    run.accuracy?.toFixed(4) ?? (run.r2 === null ? '' : `R² ${run.r2.toFixed(4)}`),
    run.seconds?.toFixed(1) ?? '',
    run.bill?.toFixed(4) ?? '',
  ]);
  const head = ['run', 'state', 'requested (UTC)', 'rows', 'features', 'trees', 'accuracy', 'seconds', 'USD'];
  return tableLines(fitColumns([head, ...rows], ['features', 'trees', 'seconds', 'USD']), 3).join('\n');
}
