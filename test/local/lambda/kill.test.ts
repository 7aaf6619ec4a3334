import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GetDurableExecutionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import type { JournalRecord } from '../../../local/lambda/durable/shapes.ts';
import { processStart } from '../../../local/lambda/process-list.ts';
import { until } from '../../until.ts';
import {
  lambdaClient,
  lines,
  localFunction,
  orchestratorFunction,
  startService,
  temporaryFolder,
  writeWorker,
} from './helpers.ts';

test('after a SIGKILL of the emulator no process is left, and its successor finishes what was running', async (t) => {
  const folder = temporaryFolder();
  const dataDir = join(folder, 'data');
  const ran = join(folder, 'ran');
  const worker = localFunction(writeWorker(join(folder, 'worker')), { environment: { RAN: ran } });
  const options = {
    dataDir,
    maxConcurrency: 5,
    functions: [
      { ...worker, reservedConcurrency: 3 },
      { ...worker, name: 'other', timeoutMs: 600_000 },
      await orchestratorFunction(join(folder, 'orchestrator')),
    ],
  };
  const script = fileURLToPath(new URL('./emulator-process.ts', import.meta.url));
  const emulator = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => emulator.kill('SIGKILL'));
  const [url] = await once(emulator.stdout.setEncoding('utf8'), 'data');
  const client = lambdaClient(url.trim());
  const start = (FunctionName: string, event: object, DurableExecutionName?: string) => {
    const Payload = JSON.stringify(event);
    return client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload, DurableExecutionName }));
  };
  const fan = (count: number) => ({ mode: 'fan', count, maxConcurrency: 12, task: { action: 'sleep', ms: 20 } });
  const small = await start('orchestrator:live', fan(2), 'small');
  await until('an execution to end', () => recordsOf(dataDir).some((record) => record.type === 'ended'));
  const large = await start('orchestrator:live', fan(50), 'large');
  await start('other', { action: 'spin', id: 'spinning' });
  await until('20 lines and the spinning one', () => lines(ran).length >= 20 && lines(ran).includes('spinning'));

  const { sandboxes } = JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8'));
  assert.ok(sandboxes.length >= 5); // three workers, the spinning one, and the orchestrator, mostly frozen
  emulator.kill('SIGKILL');
  await once(emulator, 'exit');
  for (let waitedMs = 0; sandboxes.some(({ pid }: { pid: number }) => processStart(pid) !== ''); waitedMs += 10) {
    assert.ok(waitedMs < 20_000, 'a process is left');
    await setTimeout(10);
  }

  const before = recordsOf(dataDir);
  const changed = before.filter((record) => record.type === 'changed' && record.arn === large.DurableExecutionArn);
  assert.ok(changed.length > 0 && changed.length < 50, `${changed.length} of 50 completed`);
  const resumed = await startService(options);
  await resumed.eventWhere((event) => event.type === 'executionFinished');
  const { Status, Result } = await resumed.client.send(
    new GetDurableExecutionCommand({ DurableExecutionArn: large.DurableExecutionArn }),
  );
  assert.deepEqual([Status, Result], ['SUCCEEDED', JSON.stringify({ succeeded: 50, errors: [] })]);
  const finished = await resumed.client.send(
    new GetDurableExecutionCommand({ DurableExecutionArn: small.DurableExecutionArn }),
  );
  assert.equal(finished.Result, JSON.stringify({ succeeded: 2, errors: [] }));

  const numRuns = (id: number) => lines(ran).filter((line) => line === String(id)).length;
  const starts = new Map(
    before.flatMap((record) => (record.type === 'updated' ? record.updates : [])).map((update) => [update.Id, update]),
  );
  for (const record of changed) {
    const { id } = JSON.parse(starts.get(record.type === 'changed' ? record.id : '')!.Payload!);
    assert.equal(numRuns(id), id < 2 ? 2 : 1, `task ${id} had completed`); // tasks 0 and 1 ran in the small map too
  }
  for (let id = 2; id < 50; id++) assert.ok(numRuns(id) === 1 || numRuns(id) === 2);
});

function recordsOf(dataDir: string): JournalRecord[] {
  return lines(join(dataDir, 'durable.jsonl')).map((line) => JSON.parse(line));
}
