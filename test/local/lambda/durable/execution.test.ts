import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OperationUpdate } from '@aws-sdk/client-lambda';
import { toEnding } from '../../../../local/lambda/durable/endings.ts';
import { Execution } from '../../../../local/lambda/durable/execution.ts';
import { Journal } from '../../../../local/lambda/durable/journal.ts';
import type { JournalRecord } from '../../../../local/lambda/durable/shapes.ts';
import { validateUpdates } from '../../../../local/lambda/durable/validate.ts';

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:plan:1/durable-execution/run/root';
const started = {
  type: 'started',
  arn,
  atMs: 0,
  name: 'run',
  functionName: 'plan',
  version: '1',
  input: '{}',
} as const;

function executionWith(...updates: OperationUpdate[]): Execution {
  const execution = new Execution(started);
  execution.apply({ type: 'updated', arn, atMs: 1000, updates });
  return execution;
}

function update(
  Id: string,
  Type: OperationUpdate['Type'],
  Action: OperationUpdate['Action'],
  rest = {},
): OperationUpdate {
  return { Id, Type, Action, ...rest };
}

const start = (id: string, type: OperationUpdate['Type'], rest = {}) => update(id, type, 'START', rest);
const invoke = (id: string, rest = {}) =>
  start(id, 'CHAINED_INVOKE', { ChainedInvokeOptions: { FunctionName: 'worker' }, ...rest });
const visible = (execution: Execution) => execution.page().Operations.map((operation) => operation.Id);

test('a step counts its attempts and is ready again after its delay', () => {
  const execution = executionWith(start('a', 'STEP'));
  const retry = update('a', 'STEP', 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 5 }, Payload: '1' });
  execution.apply({ type: 'updated', arn, atMs: 2000, updates: [retry] });
  const { Status, StepDetails } = execution.operations.get('a')!;
  assert.deepEqual(
    [Status, StepDetails?.Attempt, StepDetails?.NextAttemptTimestamp, StepDetails?.Result],
    ['PENDING', 1, new Date(7000), '1'],
  );
  assert.equal(execution.isWaiting, true);
  execution.apply({ type: 'changed', arn, atMs: 7000, id: 'a', status: 'READY' });
  const end = [start('a', 'STEP'), update('a', 'STEP', 'SUCCEED', { Payload: '2' })];
  validateUpdates(execution, end);
  execution.apply({ type: 'updated', arn, atMs: 7001, updates: end });
  assert.deepEqual(execution.operations.get('a')?.StepDetails, { Attempt: 2, Result: '2', Error: undefined });
});

test('a finished context hides what is below it, unless its children are to be replayed', () => {
  const below = [start('c', 'CONTEXT'), start('d', 'CONTEXT', { ParentId: 'c' }), invoke('e', { ParentId: 'd' })];
  const finish = (rest = {}) => update('c', 'CONTEXT', 'SUCCEED', rest);
  assert.deepEqual(visible(executionWith(...below)), ['root', 'c', 'd', 'e']);
  assert.deepEqual(visible(executionWith(...below, finish())), ['root', 'c']);
  const replayed = executionWith(...below, finish({ ContextOptions: { ReplayChildren: true } }));
  assert.deepEqual(visible(replayed), ['root', 'c', 'd', 'e']);
});

test('a late answer below a finished context wakes nobody', () => {
  const execution = executionWith(
    start('c', 'CONTEXT'),
    invoke('e', { ParentId: 'c' }),
    update('c', 'CONTEXT', 'FAIL'),
  );
  execution.takeUnseen();
  execution.apply({ type: 'changed', arn, atMs: 2000, id: 'e', status: 'SUCCEEDED', result: '1' });
  assert.equal(execution.unseen.size, 0);
});

test('state comes in pages that together hold every operation once', () => {
  const execution = executionWith(...Array.from({ length: 25 }, (_, i) => invoke(`i${i}`)));
  const ids: string[] = [];
  for (let marker: number | undefined = 0; marker !== undefined; ) {
    const page = execution.page(marker, 10);
    ids.push(...page.Operations.map((operation) => operation.Id));
    marker = page.NextMarker === undefined ? undefined : Number(page.NextMarker);
  }
  assert.deepEqual(ids, ['root', ...Array.from({ length: 25 }, (_, i) => `i${i}`)]);
});

test('a page of state holds at most 4 MiB, and one operation at least', () => {
  const sizes = (...results: number[]) => {
    const ends = results.map((size, i) => update(`s${i}`, 'STEP', 'SUCCEED', { Payload: 'x'.repeat(size) }));
    const execution = executionWith(...ends);
    const pages: number[] = [];
    for (let marker = 0; marker <= results.length; marker += Math.max(1, pages.at(-1)!))
      pages.push(execution.page(marker).Operations.length);
    return pages;
  };
  assert.deepEqual(sizes(...Array(8).fill(900_000)), [5, 4]); // the execution itself is the first
  assert.deepEqual(sizes(5_000_000, 1), [1, 1, 1]);
});

test('a chained invocation answers with at most 1 MiB', () => {
  const ending = (bytes: number) => toEnding({ payload: Buffer.alloc(bytes, '1'), durationMs: 1, log: '' });
  assert.equal(ending(2 ** 20).status, 'SUCCEEDED');
  const { status, error } = ending(2 ** 20 + 1);
  assert.deepEqual([status, error?.ErrorType], ['FAILED', 'Function.ResponseSizeTooLarge']);
  assert.match(error!.ErrorMessage!, /at most 1048576 bytes, got 1048577/);
});

const refusals: [string, OperationUpdate[], RegExp][] = [
  ['an action that its type has not', [update('x', 'WAIT', 'SUCCEED')], /Invalid action/],
  ['a second start', [invoke('i')], /Invalid current CHAINED_INVOKE state/],
  ['another type for a known id', [start('i', 'STEP')], /Invalid action/],
  ['an end before the retry is due', [update('p', 'STEP', 'SUCCEED')], /Invalid current STEP state/],
  ['a parent that is no context', [start('x', 'STEP', { ParentId: 'i' })], /Invalid parent/],
  ['an unknown parent', [start('x', 'STEP', { ParentId: 'nobody' })], /Invalid parent/],
  ['one wait twice', [start('x', 'WAIT'), update('x', 'WAIT', 'CANCEL')], /state|twice/],
  ['an end that is not the last', [update('x', 'EXECUTION', 'SUCCEED'), start('y', 'STEP')], /must be the last/],
  ['a failure with a payload', [update('x', 'STEP', 'FAIL', { Payload: '1' })], /Cannot provide a Payload/],
  ['a payload over 1 MiB', [invoke('x', { Payload: 'x'.repeat(2 ** 20 + 1) })], /at most 1048576 bytes/],
  ['an error over 32 KiB', [update('x', 'STEP', 'FAIL', { Error: { ErrorMessage: 'x'.repeat(2 ** 15) } })], /32768/],
  ['251 updates', Array.from({ length: 251 }, (_, i) => start(`x${i}`, 'STEP')), /at most 250 updates, got 251/],
  [
    '750 KiB in several updates',
    Array.from({ length: 2 }, (_, i) => invoke(`x${i}`, { Payload: 'x'.repeat(400 * 1024) })),
    /at most 768000 bytes/,
  ],
];

for (const [name, updates, message] of refusals) {
  test(`a checkpoint with ${name} is refused`, () => {
    const retry = update('p', 'STEP', 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 5 } });
    const execution = executionWith(invoke('i'), retry);
    assert.throws(() => validateUpdates(execution, updates), { name: 'InvalidParameterValueException', message });
  });
}

test('an execution takes 3,000 operations, itself and retries included, and 100 MiB', () => {
  const execution = executionWith(...Array.from({ length: 2997 }, (_, i) => start(`s${i}`, 'STEP')));
  const retry = update('s0', 'STEP', 'RETRY', { StepOptions: {} });
  validateUpdates(execution, [invoke('a'), retry]);
  assert.throws(() => validateUpdates(execution, [invoke('a'), invoke('b'), retry]), /at most 3000 operations/);
  execution.payloadBytes = 100 * 2 ** 20 - 1;
  validateUpdates(execution, [invoke('a', { Payload: '1' })]);
  assert.throws(() => validateUpdates(execution, [invoke('a', { Payload: '12' })]), /at most 104857600 bytes/);
});

test('a journal drops a torn last line and the steps of what has ended, and names a damaged line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-journal-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'durable.jsonl');
  const atMs = Date.now();
  const other = { ...started, arn: `${arn}-2` };
  const written: JournalRecord[] = [
    started,
    { type: 'updated', arn, atMs, updates: [start('a', 'STEP')] },
    { type: 'ended', arn, atMs, status: 'SUCCEEDED', result: '"é"' },
    other,
    { type: 'updated', arn: other.arn, atMs, updates: [start('a', 'STEP')] },
  ];
  const first = new Journal(folder);
  for (const record of written) first.append(record);
  first.close();
  appendFileSync(path, '{"type":"ended","arn":"');
  const second = new Journal(folder);
  assert.deepEqual(second.records, [written[0], written[2], written[3], written[4]]);
  second.append({ type: 'ended', arn: other.arn, atMs: 1, status: 'STOPPED' }); // long ago: forgotten
  second.close();
  const third = new Journal(folder);
  assert.deepEqual(third.records, [written[0], written[2]]);
  third.close();
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 3);
  appendFileSync(path, 'not JSON\n');
  assert.throws(() => new Journal(folder), { name: 'FormatError', message: /line 3 is not JSON/ });
});
