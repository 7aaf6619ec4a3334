// The engine by itself: its clock is the test's, and its handler a function here.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { OperationUpdate } from '@aws-sdk/client-lambda';
import type { Authorize } from '../../../../local/iam/authorizer.ts';
import { Concurrency } from '../../../../local/lambda/concurrency.ts';
import { DurableEngine } from '../../../../local/lambda/durable/engine.ts';
import { Runs } from '../../../../local/lambda/durable/runs.ts';
import type { InvokeOutcome, InvokeRequest } from '../../../../local/lambda/invocation.ts';
import { FunctionNames } from '../../../../local/lambda/names.ts';
import { localFunction } from '../helpers.ts';

type Handler = (name: string, event: Record<string, string>) => Promise<InvokeOutcome>;

const role = { arn: 'arn:aws:iam::000000000000:role/plan', accessKeyId: 'role-of-plan' };
const FUNCTIONS = [
  localFunction('/code', { name: 'plan', durable: true, role }),
  localFunction('/code', { name: 'worker' }),
];

function startEngine(t: TestContext, handler: Handler, authorize?: Authorize) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const names = new FunctionNames(FUNCTIONS, 'us-east-1', '000000000000');
  const concurrency = new Concurrency({ functions: names.functions, accountLimit: 10 });
  const engine = new DurableEngine({
    names,
    concurrency,
    pool: {
      async run(fn, _version, { payload }: InvokeRequest) {
        const outcome = await handler(fn.name, JSON.parse(payload.toString()));
        concurrency.leave(fn);
        return outcome;
      },
    },
    journal: { append() {} },
    runs: new Runs([]),
    emit() {},
    crashDelayMs: 100,
    duplicates: { share: 0, seed: 0 },
    authorize,
  });
  t.after(() => engine.close());
  const execution = engine.start(names.resolve('plan:live'), 'run', '{}');
  return { engine, execution };
}

const answer = (payload: string): InvokeOutcome => ({ payload: Buffer.from(payload), durationMs: 1, log: '' });
const never = () => new Promise<never>(() => {});

test('an execution times out after a day unless its function has another limit', async (t) => {
  const { execution } = startEngine(t, never);
  t.mock.timers.tick(86_400_000 - 1);
  await turn();
  assert.equal(execution.status, 'RUNNING');
  t.mock.timers.tick(1);
  assert.deepEqual(
    [execution.status, execution.error?.ErrorMessage],
    ['TIMED_OUT', 'Durable execution timed out after 86400 seconds'],
  );
});

test('pauses after crashes double up to fifty times the first; the ninth crash in a row is the last', async (t) => {
  const calls: number[] = [];
  const { execution } = startEngine(t, async () => {
    calls.push(Date.now());
    return { ...answer('{}'), error: { type: 'Runtime.ExitError', message: 'gone' } };
  });
  for (let waitedMs = 0; execution.status === 'RUNNING' && waitedMs < 60_000; waitedMs += 5) {
    t.mock.timers.tick(5);
    await turn();
  }
  const pauses = calls.slice(1).map((atMs, i) => atMs - calls[i]);
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.deepEqual([execution.status, execution.error?.ErrorType], ['FAILED', 'Runtime.ExitError']);
});

test('a chained invocation needs the permission of the role that requests it', async (t) => {
  const asked: unknown[] = [];
  const invoked: string[] = [];
  const updates: OperationUpdate[] = ['worker', 'worker:1'].map((FunctionName, i) => ({
    Id: `i${i}`,
    Type: 'CHAINED_INVOKE',
    Action: 'START',
    ChainedInvokeOptions: { FunctionName },
  }));
  const { engine, execution } = startEngine(
    t,
    async (name, { DurableExecutionArn, CheckpointToken }) => {
      invoked.push(name);
      if (invoked.length > 1) return name === 'worker' ? answer('1') : never();
      engine.checkpoint(DurableExecutionArn, CheckpointToken, updates);
      return answer('{"Status":"PENDING"}');
    },
    (...question) => {
      asked.push(question);
      return question[2].endsWith(':1') ? 'not for you' : undefined;
    },
  );
  t.mock.timers.tick(5);
  for (let i = 0; i < 5; i++) await turn();
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:worker';
  const question = ['role-of-plan', 'lambda:InvokeFunction'];
  assert.deepEqual(asked, [
    [...question, arn],
    [...question, `${arn}:1`],
  ]);
  assert.deepEqual(invoked, ['plan', 'worker']);
  const [allowed, refused] = ['i0', 'i1'].map((id) => execution.operations.get(id)!);
  assert.deepEqual([allowed.Status, allowed.ChainedInvokeDetails?.Result], ['SUCCEEDED', '1']);
  assert.deepEqual(
    [refused.Status, refused.ChainedInvokeDetails?.Error],
    ['FAILED', { ErrorType: 'AccessDeniedException', ErrorMessage: 'not for you' }],
  );
});
