import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PredictionRequest, PredictionStatus } from '../../../lib/predict/request.ts';
import { NO_UNSEEN_VALUES } from '../../../lib/predict/unseen-values.ts';
import { createJson, replaceJson } from '../../../lib/store/json.ts';
import { predictionKeys } from '../../../lib/store/keys.ts';
import type { Target } from '../../../local/backend/local-target.ts';
import { predictByFunctions } from '../../../local/backend/predict-functions.ts';
import { memoryStore } from '../../memory-store.ts';

test('each stage of a prediction is told once', async () => {
  const store = memoryStore();
  const keys = predictionKeys('p');
  const stages: PredictionStatus[] = [
    { state: 'running', stage: 'list', numTasks: 1 },
    { state: 'running', stage: 'predict', numTasks: 30 },
  ];
  const result = { numRows: 3, numParts: 1, strange: NO_UNSEEN_VALUES };
  const orchestrator = {
    start: async () => {
      await replaceJson(store, keys.status, stages[0]);
      return 'arn';
    },
    state: async () => ({ state: 'running' }),
  };
  const request: PredictionRequest = {
    model: 'runs/r/model/model.arvo',
    data: ['s3://t/t.csv'],
    format: 'csv',
    explain: false,
    keep: [],
    workers: 1,
  };
  const told: PredictionStatus[] = [];
  const onStage = (status: PredictionStatus) => {
    told.push(status);
    void (told.length < stages.length
      ? replaceJson(store, keys.status, stages[told.length])
      : createJson(store, keys.result, result));
  };
  const target = { store, orchestrator } as unknown as Target;
  const { signal } = new AbortController();
  assert.deepEqual(
    await predictByFunctions(target, 'p', request, { uploads: [], on: 'local', signal, onStage }),
    result,
  );
  assert.deepEqual(told, stages);
});
