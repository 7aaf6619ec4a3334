import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { Concurrency } from '../../../local/lambda/concurrency.ts';
import type { LocalFunction } from '../../../local/lambda/options.ts';
import { until } from '../../until.ts';
import { localFunction, startService, temporaryFolder, write, writeWorker } from './helpers.ts';

const fn = (name: string, given: Partial<LocalFunction> = {}) => localFunction('code', { name, ...given });
const settled = async () => {
  for (let i = 0; i < 5; i++) await null;
};

test('reserved concurrency is for one function alone, the others share the rest', () => {
  const [a, b, c] = [fn('a', { reservedConcurrency: 2 }), fn('b'), fn('c')];
  const concurrency = new Concurrency({ functions: [a, b, c], accountLimit: 4 });
  assert.equal(concurrency.unreserved, 2);
  concurrency.enter(b);
  concurrency.enter(c);
  assert.equal(concurrency.refusal(b), 'ConcurrentInvocationLimitExceeded');
  assert.equal(concurrency.refusal(a), undefined);
  concurrency.enter(a);
  concurrency.enter(a);
  assert.equal(concurrency.refusal(a), 'ReservedFunctionConcurrentInvocationLimitExceeded');
  concurrency.leave(c);
  assert.equal(concurrency.refusal(b), undefined);
  concurrency.reserve(a, undefined); // its two in flight now count among the others
  assert.equal(concurrency.refusal(a), undefined);
  concurrency.enter(c);
  assert.equal(concurrency.refusal(a), 'ConcurrentInvocationLimitExceeded');
});

test('a function cannot reserve all concurrency', () => {
  const greedy = [fn('a', { reservedConcurrency: 2 }), fn('b', { reservedConcurrency: 1 })];
  assert.throws(() => new Concurrency({ functions: greedy, accountLimit: 3 }), {
    name: 'InputError',
    message: 'functions reserve 3 of 3 concurrency slots; at least 1 must stay unreserved',
  });
  const concurrency = new Concurrency({ functions: greedy, accountLimit: 4 });
  assert.throws(() => concurrency.reserve(greedy[1], 2), {
    name: 'InvalidParameterValueException',
    message: /below its minimum value of \[1\]/,
  });
  assert.equal(concurrency.reserved(greedy[1]), 1);
});

test('who waits goes in order, but durable functions first, and never past a limit', async () => {
  const [worker, other, plan] = [fn('worker', { reservedConcurrency: 1 }), fn('other'), fn('plan', { durable: true })];
  const concurrency = new Concurrency({ functions: [worker, other, plan], accountLimit: 2 });
  const order: string[] = [];
  const wait = (name: string, who: LocalFunction) => void concurrency.enterWhenFree(who).then(() => order.push(name));
  concurrency.enter(worker);
  concurrency.enter(other);
  wait('worker 1', worker);
  wait('other 1', other);
  wait('plan', plan);
  wait('worker 2', worker);
  await settled();
  assert.deepEqual(order, []);
  concurrency.leave(other);
  await settled();
  concurrency.leave(worker);
  await settled();
  assert.deepEqual(order, ['plan', 'worker 1']);
  concurrency.leave(plan);
  await settled();
  concurrency.close();
  concurrency.leave(worker); // too late: nobody is let in any more
  await settled();
  assert.deepEqual(order, ['plan', 'worker 1', 'other 1']);
});

test('new sandboxes come at a pace, kept ones at once', () => {
  let nowMs = 0;
  const [a, b] = [fn('a'), fn('b', { reservedConcurrency: 50 })];
  const options = { functions: [a, b], accountLimit: 100, sandboxesPer10s: 5, now: () => nowMs };
  const concurrency = new Concurrency(options);
  const enterAll = (who: LocalFunction) => {
    let count = 0;
    for (; concurrency.refusal(who) === undefined; count++) concurrency.enter(who);
    return count;
  };
  assert.equal(enterAll(a), 5);
  assert.equal(concurrency.refusal(a), 'FunctionInvocationRateLimitExceeded');
  nowMs = 1999;
  assert.equal(enterAll(a), 0);
  nowMs = 2001; // refilled continuously
  assert.equal(enterAll(a), 1);
  assert.equal(enterAll(b), 5); // each function has its own pace
  assert.equal(concurrency.refusal(b), 'ReservedFunctionInvocationRateLimitExceeded');
  for (let i = 0; i < 6; i++) concurrency.leave(a);
  assert.equal(enterAll(a), 6);
  for (let i = 0; i < 6; i++) concurrency.leave(a);
  for (let i = 0; i < 4; i++) concurrency.lose(a);
  assert.equal(enterAll(a), 2);
  nowMs = 60_000; // what was not used does not add up
  assert.equal(enterAll(a), 5);
  concurrency.close();
});

test('an invocation that waits for the start rate enters when the rate allows', async () => {
  let nowMs = 0;
  let numPolls = 0;
  const now = () => {
    numPolls++;
    return nowMs;
  };
  const a = fn('a');
  const options = { functions: [a], accountLimit: 2000, sandboxesPer10s: 1000, now };
  const concurrency = new Concurrency(options);
  for (let i = 0; i < 1000; i++) await concurrency.enterWhenFree(a);
  let isIn = false;
  const entered = concurrency.enterWhenFree(a).then(() => (isIn = true));
  const before = numPolls;
  await until('the next polls', () => numPolls > before + 2);
  assert.equal(isIn, false);
  nowMs = 11; // nobody leaves: only the clock lets it in
  await entered;
  concurrency.close();
});

test('concurrency is reserved, read and given back over the API', async () => {
  const folder = temporaryFolder();
  const worker = localFunction(writeWorker(join(folder, 'code')));
  const gate = join(folder, 'gate');
  const { client, invoke, eventWhere } = await startService({
    dataDir: join(folder, 'data'),
    maxConcurrency: 5,
    functions: [worker, { ...worker, name: 'other' }],
  });
  const FunctionName = 'worker';
  const put = (ReservedConcurrentExecutions: number) =>
    client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
  const get = async () =>
    (await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions;

  assert.equal(await get(), undefined);
  assert.equal((await put(4)).ReservedConcurrentExecutions, 4);
  assert.equal(await get(), 4);
  const { Concurrency: described } = await client.send(new GetFunctionCommand({ FunctionName }));
  assert.deepEqual(described, { ReservedConcurrentExecutions: 4 });
  const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
  assert.deepEqual([AccountLimit?.ConcurrentExecutions, AccountLimit?.UnreservedConcurrentExecutions], [5, 1]);

  const passed = invoke({ action: 'gate', path: gate }, { FunctionName: 'other' });
  await eventWhere((event) => event.type === 'sandboxStarted');
  await assert.rejects(invoke({ action: 'echo' }, { FunctionName: 'other' }), {
    Reason: 'ConcurrentInvocationLimitExceeded',
  });
  assert.equal((await invoke({ action: 'echo' })).StatusCode, 200);
  write(gate, '');
  await passed;

  await put(0); // the way to stop a function
  await assert.rejects(invoke({ action: 'echo' }), { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' });
  await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
  assert.equal((await invoke({ action: 'echo' })).StatusCode, 200);
  assert.equal(await get(), undefined);
  await assert.rejects(put(5), { name: 'InvalidParameterValueException' });
  await assert.rejects(put(-1), { name: 'InvalidParameterValueException', message: /an integer ≥ 0, got -1/ });
  const ofVersion = new PutFunctionConcurrencyCommand({ FunctionName: 'worker:live', ReservedConcurrentExecutions: 1 });
  await assert.rejects(client.send(ofVersion), { name: 'InvalidParameterValueException' });
});
