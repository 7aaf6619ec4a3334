import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConflictError, InputError, NotFoundError } from '../../../lib/base/errors.ts';
import type { ExecutionState, Orchestrator } from '../../../lib/fanout/orchestrator.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { cancelRun, checkRun, getRequest, newRunId, runIdOfToken, startRun, viewRun } from '../../../lib/run/run.ts';
import { createJson, replaceJson } from '../../../lib/store/json.ts';
import { checkRunId, executionName, runIdOfExecution, runKeys } from '../../../lib/store/keys.ts';
import { memoryStore } from '../../memory-store.ts';

const params = parseRunParams({ samples: 100 });

/** An orchestrator whose executions are as told; notes what it was asked to do. */
function orchestratorWith(
  states: Record<string, ExecutionState['state']>,
): Orchestrator & { started: string[]; stopped: string[] } {
  const started: string[] = [];
  const stopped: string[] = [];
  return {
    started,
    stopped,
    start: async (name) => {
      started.push(name);
      return `arn:${name}`;
    },
    state: async (execution) => ({ state: states[execution.slice(4)] ?? 'running' }),
    stop: async (execution) => void stopped.push(execution),
  };
}

test('a run is started under its own name, and started again it is found', async () => {
  const store = memoryStore();
  const orchestrator = orchestratorWith({});
  const first = await startRun({ store, orchestrator }, 'a', params);
  const second = await startRun({ store, orchestrator }, 'a', parseRunParams({}), []);
  assert.deepEqual(second, first);
  assert.deepEqual(orchestrator.started, ['a', 'a']); // the same execution: a name starts one
  assert.equal((await viewRun(store, 'a')).state, 'queued');
});

test('a run whose executions failed gets the next name, and is queued instead of failed', async () => {
  const store = memoryStore();
  await startRun({ store, orchestrator: orchestratorWith({}) }, 'a', params);
  await replaceJson(store, runKeys('a').status, {
    runId: 'a',
    state: 'failed',
    execution: 'arn:a',
    stages: [],
    error: { name: 'E', message: 'm' },
  });
  assert.deepEqual((await viewRun(store, 'a')).error, { name: 'E', message: 'm' });
  const orchestrator = orchestratorWith({ a: 'failed', a__2: 'failed' });
  assert.equal((await startRun({ store, orchestrator }, 'a', params)).execution, 'arn:a__3');
  assert.deepEqual(orchestrator.started, ['a', 'a__2', 'a__3']);
  assert.deepEqual(await viewRun(store, 'a'), { ...(await getRequest(store, 'a')), state: 'queued', stages: [] });
});

test('a run that is done is not started again', async () => {
  const store = memoryStore();
  await startRun({ store, orchestrator: orchestratorWith({}) }, 'a', params);
  await createJson(store, runKeys('a').report, { accuracy: 0.9, model: {} });
  const orchestrator = orchestratorWith({});
  assert.equal((await startRun({ store, orchestrator }, 'a', params)).execution, undefined);
  assert.deepEqual(orchestrator.started, []);
  assert.equal((await cancelRun({ store, orchestrator }, 'a')).state, 'succeeded');
});

test('cancelling stops the execution, and a new start takes the cancellation back', async () => {
  const store = memoryStore();
  const orchestrator = orchestratorWith({});
  await startRun({ store, orchestrator }, 'a', params);
  await replaceJson(store, runKeys('a').status, { runId: 'a', state: 'running', execution: 'arn:a', stages: [] });
  assert.equal((await cancelRun({ store, orchestrator }, 'a')).state, 'cancelled');
  assert.deepEqual(orchestrator.stopped, ['arn:a']);
  await startRun({ store, orchestrator: orchestratorWith({ a: 'failed' }) }, 'a', params);
  assert.equal((await viewRun(store, 'a')).state, 'queued');
});

test('a run with a report is done, whatever its status says', async () => {
  const store = memoryStore();
  await startRun({ store, orchestrator: orchestratorWith({}) }, 'a', params);
  const stage = { name: 'evaluate' as const, state: 'running' as const, numTasks: 3, numDone: 0, startedAtMs: 1000 };
  await replaceJson(store, runKeys('a').status, { runId: 'a', state: 'running', execution: 'arn:a', stages: [stage] });
  await createJson(store, runKeys('a').report, { accuracy: 0.9, model: {}, seconds: { evaluate: 2 } });
  const { state, stages } = await checkRun({ store, orchestrator: orchestratorWith({ a: 'failed' }) }, 'a');
  assert.equal(state, 'succeeded');
  assert.deepEqual(stages, [{ ...stage, state: 'done', numDone: 3, finishedAtMs: 3000 }]);
});

test('a run that ends while it is looked at is not seen as done without its accuracy', async () => {
  const store = memoryStore();
  await startRun({ store, orchestrator: orchestratorWith({}) }, 'a', params);
  await replaceJson(store, runKeys('a').status, { runId: 'a', state: 'running', execution: 'arn:a', stages: [] });
  const ending = {
    ...store,
    async get(key: string) {
      if (key === runKeys('a').status) {
        await createJson(store, runKeys('a').report, { accuracy: 0.9, model: {}, seconds: {} });
        await replaceJson(store, key, { runId: 'a', state: 'succeeded', execution: 'arn:a', stages: [] });
      }
      return store.get(key);
    },
  };
  const { state, accuracy } = await viewRun(ending, 'a');
  assert.deepEqual([state, accuracy], ['succeeded', 0.9]);
});

test('executions of runs with similar ids have different names, which lead back to their run', () => {
  const names = new Map<string, string>();
  for (const runId of ['a', 'a-2', 'a_', 'a_2', 'a-']) {
    assert.equal(checkRunId(runId), runId);
    for (const n of [1, 2, 22]) names.set(executionName(runId, n), runId);
  }
  assert.equal(names.size, 15);
  for (const [name, runId] of names) assert.equal(runIdOfExecution(name), runId);
  assert.throws(() => checkRunId('a__2'), InputError);
});

test('a run whose execution died without a word has failed', async () => {
  const store = memoryStore();
  await startRun({ store, orchestrator: orchestratorWith({}) }, 'a', params);
  assert.equal((await checkRun({ store, orchestrator: orchestratorWith({ a: 'failed' }) }, 'a')).state, 'queued'); // no status names it yet
  await replaceJson(store, runKeys('a').status, { runId: 'a', state: 'running', execution: 'arn:a', stages: [] });
  assert.equal((await checkRun({ store, orchestrator: orchestratorWith({}) }, 'a')).state, 'running');
  const { state, error } = await checkRun({ store, orchestrator: orchestratorWith({ a: 'failed' }) }, 'a');
  assert.deepEqual([state, error?.name], ['failed', 'ExecutionFailed']);
  assert.equal((await cancelRun({ store, orchestrator: orchestratorWith({}) }, 'a')).state, 'cancelled');
});

test('what does not fit is refused', async () => {
  const store = memoryStore();
  const orchestrator = orchestratorWith({});
  await startRun({ store, orchestrator }, 'a', params);
  await assert.rejects(startRun({ store, orchestrator }, 'a', { ...params, seed: 5 }), ConflictError);
  await assert.rejects(
    startRun({ store, orchestrator }, 'a', { ...params, seed: 5 }, ['trees', 'seed']),
    /run a exists with seed 0, got 5/,
  );
  await assert.rejects(startRun({ store, orchestrator }, '../a', params), InputError);
  await assert.rejects(startRun({ store, orchestrator }, 'b', { ...params, testSize: 100 }), InputError);
  await assert.rejects(viewRun(store, 'none'), NotFoundError);
  await assert.rejects(cancelRun({ store, orchestrator }, 'none'), NotFoundError);
  assert.deepEqual(await store.list('runs/b/'), []); // nothing was spent
});

test('run ids sort by time, and a token has one id', () => {
  assert.equal(newRunId(new Date('2026-11-23T17:19:30Z'), 0.5), '20261123-171930-800000');
  assert.equal(runIdOfToken('x'), runIdOfToken('x'));
  assert.notEqual(runIdOfToken('x'), runIdOfToken('y'));
});
