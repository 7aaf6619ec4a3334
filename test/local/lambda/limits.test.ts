import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { LambdaEvent } from '../../../local/lambda/options.ts';
import { killGroup, processStart } from '../../../local/lambda/process-list.ts';
import { until } from '../../until.ts';
import { localFunction, startService, temporaryFolder, write, writeWorker } from './helpers.ts';

const folder = temporaryFolder();
const worker = localFunction(writeWorker(join(folder, 'code')));
const files = join(folder, 'handlers');
write(join(files, 'common.cjs'), 'exports.handler = async () => "common";');
write(join(files, 'lib/nested.mjs'), 'export const api = { run: async () => "nested" };');
write(join(files, 'broken.mjs'), 'export const = 1;');
write(join(files, 'lost.mjs'), 'import "./nowhere.mjs"; export const handler = async () => 1;');
write(join(files, 'throws.mjs'), 'throw new RangeError("not today");');
write(join(files, 'callback.mjs'), 'export const handler = (event, context, done) => done(null, 1);');
write(join(files, 'stuck.mjs'), 'setInterval(() => {}, 1000); await new Promise(() => {});');
write(join(files, 'nothing.mjs'), 'export const handler = async () => {};');
const handlers = {
  common: 'common.handler',
  nested: 'lib/nested.api.run',
  nothing: 'nothing.handler',
  missing: 'absent.handler',
  unexported: 'common.other',
  broken: 'broken.handler',
  lost: 'lost.handler',
  throws: 'throws.handler',
  callback: 'callback.handler',
};
const { events, invoke, eventWhere } = await startService({
  dataDir: join(folder, 'data'),
  maxConcurrency: 12,
  maxSandboxes: 2,
  functions: [
    { ...worker, name: 'brief', timeoutMs: 1000 },
    { ...worker, name: 'small', memoryMiB: 192 },
    { ...worker, name: 'filling' },
    { ...worker, name: 'stuck', codeDir: files, handler: 'stuck.handler', timeoutMs: 1000 },
    ...Object.entries(handlers).map(([name, handler]) => ({ ...worker, name, codeDir: files, handler })),
  ],
});

test('an endless loop is killed at its time limit, and the next invocation runs in a fresh process', async () => {
  const FunctionName = 'brief';
  const { FunctionError, result, LogResult } = await invoke({ action: 'spin' }, { FunctionName, LogType: 'Tail' });
  assert.deepEqual([FunctionError, result.errorType], ['Unhandled', 'Sandbox.Timedout']);
  assert.match(result.errorMessage, /^RequestId: [\w-]+ Error: Task timed out after 1\.00 seconds$/);
  assert.match(Buffer.from(LogResult!, 'base64').toString(), /REPORT RequestId/);
  await eventWhere((event) => event.type === 'sandboxExited' && event.reason === 'timedOut');
  assert.equal((await invoke({ action: 'inspect' }, { FunctionName })).result.numInvokes, 1);
});

for (const [how, isStuck] of [
  ['ends', false],
  ['is killed at its time limit', true],
] as const) {
  test(`processes that a sandbox has started end when it ${how}`, async (t) => {
    const path = join(folder, `left-${isStuck}`);
    const { FunctionError } = await invoke({ action: 'leave', path, ms: isStuck }, { FunctionName: 'brief' });
    assert.equal(FunctionError, 'Unhandled');
    const pid = Number(readFileSync(path, 'utf8'));
    t.after(() => killGroup(pid));
    await until('the process to end', () => processStart(pid) === '');
  });
}

test('code that does not load has 10 s in addition to the time limit of its function', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answer = invoke({}, { FunctionName: 'stuck' });
  const { pid } = (await eventWhere(
    (event) => event.type === 'sandboxStarted' && event.functionName === 'stuck',
  )) as LambdaEvent & { type: 'sandboxStarted' };
  const kill = t.mock.method(process, 'kill'); // called by the timer itself
  const isKilled = () => kill.mock.calls.some(({ arguments: [target] }) => target === -pid);
  t.mock.timers.tick(10_999);
  assert.ok(!isKilled());
  t.mock.timers.tick(1);
  assert.ok(isKilled());
  const outcome = await Promise.race([answer, setTimeout(10_000, undefined, { ref: false })]);
  assert.equal(outcome?.result.errorType, 'Sandbox.Timedout');
});

test('Buffers beyond the memory limit end the process, those within do not', async () => {
  const FunctionName = 'small';
  const { FunctionError, result } = await invoke({ action: 'hog', mib: 2000 }, { FunctionName });
  assert.deepEqual([FunctionError, result.errorType], ['Unhandled', 'Runtime.OutOfMemory']);
  assert.equal((await invoke({ action: 'hog', mib: 32 }, { FunctionName })).FunctionError, undefined);
  const peaks = events.flatMap((event) => (event.type === 'invokeFinished' ? [event.maxMemoryMiB] : []));
  assert.ok(peaks.some((peak) => peak > 192 && peak < 1000));
});

test('a temporary folder belongs to one sandbox, lasts as long as it, and holds 512 MiB', async () => {
  const fill = async (mib: number, ms = 0) => {
    const { FunctionError, result } = await invoke({ action: 'fill', mib, ms }, { FunctionName: 'filling' });
    return FunctionError ? [result.errorType, result.errorMessage] : result;
  };
  const FunctionName = 'filling';
  const kept = await fill(512);
  assert.deepEqual((await invoke({ action: 'files' }, { FunctionName })).result, ['f']);
  const full = ['Error', 'ENOSPC: no space left on device, the temporary folder holds more than 512 MB'];
  assert.deepEqual(await fill(513), full); // seen when it answers
  assert.deepEqual((await invoke({ action: 'files' }, { FunctionName })).result, []);
  await until('the file to be removed', () => !existsSync(kept));
  assert.deepEqual(await fill(513, 100_000), full); // seen while it works
  const exits = events.filter((event) => event.type === 'sandboxExited' && event.functionName === FunctionName);
  assert.deepEqual(
    exits.map((event) => event.type === 'sandboxExited' && event.reason),
    ['outOfStorage', 'outOfStorage'],
  );
});

test('a sandbox is stopped between invocations and resumes with the next', async () => {
  const FunctionName = 'small';
  const { pid, numInvokes } = (await invoke({ action: 'inspect' }, { FunctionName })).result;
  const state = () => String(execFileSync('ps', ['-o', 'state=', '-p', String(pid)]));
  await until('the sandbox to be stopped', () => state().startsWith('T'));
  assert.equal((await invoke({ action: 'inspect' }, { FunctionName })).result.numInvokes, numInvokes + 1);
});

test('the account limit holds over all functions, and has its own reason', async () => {
  const path = join(folder, 'gate');
  const functions = ['one', 'two'].map((name) => ({ ...worker, name }));
  const small = await startService({ dataDir: join(folder, 'small'), maxConcurrency: 1, functions });
  const passed = small.invoke({ action: 'gate', path }, { FunctionName: 'one' });
  await small.eventWhere((event) => event.type === 'sandboxStarted');
  await assert.rejects(small.invoke({ action: 'echo' }, { FunctionName: 'two' }), {
    name: 'TooManyRequestsException',
    Reason: 'ConcurrentInvocationLimitExceeded',
  });
  write(path, '');
  assert.equal((await passed).result, 'passed');
});

test('handlers are found in CommonJS and ES modules, nested in folders and objects', async () => {
  const answers = await Promise.all(
    ['common', 'nested', 'nothing'].map(async (FunctionName) => (await invoke({}, { FunctionName })).result),
  );
  assert.deepEqual(answers, ['common', 'nested', null]);
});

for (const [name, type, message] of [
  ['missing', 'Runtime.ImportModuleError', /Cannot find module 'absent'/],
  ['lost', 'Runtime.ImportModuleError', /Cannot find module .*nowhere\.mjs/],
  ['unexported', 'Runtime.HandlerNotFound', /^common\.other is undefined or not exported$/],
  ['broken', 'Runtime.UserCodeSyntaxError', /^SyntaxError: /],
  ['throws', 'RangeError', /^not today$/],
  ['callback', 'Runtime.CallbackHandlerDeprecated', /use an async function/],
] as const) {
  test(`a handler that cannot be loaded (${name}) fails the invocation with ${type}`, async () => {
    const { FunctionError, result } = await invoke({}, { FunctionName: name });
    assert.deepEqual([FunctionError, result.errorType], ['Unhandled', type]);
    assert.match(result.errorMessage, message);
  });
}

test('idle sandboxes beyond the cap are reaped, the longest idle first', async () => {
  const FunctionName = ['common', 'nested', 'nothing'];
  const from = events.length;
  for (const name of [...FunctionName, ...FunctionName]) await invoke({}, { FunctionName: name });
  const running = new Set<number>();
  let most = 0;
  for (const event of events) {
    if (event.type === 'sandboxStarted') running.add(event.pid);
    if (event.type === 'sandboxExited') running.delete(event.pid);
    if (events.indexOf(event) > from) most = Math.max(most, running.size);
  }
  assert.ok(most <= 3, `${most} sandboxes at once`); // the third while one of the two others is ending
  assert.ok(events.slice(from).some((event) => event.type === 'sandboxExited' && event.reason === 'reaped'));
});
