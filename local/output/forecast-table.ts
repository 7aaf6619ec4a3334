// A forecast, for a person.

import type { Forecast } from '../../lib/plan/forecast.ts';
import { colours } from './colours.ts';
import { describeCandidates, describeRounds } from './search-table.ts';
import { labelLines, tableLines } from './table.ts';

const COLUMNS = ['', 'tasks', 'seconds', 'memory', 'USD'];

/** @param on where the run would be; costs are those on AWS either way */
export function describeForecast(forecast: Forecast, on: 'local' | 'aws'): string {
  const { parts, storage, total, strategy, search, prices } = forecast;
  const count = (value: number) => value.toLocaleString('en-US');
  const usd = (value: number) => value.toFixed(6);
  const rows = [
    COLUMNS,
    ...parts.map(({ part, tasks, seconds, peakMiB, limitMiB, ...cost }) => [
      part,
      part === 'orchestrator' ? '' : count(tasks),
      seconds === null ? '' : seconds.toFixed(1),
      peakMiB === null ? '' : `${count(peakMiB)} of ${count(limitMiB!)} MiB`,
      usd(cost.usd),
    ]),
    ['storage', '', '', '', usd(storage.usd)],
    ['total', count(total.tasks), total.seconds.toFixed(1), '', usd(total.usd)],
  ];
  const lines = tableLines(rows);
  lines.push(colours.bold(lines.pop()!));
  const notes: [string, string][] = [
    ['strategy', `${strategy.name}: ${strategy.reason}`],
    ...(search ? [['search', `${describeCandidates(search)}: ${describeRounds(search)}`] as [string, string]] : []),
    ['seconds', on === 'aws' ? 'each function with its own vCPUs' : `all functions on this machine's cores`],
    [
      'orchestrator',
      `${count(total.durableOperations)} durable operations, ${count(orchestratorTasks(forecast))} resumptions`,
    ],
    ['storage', `${(storage.bytes / 1e6).toFixed(1)} MB kept for ${storage.days} days`],
    ['prices', `${prices.region}, ${prices.asOf}: ${prices.sources.join(', ')}`],
  ];
  return ['', ...lines, '', ...labelLines(notes)].join('\n');
}

function orchestratorTasks({ parts }: Forecast): number {
  return parts.find(({ part }) => part === 'orchestrator')!.tasks;
}
