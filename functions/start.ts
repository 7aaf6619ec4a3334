// Lambda: start a run that nobody waits for, at a time that was set or on a file that was uploaded. What it throws, Lambda
// tries twice more and then leaves in the queue of failures.

import { lambdaOrchestrator } from '../lib/aws/lambda-orchestrator.ts';
import { s3Store } from '../lib/aws/s3-store.ts';
import { parseRunParams, readGiven } from '../lib/plan/params.ts';
import { runIdOfToken, startRun } from '../lib/run/run.ts';
import { parseTrigger } from '../lib/run/trigger.ts';
import { requireEnv } from './shared/require-env.ts';

const store = s3Store(requireEnv('BUCKET'));
const orchestrator = lambdaOrchestrator(requireEnv('ORCHESTRATOR_ARN'));

/** Answers the run's id; null when there is none to be started. */
export async function handler(event: unknown): Promise<{ runId: string | null }> {
  const start = parseTrigger(event);
  if (!start) return { runId: null };
  const { clientToken } = start;
  const given = readGiven(start.params);
  const runId = runIdOfToken(clientToken);
  await startRun({ store, orchestrator }, runId, parseRunParams(given), Object.keys(given));
  console.log(JSON.stringify({ message: 'run started', runId, clientToken }));
  return { runId };
}
