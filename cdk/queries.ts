// Questions to the logs, ready to be asked in CloudWatch Logs Insights. To keep them costs nothing, to ask one does.

import { Stack } from 'aws-cdk-lib';
import { QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { WORKER_NAMES } from '../functions/manifest.ts';
import type { ArvoredoEngine } from './engine.ts';

// the workers' lines are JSON within the `message` of Lambda's own
const RUN = `message '"runId":"*"' as runId`;
const USED = `message '"gbSeconds":*,' as gbSeconds`;

const QUERIES: Record<
  string,
  { parseStatements?: string[]; filterStatements?: string[]; stats?: string; sort: string; fields: string[] }
> = {
  'tasks of a run': {
    fields: ['@timestamp', '@message'],
    parseStatements: [RUN],
    filterStatements: ['runId = "RUN-ID"'],
    sort: '@timestamp asc',
  },
  'what runs used': {
    fields: ['@timestamp'],
    parseStatements: [RUN, USED],
    filterStatements: ['message like "task done"'],
    stats: 'count(*) as tasks, sum(gbSeconds) as totalGbSeconds by runId',
    sort: 'totalGbSeconds desc',
  },
  failures: {
    fields: ['@timestamp', '@log', '@message'],
    // of an invocation that timed out, or whose sandbox died, Lambda's own report is the only word
    filterStatements: [
      'level = "ERROR" or (type = "platform.report" and record.status != "success") or @message like "Task timed out"',
    ],
    sort: '@timestamp desc',
  },
  'longest invocations': {
    fields: ['@timestamp', '@log', 'record.metrics.durationMs', 'record.metrics.maxMemoryUsedMB'],
    filterStatements: ['type = "platform.report"'],
    sort: 'record.metrics.durationMs desc',
  },
};

export function addQueries(scope: Construct, { functions }: ArvoredoEngine): void {
  const names = ['orchestrator', 'slices', 'start', ...WORKER_NAMES] as const;
  const logGroups = names.map((name) => functions[name].logGroup);
  for (const [name, { stats, ...query }] of Object.entries(QUERIES)) {
    new QueryDefinition(scope, `Query-${name.replaceAll(' ', '-')}`, {
      queryDefinitionName: `${Stack.of(scope).stackName}/${name}`,
      queryString: new QueryString({ ...query, ...(stats && { statsStatements: [stats] }), limit: 1000 }),
      logGroups,
    });
  }
}
