// Faults through the real emulator: the model of the calm run, every output once, no process left, all of it told.

import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { s3Store } from '../../../lib/aws/s3-store.ts';
import type { EmulatorEvent } from '../../../local/dashboard/event-log.ts';
import { findEmulator } from '../../../local/emulator/emulator.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../../local/emulator/options.ts';
import { startS3Server } from '../../../local/s3/server.ts';
import { runInMemory } from '../../helpers.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder, waitForEvent } from '../command.ts';

const JOB = { samples: 1000, chunkSize: 500, trees: 4, workers: 1, features: 20, strategy: 'trees', seed: 2 };
const JOB_ARGS = ['--samples', '1000', '--chunk-size', '500', '--trees', '4', '--workers', '1', '--strategy', 'trees'];
const ARGS = [...JOB_ARGS, '--seed', '2'];
const expected = runInMemory(JOB);

const readJson = async (file: string): Promise<Written> => JSON.parse(await readFile(file, 'utf8'));

/** Check what a run under faults has left in its folder. */
async function check(dataDir: string, written: Written): Promise<EmulatorEvent[]> {
  const { model, accuracy, chaos, tasks, runId } = written;
  const { result, store } = await expected;
  assert.deepEqual([model.sha256, accuracy], [result.sha256, result.accuracy]);
  assert.deepEqual(await leftOver(dataDir), []);
  const events = await eventsOf(dataDir);

  const ofRun = events.filter((event) => event.type === 'fault').filter((fault) => fault.runId === runId);
  const count = (...kinds: string[]) => ofRun.filter(({ kind }) => kinds.includes(kind)).length;
  for (const kind of new Set(ofRun.map((fault) => fault.kind))) assert.equal(chaos.injected[kind], count(kind), kind);
  assert.equal(
    Object.values(chaos.injected).reduce((sum, some) => sum + some, 0),
    ofRun.length,
  );
  assert.ok(tasks.retried <= count('workerKill', 'lostResponse', 'throttle'), 'each retry follows a fault');
  assert.ok(tasks.throttled <= count('throttle'));

  const creations = events.filter((event) => event.type === 'creation');
  const created = creations.filter(({ outcome }) => outcome === 'created').map(({ key }) => key);
  assert.equal(new Set(created).size, created.length, 'an output was created twice');
  assert.equal(chaos.suppressed, creations.length - created.length);
  // no byte lost: what lies in the bucket is what the calm run made
  const server = await startS3Server({ dataDir: join(dataDir, 's3') });
  const bucket = s3Store('arvoredo', { endpoint: server.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  for (const folder of ['dataset', 'bins', 'train', 'test', 'trees', 'model', 'evaluate']) {
    for (const key of await store.list(`runs/r/${folder}/`)) {
      if (key.endsWith('.json')) continue; // they name their run
      const bytes = await bucket.get(key.replace('runs/r/', `runs/${runId}/`));
      assert.ok(Buffer.from(bytes).equals(await store.get(key)), key);
    }
  }
  await server.close();
  assert.deepEqual(server.damaged, []);
  return events;
}

interface Written {
  runId: string;
  accuracy: number;
  model: { sha256: string };
  tasks: { retried: number; throttled: number };
  chaos: { seed: number; rate: number; injected: Record<string, number>; suppressed: number };
}

async function runUnder(t: TestContext, ...args: string[]) {
  const dataDir = await temporaryFolder(t);
  const json = join(dataDir, 'result.json');
  const { code, stdout, stderr } = await finish(t, ['run', ...ARGS, '--data-dir', dataDir, '--json', json, ...args]);
  assert.equal(code, 0, stderr);
  return { dataDir, stdout, written: await readJson(json) };
}

// two at once: they wait for retries much of the time
suite('arvoredo run --chaos', { concurrency: 2 }, () => {
  for (const [seed, rate] of [
    [8, 0.1],
    [2, 0.3],
    [3, 0.3],
  ]) {
    test(`seed ${seed} at ${rate} ends as the calm run does, and tells what it met`, async (t) => {
      const args = ['--chaos', String(seed), '--chaos-rate', String(rate)];
      const { dataDir, stdout, written } = await runUnder(t, ...args);
      const { chaos } = written;
      assert.deepEqual([chaos.seed, chaos.rate, chaos.injected.restart], [seed, rate, 1]);
      const events = await check(dataDir, written);
      assert.ok(events.filter((event) => event.type === 'fault').length >= 3);
      assert.match(stdout, new RegExp(`chaos +seed ${seed}, rate ${rate}: faults \\d+, duplicates suppressed \\d+`));
      assert.match(stdout, /restart 1/);
    });
  }

  test('at rate 0 nothing is injected', async (t) => {
    const { written } = await runUnder(t, '--chaos', '--chaos-rate', '0');
    assert.deepEqual(written.chaos, { seed: 0, rate: 0, injected: {}, suppressed: 0 });
  });

  test('kill -9 of the emulator in the midst of it: the same run goes on, and what it has met still counts', async (t) => {
    const dataDir = await temporaryFolder(t);
    const json = join(dataDir, 'result.json');
    const args = ['run', ...ARGS, '--data-dir', dataDir, '--run-id', 'again', '--chaos', '5', '--chaos-rate', '0.5'];
    const { child, done } = start(t, args);
    await waitForEvent(dataDir, (events) =>
      events.find((event) => event.type === 'invokeStarted' && event.functionName.endsWith('train')),
    );
    child.kill('SIGKILL');
    assert.equal((await done).code, null);
    assert.deepEqual(await leftOver(dataDir), []);
    const { code, stderr } = await finish(t, [...args, '--json', json]);
    assert.equal(code, 0, stderr);
    const events = await check(dataDir, await readJson(json));
    const times = new Map<string, number>();
    for (const event of events) {
      if (event.type !== 'fault' || event.kind === 'restart') continue;
      const met = `${event.place} ${event.target}`;
      times.set(met, (times.get(met) ?? 0) + 1);
    }
    assert.equal(Math.max(...times.values()), 2);
  });

  test('an emulator that is up with --chaos injects faults into the runs that use it', async (t) => {
    const dataDir = await temporaryFolder(t);
    const json = join(dataDir, 'result.json');
    const { child, done } = start(t, [
      ...['local', '--data-dir', dataDir, '--workers', '1', '--port', '18908'],
      ...['--chaos', '6', '--chaos-rate', '0.3'],
    ]);
    while (!(await findEmulator(dataDir))) {
      assert.equal(child.exitCode, null);
      await sleep(50);
    }
    const args = ['run', ...ARGS, '--data-dir', dataDir];
    const { code, stderr } = await finish(t, [...args, '--json', json]);
    assert.equal(code, 0, stderr);
    const refused = await finish(t, [...args, '--chaos', '6']);
    assert.deepEqual([refused.code, /requires a new emulator/.test(refused.stderr)], [2, true], refused.stderr);
    child.kill('SIGINT');
    assert.match((await done).stdout, /chaos +seed 6, rate 0.3/);
    const { chaos } = await readJson(json);
    assert.deepEqual([chaos.seed, chaos.rate, chaos.injected.restart], [6, 0.3, undefined]);
    const events = await check(dataDir, await readJson(json));
    assert.ok(events.filter((event) => event.type === 'fault').length >= 3);
  });
});

const REFUSED: [args: string[], message: RegExp][] = [
  [['--chaos', 'x'], /error --chaos must be an integer ≥ 0, got "x"/],
  [['--chaos', '-1'], /unknown option|must be an integer ≥ 0/],
  [['--chaos', '--chaos-rate', '1.1'], /error --chaos-rate must be a number from 0 to 1, got "1\.1"/],
  [['--chaos', '--chaos-rate', 'much'], /--chaos-rate must be a number from 0 to 1, got "much"/],
  [['--chaos-rate', '0.2'], /--chaos-rate needs --chaos$/m],
];

suite('--chaos refuses', () => {
  for (const [args, message] of REFUSED) {
    test(args.join(' '), async (t) => {
      const dataDir = join(await temporaryFolder(t), 'data');
      for (const command of ['run', 'local']) {
        const { code, stderr } = await finish(t, [command, ...args, '--data-dir', dataDir]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
      await assert.rejects(access(dataDir));
    });
  }

  test('AWS', async (t) => {
    const { code, stderr } = await finish(t, ['run', '--on', 'aws', '--chaos', '3']);
    assert.deepEqual([code, /--chaos is for the emulator, not for AWS/.test(stderr)], [2, true], stderr);
  });
});
