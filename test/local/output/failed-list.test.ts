import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getJson, replaceJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { listFailed } from '../../../local/output/failed-list.ts';
import { memoryStore } from '../../memory-store.ts';

/** A store in which some tasks of a run have failed. */
async function storeWith(count: number) {
  const store = memoryStore();
  const tasks = Array.from({ length: count }, (_, i) => ({
    taskId: `split-${i}`,
    attempts: i + 1,
    inputKey: `runs/r/dataset/part-0000${i}.arrow`,
    error: { name: 'TimeoutError', message: `Task timed out ${'very '.repeat(i * 20)}late` },
  }));
  await replaceJson(store, runKeys('r').failed, { stage: 'split', numTasks: 9, numDone: 9 - count, tasks });
  return store;
}

test('one failed task is told by the error alone, and none by nothing', async () => {
  assert.equal(await listFailed(await storeWith(1), 'r'), '');
  assert.equal(await listFailed(memoryStore(), 'r'), '');
});

test('several failed tasks are listed with input, attempts and cause, the first five of them', async () => {
  const lines = (await listFailed(await storeWith(7), 'r')).split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    '',
    'split: 2 of 9 tasks done, 7 failed',
    '  split-0, of runs/r/dataset/part-00000.arrow, failed once: TimeoutError: Task timed out late',
  ]);
  assert.equal(lines.length, 2 + 5 + 1);
  assert.equal(lines.at(-1), '  and 2 more');
  assert.ok(lines.every((line) => line.length < 240));
});

test('the end of the log of the first is shown, or where it is', async () => {
  const store = await storeWith(1);
  const key = runKeys('r').failed;
  const file = await getJson<{ tasks: { error: { log?: string } }[] }>(store, key);
  file.tasks[0].error.log = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
  await replaceJson(store, key, file);
  const lines = (await listFailed(store, 'r')).split('\n');
  assert.deepEqual(lines.slice(0, 3), ['', 'the end of the log of split-0:', '  line 12']);
  assert.equal(lines.at(-1), '  line 19');
});
