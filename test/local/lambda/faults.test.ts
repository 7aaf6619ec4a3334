import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallFault, InvokeFault } from '../../../local/lambda/faults.ts';
import { lines, localFunction, orchestratorFunction, startService, temporaryFolder, writeWorker } from './helpers.ts';

const folder = temporaryFolder();
const ran = join(folder, 'ran');
const worker = localFunction(writeWorker(join(folder, 'worker')), { environment: { RAN: ran } });

// what the next question of a kind is answered with
let ofInvoke: Pick<InvokeFault, 'kind' | 'fraction'> | undefined;
let killsToCome = 0;
const ofCalls: { action: string; kind: CallFault['kind'] }[] = [];
const struck: string[] = [];

const { invoke, events, client } = await startService({
  dataDir: join(folder, 'data'),
  testHooks: { crashDelayMs: 1 },
  functions: [worker, await orchestratorFunction(join(folder, 'orchestrator'))],
  faults: {
    invoke(functionName, payload) {
      const fault = ofInvoke;
      ofInvoke = undefined;
      return fault && { ...fault, strike: () => struck.push(`${fault.kind} ${functionName} ${payload}`) };
    },
    resume(functionName, input) {
      if (killsToCome === 0) return undefined;
      const fraction = --killsToCome / 10;
      return { kind: 'orchestratorKill', fraction, strike: () => struck.push(`kill ${functionName} ${input}`) };
    },
    call(action, functionName) {
      const at = ofCalls.findIndex((fault) => fault.action === action);
      if (at === -1) return undefined;
      const [{ kind }] = ofCalls.splice(at, 1) as [(typeof ofCalls)[0]];
      return { kind, strike: () => struck.push(`${kind} ${action} ${functionName}`) };
    },
  },
});

const ORCHESTRATOR = { FunctionName: 'orchestrator', Qualifier: 'live' };
const one = (input: object) => ({ mode: 'one', target: 'worker', input });
const numRuns = (id: string) => lines(ran).filter((line) => line === id).length;
const takeStruck = () => struck.splice(0);

test('throttle: the chained invocation fails with 429, and the function is not invoked', async () => {
  ofInvoke = { kind: 'throttle', fraction: 0 };
  const { FunctionError, result } = await invoke(one({ action: 'echo', id: 'throttled' }), ORCHESTRATOR);
  assert.equal(FunctionError, 'Unhandled');
  assert.match(result.errorMessage, /Rate Exceeded/);
  assert.equal(numRuns('throttled'), 0);
  assert.deepEqual(takeStruck(), ['throttle worker {"action":"echo","id":"throttled"}']);
});

test('lostResponse: the work is done and the orchestrator told that it failed', async () => {
  ofInvoke = { kind: 'lostResponse', fraction: 0 };
  const { result } = await invoke(one({ action: 'echo', id: 'lost' }), ORCHESTRATOR);
  assert.match(result.errorMessage, /the answer was lost/);
  assert.equal(numRuns('lost'), 1);
  assert.equal(takeStruck().length, 1);
});

test('doubledDelivery: the function runs twice and answers once', async () => {
  ofInvoke = { kind: 'doubledDelivery', fraction: 0 };
  const { result, FunctionError } = await invoke(one({ action: 'echo', id: 'doubled' }), ORCHESTRATOR);
  assert.deepEqual([FunctionError, result.id], [undefined, 'doubled']);
  while (numRuns('doubled') < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(takeStruck().length, 1);
});

for (const [when, input] of [
  ['while it works', { action: 'sleep', ms: 60_000 }],
  ['at the latest when it answers', { action: 'echo' }],
] as const) {
  test(`workerKill: the sandbox is killed ${when}`, async () => {
    ofInvoke = { kind: 'workerKill', fraction: when === 'while it works' ? 0.2 : 0.999 };
    const before = events.length;
    const { result } = await invoke(one({ ...input, id: when }), ORCHESTRATOR);
    assert.match(result.errorMessage, /^RequestId: \S+ Error: Runtime exited with error: signal: killed$/);
    assert.ok(numRuns(when) <= 1); // it may be killed before its first line
    const exits = events.slice(before).flatMap((event) => (event.type === 'sandboxExited' ? [event.reason] : []));
    assert.deepEqual(exits, ['killed']);
    assert.equal(takeStruck().length, 1);
  });
}

test('workerKill: a task that fails by itself before it is killed is no fault', async () => {
  ofInvoke = { kind: 'workerKill', fraction: 0.999 };
  const { result } = await invoke(one({ action: 'fail', message: 'own' }), ORCHESTRATOR);
  assert.match(result.errorMessage, /own/);
  assert.deepEqual(takeStruck(), []);
});

test('slowTask: the sandbox stands still for a second, and its answer counts', async () => {
  ofInvoke = { kind: 'slowTask', fraction: 0.2 };
  const startedMs = performance.now();
  const { result } = await invoke(one({ action: 'sleep', ms: 100, id: 'slow' }), ORCHESTRATOR);
  assert.equal(result, 'slept');
  assert.ok(performance.now() - startedMs >= 1000);
  assert.equal(takeStruck().length, 1);
  // it works on
  assert.equal((await invoke(one({ action: 'echo', id: 'after' }), ORCHESTRATOR)).result.id, 'after');
});

test('orchestratorKill: it is called again and goes on, and no task runs twice', async () => {
  killsToCome = 5;
  const { result } = await invoke({ mode: 'fan', count: 20, maxConcurrency: 4 }, ORCHESTRATOR);
  assert.deepEqual(result, { succeeded: 20, errors: [] });
  assert.equal(takeStruck().length + killsToCome, 5);
  for (let id = 0; id < 20; id++) assert.equal(numRuns(String(id)), 1);
});

test('calls whose connection breaks, before or after they were done, leave the result as it is', async () => {
  const kinds = ['droppedCall', 'lostCall', 'droppedCall'] as const;
  for (const kind of kinds) ofCalls.push({ action: 'checkpoint', kind });
  const id = 'broken-calls';
  const { result } = await invoke(one({ action: 'echo', id }), ORCHESTRATOR);
  assert.equal(result.id, id);
  assert.equal(numRuns(id), 1);
  assert.deepEqual(
    takeStruck(),
    kinds.map((kind) => `${kind} checkpoint orchestrator`),
  );
});

test('a start whose answer is lost has started once', async () => {
  for (const kind of ['lostCall', 'droppedCall', 'lostCall'] as const) {
    ofCalls.push({ action: 'start', kind });
    const start = () =>
      invoke(one({ action: 'echo', id: 'started' }), {
        ...ORCHESTRATOR,
        InvocationType: 'Event',
        DurableExecutionName: 'started',
      });
    await assert.rejects(start, { code: 'ECONNRESET' });
  }
  const { result } = await invoke(one({ action: 'echo', id: 'started' }), {
    ...ORCHESTRATOR,
    DurableExecutionName: 'started',
  });
  assert.equal(result.id, 'started');
  assert.equal(numRuns('started'), 1);
  client.destroy();
});
