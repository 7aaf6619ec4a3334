import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  type TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { until } from '../../until.ts';
import { lines, localFunction, startService, temporaryFolder, write, writeWorker } from './helpers.ts';

const folder = temporaryFolder();
const codeDir = writeWorker(join(folder, 'code'));
const ran = join(folder, 'ran');
const worker = localFunction(codeDir, { environment: { RAN: ran } });
process.env.SECRET_OF_THE_PARENT = 'not for sandboxes';
const { service, client, events, invoke, eventWhere } = await startService({
  dataDir: join(folder, 'data'),
  environment: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
  testHooks: { asyncDelayScale: 1e-3 }, // a minute is 60 ms
  functions: [
    worker,
    { ...worker, name: 'limited', reservedConcurrency: 4 },
    { ...worker, name: 'once', maxRetries: 0 },
    { ...worker, name: 'fragile' },
    { ...worker, name: 'reporting' },
  ],
});

function numStarted(functionName: string): number {
  return events.filter((event) => event.type === 'sandboxStarted' && event.functionName === functionName).length;
}

test('one sandbox serves one invocation after another, and only the first is a cold start', async () => {
  const first = await invoke({ action: 'inspect' });
  const second = await invoke({ action: 'inspect' });
  assert.equal(first.result.pid, second.result.pid);
  assert.equal(second.result.numInvokes, first.result.numInvokes + 1);
  const finished = events.filter((event) => event.type === 'invokeFinished');
  assert.deepEqual(
    finished.slice(0, 2).map((event) => [event.coldStart, event.initMs !== undefined, event.maxMemoryMiB > 20]),
    [
      [true, true, true],
      [false, false, true],
    ],
  );
});

test('a handler sees its context and an environment made from scratch', async () => {
  const clientContext = Buffer.from('{"custom":{"a":1}}').toString('base64');
  const { result } = await invoke({ action: 'inspect' }, { Qualifier: 'live', ClientContext: clientContext });
  const { env, context } = result;
  assert.equal(context.functionName, 'worker');
  assert.equal(context.functionVersion, '1');
  assert.equal(context.invokedFunctionArn, service.functionArn('worker', 'live'));
  assert.equal(context.memoryLimitInMB, '256');
  assert.deepEqual(result.execArgv, ['--max-old-space-size=230']); // 90 %
  assert.deepEqual(context.clientContext, { custom: { a: 1 } });
  assert.ok(result.remainingMs > 0 && result.remainingMs <= 20_000);
  assert.equal(result.cwd, codeDir);
  assert.equal(env.SECRET_OF_THE_PARENT, undefined);
  assert.equal(env.AWS_ENDPOINT_URL_LAMBDA, service.url);
  assert.equal(env.AWS_ENDPOINT_URL_S3, 'http://127.0.0.1:9');
  assert.equal(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, '256');
  assert.ok(env.TMPDIR.startsWith(join(folder, 'data')));
});

test('a function answers to its name, partial ARN and full ARN, with and without a qualifier', async () => {
  const arn = service.functionArn('worker');
  const names = ['worker', '000000000000:function:worker', arn];
  const versions = await Promise.all(
    [...names, ...names.map((name) => `${name}:live`), 'worker:1', 'worker:$LATEST'].map(
      async (FunctionName) => (await invoke({ action: 'echo' }, { FunctionName })).ExecutedVersion,
    ),
  );
  assert.deepEqual(versions, ['$LATEST', '$LATEST', '$LATEST', '1', '1', '1', '1', '$LATEST']);
});

test('what does not exist is refused by name', async () => {
  await assert.rejects(invoke({}, { FunctionName: 'nobody' }), {
    name: 'ResourceNotFoundException',
    message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody',
  });
  await assert.rejects(invoke({}, { Qualifier: 'dead' }), { name: 'ResourceNotFoundException' });
  await assert.rejects(invoke({}, { FunctionName: 'worker:live', Qualifier: '1' }), {
    name: 'InvalidParameterValueException',
  });
  const response = await fetch(`${service.url}/2099-01-01/nothing`);
  assert.equal(response.status, 404);
  assert.equal(response.headers.get('x-amzn-errortype'), 'UnknownOperationException');
});

test('a request body that is not JSON is refused', async () => {
  const command = new InvokeCommand({ FunctionName: 'worker', Payload: '{' });
  await assert.rejects(client.send(command), { name: 'InvalidRequestContentException' });
});

test('of 8 invocations at a limit of 4, four are throttled with the reason', async () => {
  const path = join(folder, 'gate');
  let numThrottled = 0;
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      try {
        return (await invoke({ action: 'gate', path }, { FunctionName: 'limited' })).result;
      } catch (error) {
        if (++numThrottled === 4) write(path, '');
        const { name, Reason, Type, retryAfterSeconds } = error as TooManyRequestsException;
        return [name, Reason, Type, retryAfterSeconds].join(' ');
      }
    }),
  );
  const throttled = 'TooManyRequestsException ReservedFunctionConcurrentInvocationLimitExceeded User 1';
  assert.deepEqual(outcomes.sort(), [...Array(4).fill(throttled), ...Array(4).fill('passed')]);
  assert.equal(numStarted('limited'), 4);
  assert.equal(events.filter((event) => event.type === 'throttled').length, 4);
});

test('as many callers as places are never throttled, and start no further sandbox', async () => {
  const before = numStarted('limited');
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 25; i++) await invoke({ action: 'echo' }, { FunctionName: 'limited' });
    }),
  );
  assert.equal(numStarted('limited'), before);
});

test('an error that a handler throws comes back as JSON with its trace', async () => {
  const { StatusCode, FunctionError, result } = await invoke({ action: 'fail', message: 'no such tree' });
  assert.equal(StatusCode, 200);
  assert.equal(FunctionError, 'Unhandled');
  assert.deepEqual([result.errorType, result.errorMessage], ['TypeError', 'no such tree']);
  assert.match(result.trace[1], /index\.mjs/);
});

test('the end of the log comes back when it is asked for', async () => {
  const { LogResult } = await invoke({ action: 'print', text: 'one tree' }, { LogType: 'Tail' });
  const log = Buffer.from(LogResult!, 'base64').toString();
  const [, requestId] = /^START RequestId: ([\w-]+) Version: \$LATEST\n/.exec(log)!;
  assert.match(log, new RegExp(`Z\t${requestId}\tINFO\tone tree\n.*Z\t${requestId}\tERROR\tand an error\n`));
  assert.match(
    log,
    /END RequestId: .*\nREPORT RequestId: .*\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size/,
  );
  assert.equal((await invoke({ action: 'print', text: 'x' })).LogResult, undefined);
  const long = await invoke({ action: 'print', text: 'x'.repeat(10_000) }, { LogType: 'Tail' });
  const tail = Buffer.from(long.LogResult!, 'base64').toString();
  assert.equal(tail.length, 4096);
  assert.match(tail, /^x{3000,}\n/);
  assert.match(tail, /REPORT RequestId: .*\n$/);
  await assert.rejects(invoke({ action: 'echo' }, { LogType: 'Foo' as 'Tail' }), {
    name: 'InvalidParameterValueException',
    message: 'log type must be one of None, Tail, got Foo',
  });
});

test('the report of a cold start, and only that, says how long it took to begin', async () => {
  const report = async () => {
    const input = { FunctionName: 'reporting', LogType: 'Tail' } as const;
    const { LogResult } = await invoke({ action: 'echo' }, input);
    return Buffer.from(LogResult!, 'base64').toString().split('\n').at(-2)!.split('\t').slice(1, -1);
  };
  const numbersOut = (fields: string[]) => fields.map((field) => field.replace(/[\d.]+/, 'N'));
  const cold = await report();
  const fields = ['Duration: N ms', 'Billed Duration: N ms', 'Memory Size: N MB', 'Max Memory Used: N MB'];
  assert.deepEqual(numbersOut(cold), [...fields, 'Init Duration: N ms']);
  const [duration, billed, size, used, init] = cold.map((field) => Number(/[\d.]+/.exec(field)![0]));
  assert.ok(Math.abs(billed - (duration + init)) <= 1.01, `${billed} is not ${duration} and ${init} together`);
  assert.equal(size, 256);
  assert.ok(used > 20 && used <= 256);
  assert.deepEqual(numbersOut(await report()), fields);
});

test('payloads are limited to 6 MiB each way, and to 1 MiB when asynchronous', async () => {
  const text = 'x'.repeat(6 * 1024 * 1024 - 100);
  assert.equal((await invoke({ action: 'echo', text })).result.text.length, text.length);
  await assert.rejects(invoke({ text: `${text}${'x'.repeat(100)}` }), { name: 'RequestTooLargeException' });
  const large = { text: 'x'.repeat(1024 * 1024) };
  await assert.rejects(invoke(large, { InvocationType: 'Event' }), { name: 'RequestTooLargeException' });
  const { FunctionError, result } = await invoke({ action: 'big', bytes: 7 * 1024 * 1024 });
  assert.equal(FunctionError, 'Unhandled');
  assert.equal(result.errorType, 'Function.ResponseSizeTooLarge');
});

test('a dry run answers 204 and runs nothing', async () => {
  assert.equal((await invoke({ action: 'echo', id: 'dry' }, { InvocationType: 'DryRun' })).StatusCode, 204);
  assert.ok(!lines(ran).includes('dry'));
});

test('an asynchronous invocation is accepted at once and tried three times, or once with maxRetries 0', async () => {
  const event = (FunctionName: string) => ({ FunctionName, InvocationType: 'Event' }) as const;
  const fail = { action: 'fail', message: 'again' };
  assert.equal((await invoke({ ...fail, id: 'thrice' }, event('worker'))).StatusCode, 202);
  assert.equal((await invoke({ ...fail, id: 'once' }, event('once'))).StatusCode, 202);
  assert.equal((await invoke({ action: 'echo', id: 'good' }, event('worker'))).StatusCode, 202);
  const count = (id: string) => lines(ran).filter((line) => line === id).length;
  await until('the queue to be empty', () => readdirSync(join(folder, 'data', 'events')).length === 0);
  assert.deepEqual([count('thrice'), count('once'), count('good')], [3, 1, 1]);
});

test('a process that ends is reported as Runtime.ExitError, and the next invocation gets a fresh one', async () => {
  for (const [event, text] of [
    [{ action: 'exit', code: 3 }, 'Runtime exited with error: exit status 3'],
    [{ action: 'exit', code: 0 }, 'Runtime exited without providing a reason'],
    [{ action: 'kill' }, 'Runtime exited with error: signal: killed'],
  ] as const) {
    const { FunctionError, result } = await invoke(event, { FunctionName: 'fragile' });
    assert.deepEqual([FunctionError, result.errorType], ['Unhandled', 'Runtime.ExitError']);
    assert.match(result.errorMessage, new RegExp(`^RequestId: [\\w-]+ Error: ${text}$`));
    assert.equal((await invoke({ action: 'inspect' }, { FunctionName: 'fragile' })).result.numInvokes, 1);
  }
});

test('an idle sandbox that someone kills is replaced', async () => {
  const { pid } = (await invoke({ action: 'inspect' })).result;
  process.kill(pid, 'SIGKILL');
  await eventWhere((event) => event.type === 'sandboxExited' && event.pid === pid && event.reason === 'crashed');
  assert.notEqual((await invoke({ action: 'inspect' })).result.pid, pid);
});

test('a rejection that nobody handles ends the process with its message', async () => {
  const { result } = await invoke({ action: 'reject' });
  assert.equal(result.errorType, 'Runtime.UnhandledPromiseRejection');
  assert.equal(result.errorMessage, 'Error: nobody waits');
});

test('functions can be listed and described', async () => {
  const { Functions } = await client.send(new ListFunctionsCommand({}));
  assert.deepEqual(
    Functions?.map((fn) => fn.FunctionName),
    ['worker', 'limited', 'once', 'fragile', 'reporting'],
  );
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'limited' }));
  assert.equal(Configuration?.FunctionArn, service.functionArn('limited'));
  const configuration = await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'worker:live' }));
  assert.deepEqual([configuration.Version, configuration.MemorySize, configuration.Timeout], ['1', 256, 20]);
});

test('a folder belongs to one service at a time; invalid options are rejected', async () => {
  await assert.rejects(startLambdaService({ functions: [], dataDir: join(folder, 'data') }), {
    message: new RegExp(`in use by the emulator with process id ${process.pid}`),
  });
  const start = (given: object) =>
    startLambdaService({ dataDir: join(folder, 'other'), functions: [{ ...worker, ...given }] });
  await assert.rejects(start({ codeDir: '/nowhere' }), /the folder \/nowhere does not exist/);
  await assert.rejects(start({ memoryMiB: 64 }), {
    name: 'InputError',
    message: 'function worker: memoryMiB must be an integer from 128 to 10240, got 64',
  });
});
