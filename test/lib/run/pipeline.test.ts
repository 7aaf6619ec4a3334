import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CancelledError, InputError, TaskFailedError } from '../../../lib/base/errors.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { oobSums, scoreOob } from '../../../lib/forest/oob.ts';
import { tableOfRows } from '../../../lib/forest/training-table.ts';
import { totalUsage } from '../../../lib/plan/cost.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import type { FailedTasks } from '../../../lib/run/failed.ts';
import { runPipeline } from '../../../lib/run/pipeline.ts';
import { type RunRequest, viewRun } from '../../../lib/run/run.ts';
import { type BinsResult, toBinEdges } from '../../../lib/stages/bins.ts';
import { gatherRows } from '../../../lib/stages/train.ts';
import { createJson, getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { getClassReport, memoryEngine, ORCHESTRATION, runInMemory, stageWorkers } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

suite('pipeline', () => {
  test('a run ends with a report whose numbers agree with each other', async () => {
    const { result, store } = await runInMemory({});
    const report = await getClassReport(store);
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

  const OPTIONS: Record<string, unknown>[] = [
    { criterion: 'entropy' },
    { maxLeafNodes: 8 },
    { minWeightFractionLeaf: 0.05 },
    { minImpurityDecrease: 0.01 },
    { minSamplesSplit: 0.1, minSamplesLeaf: 0.02 },
    { maxSamples: 0.3 },
    { classWeight: 'balanced', weights: [0.9, 0.1] },
    { classWeight: 'balanced_subsample', weights: [0.9, 0.1] },
    { classWeight: { 1: 5 } },
    { ccpAlpha: 0.01 },
    { monotonicConstraints: { 0: 1, 1: -1 } },
    { extraTrees: true },
    { extraTrees: true, bootstrap: true, criterion: 'log_loss', classes: 3, clustersPerClass: 1 },
  ];
  for (const options of OPTIONS) {
    test(`${JSON.stringify(options)}: another model than without, the same for any chunk size, workers and strategy`, async () => {
      const input = { ...options, oobScore: options.bootstrap !== false && (options.bootstrap || !options.extraTrees) };
      const { result: expected, store } = await runInMemory({ ...input, strategy: 'gather' });
      const report = await getClassReport(store);
      const { weights, classes, clustersPerClass } = options;
      const plain = await runInMemory({ weights, classes, clustersPerClass });
      assert.notEqual(expected.sha256, plain.result.sha256);
      for (const [chunkSize, workers] of [
        [37, 1],
        [600, 3],
      ]) {
        const other = await runInMemory({ ...input, chunkSize, workers, strategy: 'trees' });
        assert.deepEqual(other.result, expected);
        const { oobScore, oobCoverage, featureImportances, logLoss } = await getClassReport(other.store);
        assert.deepEqual(
          { oobScore, oobCoverage, featureImportances, logLoss },
          {
            oobScore: report.oobScore,
            oobCoverage: report.oobCoverage,
            featureImportances: report.featureImportances,
            logLoss: report.logLoss,
          },
        );
      }
    });
  }

  test('a model says which options made it, and an estimator goes on with it; the default job says nothing', async () => {
    const { store } = await runInMemory({ criterion: 'entropy', classWeight: [1, 2], seed: 5 });
    const bytes = await store.get(runKeys('r').model);
    const { options } = decodeModel(bytes);
    const { criterion, classWeight, seed, numTrees } = options!;
    assert.deepEqual([criterion, classWeight, seed, numTrees], ['entropy', [[0, 1], [1, 2]], 5, 6]); // biome-ignore format: one case
    const found = [...RandomForestClassifier.fromBytes(bytes).featureImportances];
    assert.deepEqual(found, (await getClassReport(store)).featureImportances);
    const random = await runInMemory({ extraTrees: true, bootstrap: true });
    const stored = decodeModel(await random.store.get(runKeys('r').model)).options!;
    assert.deepEqual([stored.splitter, stored.bootstrap], ['random', true]);
    const byDefault = await runInMemory({ trees: 100, oobScore: true });
    assert.equal(decodeModel(await byDefault.store.get(runKeys('r').model)).options, null);
  });

  for (const engine of ['arvoredo', 'ml-random-forest']) {
    test(`engine ${engine}: the out-of-bag score is that of all trees at once, and changes no byte of the model`, async () => {
      const input = { engine, samples: 300, flipY: 0.2, testSize: 0.5 };
      const { result: without } = await runInMemory(input);
      const { result, store } = await runInMemory({ ...input, oobScore: true, strategy: 'trees', workers: 3 });
      assert.equal(result.sha256, without.sha256);
      const plan = planRun((await getJson<RunRequest>(store, runKeys('r').run)).params);
      const [rows, bins] = await Promise.all([
        gatherRows(store, plan, 'r'),
        getJson<BinsResult>(store, runKeys('r').binsResult),
      ]);
      const table = tableOfRows(rows, toBinEdges(bins.edges), 2);
      const { trees } = decodeModel(await store.get(runKeys('r').model));
      const { score, coverage } = scoreOob(table.target, oobSums(table, plan.forest, trees, 0));
      const { oobScore, oobCoverage } = await getClassReport(store);
      assert.deepEqual([oobScore, oobCoverage], [score, coverage]);
      // trees of other bags would know their rows by heart
      assert.ok(coverage > 0.8 && coverage < 1 && score > 0.55 && score < 0.85, `${score} of ${coverage}`);
    });
  }

  test('without bootstrap or oobScore there is no out-of-bag score', async () => {
    const { store } = await runInMemory({});
    const { oobScore, oobCoverage, featureImportances } = await getClassReport(store);
    assert.deepEqual([oobScore, oobCoverage], [null, null]);
    assert.equal(featureImportances.length, 5);
    assert.ok(Math.abs(featureImportances.reduce((sum, share) => sum + share) - 1) < 1e-12);
    assert.deepEqual(
      (await store.list('runs/r/trees/')).filter((key) => key.includes('oob')),
      [],
    );
  });

  test('a last chunk of one row, and a chunk size larger than the data, are fine', async () => {
    const { result: whole, invoked, store } = await runInMemory({ samples: 101, chunkSize: 1000 });
    const inTwo = await runInMemory({ samples: 101, chunkSize: 100 });
    assert.deepEqual(inTwo.result, whole);
    const scoresOf = async (from: typeof store) => {
      const { confusion, logLoss, brier, rocAuc, rocAucError } = await getClassReport(from);
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

  test('what another sandbox of the orchestrator used is said to be unknown', async () => {
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

  test('what an execution that was stopped did in its last stage is said to be unknown', async () => {
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
    const { tasks } = await getClassReport(store);
    assert.deepEqual([tasks.attempts, tasks.retried], [3 * tasks.total, 2 * tasks.total]);
    // a crash tells nothing of what it used
    assert.equal(totalUsage((await getClassReport(store)).usage).unmeasured, 2 * tasks.total);
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

  test('a run notes every task that failed, with its input and errors, and does only those again', async () => {
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
    assert.deepEqual(rest, { runId: 'r', execution: 'arn', stage: 'split', reason: 'tooManyFailed', numTasks: 6, numDone: 4, numFailed: 2 }); // biome-ignore format: one line
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
    assert.deepEqual(split, tasks.map(({ payload }) => payload)); // biome-ignore format: one line
    assert.deepEqual(result, (await runInMemory({})).result);
  });

  test('a task that runs out of memory goes on in the larger function, with the same model', async () => {
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

  test('a worker that finds the run cancelled ends it, and it goes on to the same model', async () => {
    const store = memoryStore();
    const cancelled = runInMemory({}, store, (workers) => (name) => async (payload) => {
      if (name === 'train') throw new CancelledError('run r was cancelled');
      return workers(name)(payload);
    });
    await assert.rejects(cancelled, CancelledError);
    assert.equal((await viewRun(store, 'r')).state, 'cancelled');
    assert.deepEqual((await runInMemory({}, store)).result, (await runInMemory({})).result);
  });

  test('a run that passes its deadline ends, says where it is, and resumes', async (t) => {
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

  test('more chunks than one execution takes are divided, to the same model', async () => {
    const { result: calm } = await runInMemory({ samples: 1200 });
    const { result, store } = await runInMemory({ samples: 1200, chunkSize: 1 });
    assert.deepEqual(result, calm);
    const { tasks } = await getClassReport(store);
    assert.equal(tasks.total, 3600 + 3);
    assert.equal(tasks.attempts, tasks.total);
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
