import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CancelledError, InputError, TaskFailedError } from '../../../lib/base/errors.ts';
import { totalUsage } from '../../../lib/plan/cost.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import type { FailedTasks } from '../../../lib/run/failed.ts';
import { runPipeline } from '../../../lib/run/pipeline.ts';
import { viewRun } from '../../../lib/run/run.ts';
import { createJson, getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { getClassReport, memoryEngine, ORCHESTRATION, runInMemory, stageWorkers } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

suite('pipeline: interrupted, failed and cancelled runs', () => {
  test('a run interrupted anywhere resumes without repeating a finished task', async () => {
    const { result: calm, invoked: all } = await runInMemory({});
    for (let stopAt = 0; stopAt < all.length; stopAt++) {
      const store = memoryStore();
      let calls = 0;
      const first = runInMemory({}, store, (workers) => (name) => async (payload) => {
        if (calls++ === stopAt) throw Object.assign(new Error('power cut'), { name: 'InputError' }); // ends the run at once
        return workers(name)(payload);
      });
      await assert.rejects(first, TaskFailedError);
      const { result, invoked } = await runInMemory({}, store);
      assert.deepEqual(result, calm);
      // the rest of the interrupted fan-out was done as well
      const report = await getClassReport(store);
      assert.equal(report.tasks.reused + invoked.length, all.length);
      assert.ok(report.tasks.reused >= stopAt, `${report.tasks.reused} tasks reused of ${stopAt}`);
      // the bill is for both executions; the attempt that failed told nothing
      const { invocations, unmeasured } = totalUsage(report.usage);
      assert.deepEqual([invocations - 2, unmeasured], [all.length, 1], `stopped at ${stopAt}`);
      assert.equal(report.usage.orchestrator.gbSeconds, 4);
    }
  });

  test('usage of the orchestrator in another sandbox is reported as unmeasured', async () => {
    const store = memoryStore();
    const sandboxes = ['before the crash', 'after it'];
    const orchestrator = {
      usage: ORCHESTRATION.orchestrator.usage,
      get sandbox() {
        return sandboxes.length > 1 ? sandboxes.shift()! : sandboxes[0];
      },
    };
    await createJson(store, runKeys('r').run, {
      runId: 'r',
      params: parseRunParams({ samples: 200, trees: 2 }),
      createdAt: new Date(0).toISOString(),
    });
    const engine = memoryEngine(stageWorkers(() => store));
    await runPipeline(engine, { store, workers: ORCHESTRATION.workers, orchestrator, runId: 'r', execution: 'arn' });
    const { usage } = await getClassReport(store);
    assert.deepEqual([usage.orchestrator.unmeasured, totalUsage(usage).unmeasured], [1, 1]);
  });

  test("usage of a stopped execution's last stage is reported as unmeasured", async () => {
    const store = memoryStore();
    let numTrained = 0;
    await new Promise<void>((onStopped) => {
      void runInMemory({ strategy: 'trees' }, store, (workers) => (name) => (payload) => {
        if (name !== 'train' || numTrained++ < 1) return workers(name)(payload);
        onStopped();
        return new Promise(() => {});
      });
    });
    await runInMemory({ strategy: 'trees' }, store);
    const { usage, tasks } = await getClassReport(store);
    assert.equal(usage.train.unmeasured, 1);
    assert.equal(totalUsage(usage).unmeasured, 1);
    assert.equal(totalUsage(usage).invocations - usage.orchestrator.invocations, tasks.total - 1);
  });

  test('a task that crashes twice is retried, and the model is the same', async () => {
    const { result: calm } = await runInMemory({});
    const crashes = new Map<string, number>();
    const { result, store } = await runInMemory({}, memoryStore(), (workers) => (name) => async (payload) => {
      const key = JSON.stringify(payload);
      crashes.set(key, (crashes.get(key) ?? 0) + 1);
      if (crashes.get(key)! < 3) throw new Error('RequestId: 1 Error: Runtime exited with error: signal: killed');
      return workers(name)(payload);
    });
    assert.deepEqual(result, calm);
    const { tasks } = await getClassReport(store);
    assert.deepEqual([tasks.attempts, tasks.retried], [3 * tasks.total, 2 * tasks.total]);
    // a crash tells nothing of what it used
    assert.equal(totalUsage((await getClassReport(store)).usage).unmeasured, 2 * tasks.total);
  });

  test('a task that fails every attempt fails the run, and the status names task and cause', async () => {
    const store = memoryStore();
    const run = runInMemory({}, store, (workers) => (name) => async (payload) => {
      if (name === 'split') throw new Error('Task timed out after 300.00 seconds');
      return workers(name)(payload);
    });
    await assert.rejects(run, /task bins failed 3 times; last: TimeoutError: Task timed out/);
    const { state, error, stages } = await viewRun(store, 'r');
    assert.equal(state, 'failed');
    assert.match(error!.message, /task bins failed 3 times/);
    assert.deepEqual(
      stages.map((stage) => [stage.name, stage.state, stage.numDone]),
      [
        ['generate', 'done', 6],
        ['split', 'running', 0],
      ],
    );
  });

  test('a run records every failed task with its input and errors, and repeats only those', async () => {
    const store = memoryStore();
    const isBroken = (payload: unknown) => [1, 4].includes((payload as { partitionIndex: number }).partitionIndex);
    const broken = runInMemory({}, store, (workers) => (name) => async (payload) => {
      if (name === 'split' && isBroken(payload)) throw new InputError('the partition is torn');
      return workers(name)(payload);
    });
    const message =
      'task split-1 failed once; last: InputError: the partition is torn; 1 more failed; see runs/r/failed.json';
    await assert.rejects(broken, { name: 'TaskFailedError', message });
    const { tasks, ...rest } = await getJson<FailedTasks>(store, runKeys('r').failed);
    assert.deepEqual(rest, {
      runId: 'r',
      execution: 'arn',
      stage: 'split',
      reason: 'tooManyFailed',
      numTasks: 6,
      numDone: 4,
      numFailed: 2,
    });
    const log = 'no log came with it: see the log group of function split';
    const error = { name: 'InputError', message: 'the partition is torn', log };
    assert.deepEqual(
      tasks,
      [1, 4].map((partitionIndex) => ({
        taskId: `split-${partitionIndex}`,
        attempts: 1,
        error,
        errors: [error],
        inputKey: runKeys('r').partition(partitionIndex),
        payload: { kind: 'split', runId: 'r', partitionIndex },
      })),
    );
    const { invoked, result } = await runInMemory({}, store);
    const split = invoked.filter((payload) => (payload as { kind?: string }).kind === 'split');
    assert.deepEqual(
      split,
      tasks.map(({ payload }) => payload),
    );
    assert.deepEqual(result, (await runInMemory({})).result);
  });

  test('a task that runs out of memory is retried in the larger function, with the same model', async () => {
    const { result: calm } = await runInMemory({});
    const { result, store } = await runInMemory({}, memoryStore(), (workers) => (name) => async (payload) => {
      if (name === 'train') throw Object.assign(new Error('it took 1001 MiB'), { name: 'OutOfMemoryError' });
      return workers(name)(payload);
    });
    assert.deepEqual(result, calm);
    const { tasks } = await getClassReport(store);
    const trained = tasks.total - 19;
    assert.deepEqual([tasks.outOfMemory, tasks.movedUp, tasks.attempts], [trained, trained, tasks.total + trained]);
  });

  test('a cancelled run ends at its next task, and resumes to the same model', async () => {
    const store = memoryStore();
    const cancelled = runInMemory({}, store, (workers) => (name) => async (payload) => {
      if (name === 'train') throw new CancelledError('run r was cancelled');
      return workers(name)(payload);
    });
    await assert.rejects(cancelled, CancelledError);
    assert.equal((await viewRun(store, 'r')).state, 'cancelled');
    assert.deepEqual((await runInMemory({}, store)).result, (await runInMemory({})).result);
  });

  test('a run that passes its deadline ends, reports its progress, and resumes', async (t) => {
    t.mock.timers.enable({ apis: ['Date'] });
    const store = memoryStore();
    const late = runInMemory({ deadline: 1 }, store, (workers) => (name) => async (payload) => {
      if ((payload as { kind?: string }).kind === 'bins') t.mock.timers.tick(1100);
      return workers(name)(payload);
    });
    await assert.rejects(late, {
      name: 'DeadlineError',
      message: 'run r was not done within its deadline of 1 s: it is at train',
    });
    assert.equal((await viewRun(store, 'r')).state, 'failed');
    // the resumed run has its whole second: no time passes
    assert.deepEqual((await runInMemory({ deadline: 1 }, store)).result, (await runInMemory({})).result);
  });

  test('chunks beyond the limit of one execution are divided into shards, with the same model', async () => {
    const { result: calm } = await runInMemory({ samples: 1200 });
    const { result, store } = await runInMemory({ samples: 1200, chunkSize: 1 });
    assert.deepEqual(result, calm);
    const { tasks } = await getClassReport(store);
    assert.equal(tasks.total, 3600 + 3);
    assert.equal(tasks.attempts, tasks.total);
  });

  test('data with a single class are rejected with the class counts', async () => {
    const run = runInMemory({ weights: [1, 0], flipY: 0 });
    await assert.rejects(run, /one class only \(rows per class: 600, 0\)/);
  });

  test('a cancelled run starts no further stage', async () => {
    const store = memoryStore();
    const run = runInMemory({}, store, (workers) => (name) => async (payload) => {
      if (name === 'split') await createJson(store, runKeys('r').cancel, {});
      return workers(name)(payload);
    });
    await assert.rejects(run, /run r was cancelled/);
    assert.equal((await viewRun(store, 'r')).state, 'cancelled');
    assert.deepEqual(await store.list('runs/r/trees/'), []);
  });
});
