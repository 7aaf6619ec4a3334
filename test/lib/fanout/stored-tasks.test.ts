import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { fanOutUnfinished, findCause, unfinishedError } from '../../../lib/fanout/stored-tasks.ts';
import { memoryEngine } from '../../helpers.ts';

const tasks = ['a', 'b', 'c'].map((name) => ({ taskId: name, payload: { name }, resultKey: `results/${name}.json` }));

test('tasks whose result is in the store are not done again, and answers keep the order of the others', async () => {
  const engine = memoryEngine(() => async (payload) => (payload as { name: string }).name.toUpperCase());
  const work = { tasks, finished: new Set(['results/b.json']), worker: { sizes: [{ functionName: 'worker' }] } };
  const { pending, gathered } = await fanOutUnfinished(engine, 'work', work, {});
  assert.deepEqual(
    pending.map(({ taskId }) => taskId),
    ['a', 'c'],
  );
  assert.deepEqual(gathered.results, ['A', 'C']);
  assert.deepEqual(engine.invoked, [{ name: 'a' }, { name: 'c' }]);
});

test('the error of a fan-out names the first task that failed, how many more, and where all are listed', async () => {
  const engine = memoryEngine(() => async () => {
    throw new InputError('the rows are torn');
  });
  const work = { tasks, finished: new Set<string>(), worker: { sizes: [{ functionName: 'worker' }] } };
  const { gathered } = await fanOutUnfinished(engine, 'work', work, {});
  const { name, message } = unfinishedError(gathered, 'stage split', 'failed.json');
  assert.equal(name, 'TaskFailedError');
  assert.equal(message, 'task a failed once; last: InputError: the rows are torn; 2 more failed; see failed.json');
});

test('a fan-out that ended without a failed task says how it ended', () => {
  const counts = { failed: 0 } as Parameters<typeof unfinishedError>[0]['counts'];
  const { message } = unfinishedError({ reason: 'aborted', failed: [], counts }, 'stage split');
  assert.equal(message, 'stage split ended as aborted, although no task has failed');
});

test('the cause of an error is what a step threw, not what the durable SDK made of it', () => {
  const thrown = new InputError('row 3: no label');
  const wrapped = Object.assign(new Error('step failed', { cause: thrown }), { errorType: 'InputError' });
  assert.deepEqual(findCause(wrapped), { name: 'InputError', message: 'row 3: no label' });
  assert.deepEqual(findCause(new Error('a', { cause: thrown })), { name: 'Error', message: 'a' });
  assert.deepEqual(findCause('text'), { name: 'Error', message: 'text' });
});
