import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { runInMemory } from '../../helpers.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder, timesDone, waitForEvent } from '../command.ts';
import { JOB, JOB_ARGS } from './job.ts';

const expected = runInMemory({ ...JOB, features: 20 });

const readJson = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

suite('arvoredo run, killed or cancelled', () => {
  for (const victim of ['train', 'orchestrator']) {
    test(`survives kill -9 of a process of ${victim}`, async (t) => {
      const dataDir = await temporaryFolder(t);
      const json = join(dataDir, 'result.json');
      const { done } = start(t, ['run', ...JOB_ARGS, '--data-dir', dataDir, '--json', json]);
      const pid = await waitForEvent(dataDir, (events) => {
        if (!events.some((event) => event.type === 'invokeStarted' && event.functionName.endsWith('train')))
          return undefined;
        const started = events.filter((event) => event.type === 'invokeStarted' && event.functionName.endsWith(victim));
        return (started.at(-1) as { pid: number } | undefined)?.pid;
      });
      process.kill(pid, 'SIGKILL');
      const { code, stderr } = await done;
      assert.equal(code, 0, stderr);
      const { model, tasks } = await readJson(json);
      assert.equal(model.sha256, (await expected).result.sha256);
      if (victim === 'train') assert.equal(tasks.retried, 1);
      const crashed = (await eventsOf(dataDir)).filter(
        (event) => event.type === 'sandboxExited' && event.reason === 'crashed',
      );
      assert.deepEqual(
        crashed.map((event) => (event as { pid: number }).pid),
        [pid],
      );
    });
  }

  for (const stage of ['generate', 'split', 'train', 'evaluate']) {
    test(`resumes after kill -9 of the emulator during ${stage}: same model, no task repeated`, async (t) => {
      const dataDir = await temporaryFolder(t);
      const json = join(dataDir, 'result.json');
      const { child, done } = start(t, ['run', ...JOB_ARGS, '--data-dir', dataDir, '--run-id', 'again']);
      await waitForEvent(dataDir, (events) =>
        events.find((event) => event.type === 'invokeStarted' && event.functionName.endsWith(stage)),
      );
      child.kill('SIGKILL');
      assert.equal((await done).code, null);
      assert.deepEqual(await leftOver(dataDir), [], 'processes left after the kill');
      const before = timesDone(await eventsOf(dataDir));

      const { code, stderr } = await finish(t, ['run', '--data-dir', dataDir, '--run-id', 'again', '--json', json]);
      assert.equal(code, 0, stderr);
      assert.equal((await readJson(json)).model.sha256, (await expected).result.sha256);
      const after = timesDone(await eventsOf(dataDir));
      assert.equal(after.size, 16);
      for (const task of before.keys()) assert.equal(after.get(task), 1, `${task} was done again`);
    });
  }

  test('does not resume a killed run before its id is given', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { child, done } = start(t, ['run', ...JOB_ARGS, '--data-dir', dataDir, '--run-id', 'killed']);
    await waitForEvent(dataDir, (events) => (timesDone(events).size > 2 ? true : undefined));
    child.kill('SIGKILL');
    await done;
    const ofKilled = async () =>
      [...timesDone(await eventsOf(dataDir)).keys()].filter((task) => task.includes('killed'));
    const before = await ofKilled();
    const small = ['--samples', '200', '--trees', '2', '--data-dir', dataDir];
    assert.equal((await finish(t, ['run', ...small, '--run-id', 'other'])).code, 0);
    assert.deepEqual(await ofKilled(), before);
  });

  test('ends on Ctrl-C with 130 and without processes, and resumes by its id', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { child, done } = start(t, ['run', ...JOB_ARGS, '--data-dir', dataDir]);
    await waitForEvent(dataDir, (events) =>
      events.find((event) => event.type === 'invokeStarted' && event.functionName.endsWith('split')),
    );
    child.kill('SIGINT');
    const { code, stderr } = await done;
    assert.equal(code, 130);
    const [, runId] = /resume it with: node dist\/arvoredo.mjs run .*--run-id (\S+)/.exec(stderr)!;
    assert.deepEqual(await leftOver(dataDir), []);
    const json = join(dataDir, 'result.json');
    assert.equal((await finish(t, ['run', '--data-dir', dataDir, '--run-id', runId, '--json', json])).code, 0);
    assert.equal((await readJson(json)).model.sha256, (await expected).result.sha256);
  });

  test('ends like on Ctrl-C when its terminal closes', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { child, done } = start(t, ['run', ...JOB_ARGS, '--data-dir', dataDir]);
    await waitForEvent(dataDir, (events) => events.find((event) => event.type === 'invokeStarted'));
    child.kill('SIGHUP');
    const { code, stderr } = await done;
    assert.deepEqual([code, /resume it with: /.test(stderr)], [130, true], stderr);
    assert.deepEqual(await leftOver(dataDir), []);
  });
});
