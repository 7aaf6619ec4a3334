import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { totalUsage } from '../../lib/cost.ts';
import { TaskFailedError } from '../../lib/errors.ts';
import { createJson } from '../../lib/json.ts';
import { runKeys } from '../../lib/keys.ts';
import { memoryStore } from '../../lib/memory-store.ts';
import { parseRunParams } from '../../lib/params.ts';
import { runPipeline } from '../../lib/pipeline.ts';
import { getReport, viewRun } from '../../lib/run.ts';
import { memoryEngine, ORCHESTRATION, runInMemory, stageWorkers } from '../helpers.ts';

suite('pipeline', () => {
  test('a run ends with a report whose numbers agree with each other', async () => {
    const { result, store } = await runInMemory({});
    const report = await getReport(store, 'r');
    assert.equal(report.accuracy, result.accuracy);
    assert.deepEqual(report.rows, { total: 600, train: 540, test: 60 });
    assert.equal(
      report.confusion.reduce((sum, [, , rows]) => sum + rows, 0),
      60,
    );
    assert.equal(
      report.classCounts.reduce((sum, rows) => sum + rows),
      600,
    );
    assert.equal(report.model.sha256, result.sha256);
    assert.equal(report.model.numTrees, 6);
    assert.ok(report.accuracy > 0.7 && report.accuracyCeiling! > 0.7);
    assert.ok(report.logLoss > 0 && report.brier > 0 && report.brier < 0.25);
    assert.ok(report.rocAuc! > report.accuracy && report.rocAuc! <= 1 && report.rocAucError! < 0.1);
    // 6 chunks: generate, split, evaluate; bins, 2 groups of trees or 1, merge
    assert.equal(report.tasks.total, report.tasks.attempts);
    assert.equal(report.bill, report.costs.bill.total);
    assert.equal(report.forecast, report.costs.forecast.total);
    // the workers of this test use 1 GB-s each, the orchestrator 2
    const gbSeconds = Object.values(report.usage).map((part) => part.gbSeconds);
    assert.deepEqual(gbSeconds, [6, 7, report.tasks.total - 19, 6, 2]);
    assert.equal(totalUsage(report.usage).unmeasured, 0);
    assert.equal((await viewRun(store, 'r')).state, 'succeeded');
  });

  for (const engine of ['arvoredo', 'ml-random-forest']) {
    test(`engine ${engine}: the same seed gives the same model for any chunk size, workers and strategy`, async () => {
      const { result: expected } = await runInMemory({ engine, strategy: 'gather' });
      for (const chunkSize of [1, 7, 599, 600, 10_000]) {
        if (chunkSize === 1 && engine !== 'arvoredo') continue; // the kernel is not what differs here
        for (const workers of [1, 4]) {
          const { result } = await runInMemory({ engine, chunkSize, workers, strategy: 'trees' });
          assert.deepEqual(result, expected, `chunk size ${chunkSize}, ${workers} workers`);
        }
      }
      const { result: other } = await runInMemory({ engine, seed: 1 });
      assert.notEqual(other.sha256, expected.sha256);
    });
  }

  test('a last chunk of one row, and a chunk size larger than the data, are fine', async () => {
    const { result: whole, invoked, store } = await runInMemory({ samples: 101, chunkSize: 1000 });
    const inTwo = await runInMemory({ samples: 101, chunkSize: 100 });
    assert.deepEqual(inTwo.result, whole);
    const scoresOf = async (from: typeof store) => {
      const { confusion, logLoss, brier, rocAuc, rocAucError } = await getReport(from, 'r');
      return { confusion, logLoss, brier, rocAuc, rocAucError };
    };
    assert.deepEqual(await scoresOf(inTwo.store), await scoresOf(store));
    assert.equal(invoked.length, 1 + 2 + 2 + 1); // one chunk
  });

  test('a run that was interrupted anywhere goes on without doing a finished task again', async () => {
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
      // a fan-out ends as a whole, so the rest of the interrupted one was done as well
      const report = await getReport(store, 'r');
      assert.equal(report.tasks.reused + invoked.length, all.length);
      assert.ok(report.tasks.reused >= stopAt, `${report.tasks.reused} tasks reused of ${stopAt}`);
      // the bill is for both executions; of the interrupted fan-out the first one told nothing
      const { invocations, unmeasured } = totalUsage(report.usage);
      assert.equal(invocations - 2 + unmeasured, all.length, `stopped at ${stopAt}`);
      const stages = [6, 7, all.length - 19, 6];
      const firstOf = stages.map((_, i) => stages.slice(0, i).reduce((sum, tasks) => sum + tasks, 0));
      const stage = firstOf.findLastIndex((start) => start <= stopAt);
      assert.ok(
        unmeasured <= stages[stage]! && report.usage.generate.invocations + report.usage.generate.unmeasured === 6,
      );
      assert.equal(report.usage.orchestrator.gbSeconds, 4);
    }
  });

  test('what another sandbox of the orchestrator used is said to be unknown', async () => {
    const store = memoryStore();
    const sandboxes = ['before the crash', 'after it'];
    const orchestrator = {
      usage: ORCHESTRATION.orchestrator.usage,
      get sandbox() {
        return sandboxes.length > 1 ? sandboxes.shift()! : sandboxes[0]!;
      },
    };
    await createJson(store, runKeys('r').run, { runId: 'r', params: parseRunParams({ samples: 200, trees: 2 }) });
    const engine = memoryEngine(stageWorkers(() => store));
    await runPipeline(engine, { store, workers: ORCHESTRATION.workers, orchestrator, runId: 'r', execution: 'arn' });
    const { usage } = await getReport(store, 'r');
    assert.deepEqual([usage.orchestrator.unmeasured, totalUsage(usage).unmeasured], [1, 1]);
  });

  test('a task that crashes twice is tried again, and the model is the same', async () => {
    const { result: calm } = await runInMemory({});
    const crashes = new Map<string, number>();
    const { result, store } = await runInMemory({}, memoryStore(), (workers) => (name) => async (payload) => {
      const key = JSON.stringify(payload);
      crashes.set(key, (crashes.get(key) ?? 0) + 1);
      if (crashes.get(key)! < 3) throw new Error('RequestId: 1 Error: Runtime exited with error: signal: killed');
      return workers(name)(payload);
    });
    assert.deepEqual(result, calm);
    const { tasks } = await getReport(store, 'r');
    assert.deepEqual([tasks.attempts, tasks.retried], [3 * tasks.total, 2 * tasks.total]);
    // a crash tells nothing of what it used
    assert.equal(totalUsage((await getReport(store, 'r')).usage).unmeasured, 2 * tasks.total);
  });

  test('a task that cannot be finished fails the run, and the status says which and why', async () => {
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

  test('data with one class only is refused with the counts', async () => {
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
