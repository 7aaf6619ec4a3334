// The same orchestrators under AWS's own test runner and in the emulator: one result, and the same operations.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';
import type { OperationUpdate } from '@aws-sdk/client-lambda';
import type { JournalRecord } from '../../../local/lambda/durable/shapes.ts';
import { handler as fanner } from './fan-out-orchestrator.ts';
import { lines, localFunction, orchestratorFunction, startService, temporaryFolder, writeWorker } from './helpers.ts';
import { handler } from './orchestrator.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const orchestrator = await orchestratorFunction(join(folder, 'orchestrator'));
const fanOut = await orchestratorFunction(join(folder, 'fanner'), { name: 'fanner' }, 'fan-out-orchestrator.ts');
const workerDir = writeWorker(join(folder, 'worker'));
const { invoke } = await startService({ dataDir, functions: [localFunction(workerDir), orchestrator, fanOut] });

const worker = await import(pathToFileURL(join(workerDir, 'index.mjs')).href);
await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
after(() => LocalDurableTestRunner.teardownTestEnvironment());

/** What there is to compare about an operation: ids are hashes of its place, so equal ids mean equal places. */
interface Ended {
  id?: string;
  parentId?: string;
  name?: string;
  type?: string;
  status?: string;
}

async function underRunner(event: object, handlerFunction: typeof handler) {
  const runner = new LocalDurableTestRunner({ handlerFunction });
  runner.registerFunction('worker', worker.handler);
  const execution = await runner.run({ payload: event });
  const operations = execution.getOperations().map(
    (operation): Ended => ({
      id: operation.getId(),
      parentId: operation.getParentId(),
      name: operation.getName(),
      type: operation.getType(),
      status: operation.getStatus(),
    }),
  );
  const isFailed = execution.getStatus() === 'FAILED';
  const error = isFailed ? execution.getError() : undefined;
  return {
    status: execution.getStatus(),
    result: isFailed ? undefined : execution.getResult(),
    error: error && { type: error.errorType, message: error.errorMessage },
    operations: sorted(operations),
  };
}

async function inEmulator(event: object, FunctionName: string) {
  const { result, DurableExecutionArn, FunctionError } = await invoke(event, {
    FunctionName,
    Qualifier: 'live',
  });
  const records = lines(join(dataDir, 'durable.jsonl'))
    .map((line) => JSON.parse(line) as JournalRecord)
    .filter(({ arn }) => arn === DurableExecutionArn);
  const operations = new Map<string, Ended>();
  for (const record of records) {
    if (record.type === 'updated') for (const update of record.updates) note(operations, update);
    if (record.type === 'changed') operations.get(record.id)!.status = record.status;
  }
  const ended = records.find((record) => record.type === 'ended') as JournalRecord & { type: 'ended' };
  const error = ended.error;
  return {
    status: ended.status,
    result: FunctionError ? undefined : result,
    error: error && { type: error.ErrorType, message: error.ErrorMessage },
    operations: sorted([...operations.values()]),
  };
}

const STATUS = { START: 'STARTED', SUCCEED: 'SUCCEEDED', FAIL: 'FAILED', RETRY: 'PENDING', CANCEL: 'CANCELLED' };

function note(operations: Map<string, Ended>, { Id, ParentId, Name, Type, Action }: OperationUpdate): void {
  operations.set(Id!, { id: Id, parentId: ParentId, name: Name, type: Type, status: STATUS[Action!] });
}

function sorted(operations: Ended[]): Ended[] {
  return operations.sort((a, b) => (a.id! < b.id! ? -1 : 1));
}

for (const [name, event, numOperations] of [
  ['a flat map of 40 invocations', { mode: 'fan', count: 40 }, 41],
  ['a map that starts few at a time', { mode: 'fan', count: 12, maxConcurrency: 3 }, 13],
  ['a map whose tasks fail', { mode: 'fan', count: 3, task: { action: 'fail', message: 'no such tree' } }, 4],
  ['a step that is tried again', { mode: 'retry' }, 1],
  ['child contexts, a large one among them, and a wait', { mode: 'children' }, 5],
  ['a handler that throws', { mode: 'throws' }, 0],
] as const) {
  test(`${name} ends alike under AWS's test runner and in the emulator`, async () => {
    const expected = await underRunner(event, handler);
    const actual = await inEmulator(event, 'orchestrator');
    assert.deepEqual(actual, expected);
    assert.equal(actual.operations.length, numOperations);
  });
}

for (const [name, event, numOperations] of [
  ['a fan-out of five', { mode: 'fan', payloads: [1, 2, 3, 4, 5].map((i) => ({ action: 'echo', i })) }, 6],
  ['answers put together', { mode: 'reduce', payloads: ['a', 'b', 'c'].map((text) => ({ action: 'echo', text })) }, 4],
  [
    'a task that is tried again after a pause',
    { mode: 'fan', payloads: [{ action: 'fail', message: 'BusyError: no' }], options: { maxAttempts: 2 } },
    4,
  ],
  ['a task that is given up', { mode: 'fan', payloads: [{ action: 'fail', message: 'InputError: no' }] }, 2],
  ['a failed map', { mode: 'map', payloads: [{ action: 'fail', message: 'InputError: no' }] }, 2],
] as const) {
  test(`the fan-out engine, ${name}, ends alike under AWS's test runner and in the emulator`, async () => {
    const expected = await underRunner(event, fanner);
    const actual = await inEmulator(event, 'fanner');
    assert.deepEqual(actual, expected);
    assert.equal(actual.operations.length, numOperations);
  });
}
