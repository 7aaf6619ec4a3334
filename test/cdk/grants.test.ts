import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { GRANTS } from '../../cdk/grants.ts';
import type { FunctionName, WorkerName } from '../../functions/manifest.ts';
import type { Orchestrator } from '../../lib/fanout/orchestrator.ts';
import { RandomForestClassifier } from '../../lib/forest/classifier.ts';
import { decodeModel } from '../../lib/forest/model-file.ts';
import { parseRunParams } from '../../lib/plan/params.ts';
import { type PredictionTask, runPrediction } from '../../lib/predict/job.ts';
import { startPrediction } from '../../lib/predict/request.ts';
import { doPredictionTask } from '../../lib/predict/tasks.ts';
import { runPipeline } from '../../lib/run/pipeline.ts';
import { cancelRun, listRuns, startRun, viewRun } from '../../lib/run/run.ts';
import { predictionKeys } from '../../lib/store/keys.ts';
import type { Store } from '../../lib/store/store.ts';
import { memoryEngine, ORCHESTRATION, stageWorkers } from '../helpers.ts';
import { memoryObjects } from '../memory-objects.ts';
import { memoryStore } from '../memory-store.ts';

// A table that is too narrow shows on AWS only, where the emulator's S3 asks for no rights. Here a run meets it.

/** Whether an IAM pattern covers a key: `*` stands for any characters, `/` included. */
function covers(pattern: string, key: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\+?^$()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(key);
}

/** The store as a function sees it that has the rights of its row of the table. */
function guard(store: Store, name: FunctionName): Store {
  const { read, write, remove = [] } = GRANTS[name];
  const check = (verb: string, patterns: readonly string[], key: string) =>
    assert.ok(
      patterns.some((pattern) => covers(pattern, key)),
      `${name} may not ${verb} ${key}`,
    );
  return {
    async get(key) {
      check('read', read, key);
      return store.get(key);
    },
    async create(key, bytes) {
      check('write', write, key);
      return store.create(key, bytes);
    },
    async replace(key, bytes) {
      check('write', write, key);
      await store.replace(key, bytes);
    },
    async list(prefix) {
      return store.list(prefix);
    },
    async listFolders(prefix) {
      return store.listFolders(prefix);
    },
    async remove(key) {
      check('remove', remove, key);
      await store.remove(key);
    },
  };
}

const workersOn = (store: Store) => memoryEngine(stageWorkers((name) => guard(store, name as WorkerName)));
const params = parseRunParams({ samples: 300, features: 4, informative: 2, chunkSize: 100, trees: 3 });
const orchestrator: Orchestrator = {
  start: async (name) => name,
  state: async () => ({ state: 'running' }),
  stop: async () => {},
};

for (const [what, asked] of Object.entries({
  run: params,
  search: parseRunParams({ ...params, folds: 2, search: { grid: { maxDepth: [2, 3] }, halving: { factor: 2 } } }),
})) {
  test(`a ${what} from its start to its report stays within the rights of each function`, async () => {
    const store = memoryStore();
    const api = guard(store, 'api');
    await startRun({ store: api, orchestrator }, 'r1', asked);
    const options = { store: guard(store, 'orchestrator'), ...ORCHESTRATION, runId: 'r1', execution: 'e1' };
    const { accuracy } = await runPipeline(workersOn(store), options);
    assert.ok(accuracy! > 0.5 && accuracy! <= 1);
    assert.equal((await viewRun(api, 'r1')).state, 'succeeded');
    assert.deepEqual(await listRuns(api), ['r1']);
  });
}

test('a run that is cancelled, looked at and started again stays within them too', async () => {
  const store = memoryStore();
  const api = guard(store, 'api');
  const options = { store: guard(store, 'orchestrator'), ...ORCHESTRATION, runId: 'r1', execution: 'e1' };
  await startRun({ store: api, orchestrator }, 'r1', params);
  await cancelRun({ store: api, orchestrator }, 'r1');
  await assert.rejects(runPipeline(workersOn(store), options), { name: 'CancelledError' });
  assert.equal((await viewRun(api, 'r1')).state, 'cancelled');
  await startRun({ store: api, orchestrator }, 'r1', params);
  await runPipeline(workersOn(store), options);
  assert.equal((await viewRun(api, 'r1')).state, 'succeeded');
});

test('a prediction of a table stays within the rights of each function', async () => {
  const store = memoryStore();
  const forest = new RandomForestClassifier({ numTrees: 2 }).fit([Float32Array.of(1, 2, 3, 4)], ['a', 'a', 'b', 'b']);
  const keys = predictionKeys('p1');
  await store.create(keys.model, forest.toBytes());
  // more than the first task does at once, so that all kinds of tasks are done
  const long = `f0,note\n${`1,${'x'.repeat(1000)}\n`.repeat(4300)}`;
  const objects = memoryObjects({ 's3://tables/a.csv': long, 's3://tables/b.csv.gz': gzipSync('f0,note\n2,y\n') });
  const what = { format: 'csv' as const, explain: false, keep: [], workers: 1 };
  const request = { ...what, model: keys.model, data: ['s3://tables/*'] };
  await startPrediction(store, orchestrator, 'p1', request);
  const worker = { ...guard(store, 'evaluate'), objects };
  const load = async (key: string) => decodeModel(await worker.get(key));
  const engine = memoryEngine(() => (payload) => doPredictionTask(worker, payload as PredictionTask, load));
  const options = { store: guard(store, 'orchestrator'), sizes: [{ functionName: 'evaluate' }], predictionId: 'p1' };
  assert.equal((await runPrediction(engine, options)).numRows, 4301);
  const kinds = new Set(engine.invoked.map((task) => (task as PredictionTask).kind));
  assert.deepEqual([...kinds], ['list', 'scan', 'locate', 'predict']);
});

test('a function without a right is stopped, so that the tests above mean something', async () => {
  const store = memoryStore();
  await assert.rejects(guard(store, 'evaluate').create('runs/r1/model/model.arvo', new Uint8Array()), {
    message: 'evaluate may not write runs/r1/model/model.arvo',
  });
  await assert.rejects(guard(store, 'orchestrator').get('runs/r1/train/part-00000.arrow'), /may not read/);
});
