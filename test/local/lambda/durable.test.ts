import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CheckpointDurableExecutionCommand,
  GetDurableExecutionCommand,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { lines, localFunction, orchestratorFunction, startService, temporaryFolder, writeWorker } from './helpers.ts';

const folder = temporaryFolder();
const ran = join(folder, 'ran');
const worker = localFunction(writeWorker(join(folder, 'worker')), {
  environment: { RAN: ran },
  reservedConcurrency: 3,
});
const orchestrator = await orchestratorFunction(join(folder, 'orchestrator'));
const { client, events, eventWhere, invoke } = await startService({
  dataDir: join(folder, 'data'),
  maxConcurrency: 9,
  testHooks: { crashDelayMs: 1 },
  functions: [
    worker,
    { ...worker, name: 'brief', timeoutMs: 500 },
    orchestrator,
    { ...orchestrator, name: 'hurried', executionTimeoutMs: 800 },
  ],
});

/** Run one execution to its end. */
function execute(event: object, given = {}) {
  return invoke(event, { FunctionName: 'orchestrator', Qualifier: 'live', ...given });
}

async function describe(DurableExecutionArn: string | undefined) {
  return client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
}

/** Start one execution and leave it. @returns its ARN */
async function begin(event: object, given = {}): Promise<string> {
  return (await execute(event, { InvocationType: 'Event', ...given })).DurableExecutionArn!;
}

function count(text: string): number {
  return lines(ran).filter((line) => line === text).length;
}

test('a flat map of 60 invocations runs each task once, never more at a time than the target allows', async () => {
  const { result, FunctionError } = await execute({ mode: 'fan', count: 60, maxConcurrency: 20 });
  assert.equal(FunctionError, undefined);
  assert.deepEqual(result, { succeeded: 60, errors: [] });
  for (let i = 0; i < 60; i++) assert.equal(count(String(i)), 1);
  const started = events.filter((event) => event.type === 'sandboxStarted' && event.functionName === 'worker');
  assert.equal(started.length, 3);
});

test('an orchestrator that is killed again and again goes on, and no task runs twice', async () => {
  const own = await startKillable();
  const event = { mode: 'fan', count: 40, maxConcurrency: 8 };
  const { result } = await own.invoke(event, { FunctionName: 'orchestrator', Qualifier: 'live' });
  assert.deepEqual(result, { succeeded: 40, errors: [] });
  // after three tasks, and at those of two starts that come: how often it starts depends on the timing
  assert.ok(own.kills() >= 3, `${own.kills()} kills`);
  const ids = lines(own.ran).map(Number);
  assert.deepEqual(
    ids.sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, i) => i),
  );
});

/** A service whose orchestrator is killed at two of its starts, and after the 5th, 15th and 25th task. */
async function startKillable() {
  const ownRan = join(folder, 'ran-killed');
  let pid = 0;
  let numKills = 0;
  let numStarts = 0;
  let numTasks = 0;
  const own = await startService({
    dataDir: join(folder, 'killed'),
    testHooks: { crashDelayMs: 1 },
    functions: [{ ...worker, environment: { RAN: ownRan } }, orchestrator],
    onEvent(event) {
      const isOrchestrator = 'functionName' in event && event.functionName === 'orchestrator';
      const kill = () => {
        numKills++;
        process.kill(pid, 'SIGKILL');
      };
      if (event.type === 'invokeStarted' && isOrchestrator) {
        pid = event.pid;
        if (++numStarts === 2 || numStarts === 4) kill();
      }
      if (event.type === 'sandboxExited' && isOrchestrator) pid = 0;
      if (event.type === 'invokeFinished' && !isOrchestrator && [5, 15, 25].includes(++numTasks) && pid) kill();
    },
  });
  return { ...own, ran: ownRan, kills: () => numKills };
}

test('a killed, failed or timed-out task is a failed operation that the handler sees', async () => {
  const errorsOf = async (task: object, name = 'worker') =>
    (await execute({ mode: 'fan', count: 1, task, worker: name })).result.errors;
  const [killed, failed, timedOut, missing] = await Promise.all([
    errorsOf({ action: 'kill' }),
    errorsOf({ action: 'fail', message: 'no such tree' }),
    errorsOf({ action: 'spin' }, 'brief'),
    errorsOf({}, 'nobody'),
  ]);
  assert.match(killed[0], /Runtime exited with error: signal: killed/);
  assert.deepEqual(failed, ['no such tree']);
  assert.match(timedOut[0], /Task timed out after 0\.50 seconds/);
  assert.match(missing[0], /Function not found/);
});

test('a durable function can invoke another one, which needs a qualifier', async () => {
  const input = { mode: 'fan', count: 2 };
  assert.equal((await execute({ mode: 'one', target: 'orchestrator:live', input })).result.succeeded, 2);
  const { FunctionError, result } = await execute({ mode: 'one', target: 'orchestrator', input });
  assert.equal(FunctionError, 'Unhandled');
  assert.match(result.errorMessage, /unqualified ARN/);
});

test('steps are tried again after their delay, waits wait, finished contexts answer after a replay', async () => {
  const [retry, wait, children] = await Promise.all([
    execute({ mode: 'retry' }),
    execute({ mode: 'wait' }),
    execute({ mode: 'children' }),
  ]);
  assert.equal(retry.result, 'attempt 2');
  assert.ok(wait.result >= 1000);
  assert.equal(children.result, 'a300000');
});

test('a callback completes the operation that waits for it, once', async () => {
  const arn = await begin({ mode: 'callback' });
  const line = await eventWhere((event) => event.type === 'log' && event.text.includes('callback '));
  const CallbackId = /callback (\S+)/.exec(line.type === 'log' ? line.text : '')![1];
  const succeed = new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: '"by hand"' });
  await client.send(succeed);
  await eventWhere((event) => event.type === 'executionFinished' && event.executionArn === arn);
  assert.equal((await describe(arn)).Result, JSON.stringify('"by hand"'));
  await assert.rejects(client.send(succeed), { name: 'CallbackTimeoutException' });
});

test('an execution that throws fails with its error, one that only crashes fails after nine tries', async () => {
  const { FunctionError, result, DurableExecutionArn } = await execute({ mode: 'throws' });
  assert.deepEqual(
    [FunctionError, result.errorType, result.errorMessage],
    ['Unhandled', 'RangeError', 'the plan is wrong'],
  );
  assert.equal((await describe(DurableExecutionArn)).Status, 'FAILED');
  const from = events.length;
  const crashed = await execute({ mode: 'crash' });
  assert.equal(crashed.result.errorType, 'Runtime.ExitError');
  const tries = events.slice(from).filter((event) => event.type === 'invokeFinished' && event.error);
  assert.equal(tries.length, 9);
});

test('a result too large for a response is kept', async () => {
  const arn = await begin({ mode: 'large' });
  await eventWhere((event) => event.type === 'executionFinished' && event.executionArn === arn);
  assert.equal((await describe(arn)).Result?.length, 7_000_002);
});

test('a name starts one execution: the same input finds it, another is refused', async () => {
  const event = { mode: 'fan', count: 1, task: { action: 'echo' } };
  const named = { DurableExecutionName: 'run-1' };
  const before = count('0');
  const first = await begin(event, named);
  const again = await execute(event, named);
  assert.equal(again.DurableExecutionArn, first);
  assert.equal(again.result.succeeded, 1);
  assert.equal(count('0'), before + 1);
  await assert.rejects(execute({ ...event, count: 2 }, named), { name: 'DurableExecutionAlreadyStartedException' });
  await assert.rejects(execute(event, { DurableExecutionName: 'no spaces' }), {
    name: 'InvalidParameterValueException',
  });
  await assert.rejects(invoke(event, { FunctionName: 'orchestrator' }), { name: 'InvalidParameterValueException' });
  const listed = await client.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName: 'orchestrator', DurableExecutionName: 'run-1' }),
  );
  assert.deepEqual(
    listed.DurableExecutions?.map((execution) => [execution.DurableExecutionArn, execution.Status]),
    [[first, 'SUCCEEDED']],
  );
  const execution = await describe(first);
  assert.equal(execution.InputPayload, JSON.stringify(event));
  assert.ok(execution.EndTimestamp! >= execution.StartTimestamp!);
});

test('a stopped execution ends at once, and one that takes too long is timed out', async () => {
  const arn = await begin({ mode: 'forever' });
  const reason = { ErrorType: 'Cancelled', ErrorMessage: 'by hand' };
  await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn, Error: reason }));
  const stopped = await describe(arn);
  assert.deepEqual([stopped.Status, stopped.Error], ['STOPPED', reason]);
  const { result } = await execute({ mode: 'forever' }, { FunctionName: 'hurried' });
  assert.match(result.errorMessage, /timed out after 0\.8 seconds/);
  const statuses = await client.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName: 'hurried:live', Statuses: ['TIMED_OUT'] }),
  );
  assert.equal(statuses.DurableExecutions?.length, 1);
});

test('a token that is not the latest is refused in the words that the SDK knows', async () => {
  const arn = await begin({ mode: 'forever' });
  const stale = new CheckpointDurableExecutionCommand({
    DurableExecutionArn: arn,
    CheckpointToken: 'old',
    Updates: [],
  });
  await assert.rejects(client.send(stale), {
    name: 'InvalidParameterValueException',
    message: /^Invalid Checkpoint Token/,
  });
});
