import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../../lib/base/hash.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { PARTS } from '../../../lib/plan/cost.ts';
import { forecastUsage } from '../../../lib/plan/forecast.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { attach } from '../../../local/backend/emulator-users.ts';
import { runInMemory } from '../../helpers.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder } from '../command.ts';
import { JOB, JOB_ARGS } from './job.ts';

const expected = runInMemory({ ...JOB, features: 20 });

const readJson = async (file: string) => JSON.parse(await readFile(file, 'utf8'));

suite('arvoredo run', () => {
  test('does the whole job in processes, and gives the model that the pipeline gives in memory', async (t) => {
    const dataDir = await temporaryFolder(t);
    const json = join(dataDir, 'result.json');
    const { code, stdout, stderr } = await finish(t, [
      'run',
      '--dashboard',
      ...JOB_ARGS,
      '--data-dir',
      dataDir,
      '--json',
      json,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^watch http:\/\/127\.0\.0\.1:\d+$/m);
    const { result } = await expected;
    const written = await readJson(json);
    assert.equal(written.model.sha256, result.sha256);
    assert.equal(written.accuracy, result.accuracy);
    assert.match(stdout, new RegExp(`Accuracy: ${result.accuracy!.toFixed(4)}`));
    assert.deepEqual(written.rows, { total: 8000, train: 7200, test: 800 });
    assert.equal(written.tasks.total, 4 + 5 + 3 + 4);
    assert.equal(written.chaos, undefined);
    for (const part of ['total', 'startup', 'generate', 'split', 'train', 'evaluate'])
      assert.ok(written.seconds[part] > 0, part);
    assert.ok(written.seconds.generate + written.seconds.train < written.seconds.total);
    assert.match(stderr, /generate +4\/4 tasks/);

    // what is counted agrees with the forecast; seconds depend on the machine
    const expectedUsage = forecastUsage(planRun(written.params));
    for (const part of PARTS) {
      const { s3Writes, bytesWritten, durableOperations, ...used } = written.usage[part];
      const forecast = expectedUsage[part];
      // looks at what is slow come when a stage takes longer than two seconds
      const looks = durableOperations - forecast.durableOperations;
      assert.ok(looks >= 0 && looks <= (part === 'orchestrator' ? 40 : 0), `${part}: ${looks} operations more`);
      assert.ok(used.gbSeconds > 0 && used.unmeasured === 0, part);
      if (part === 'orchestrator') continue; // it resumes as completions fall
      assert.deepEqual([s3Writes, used.invocations], [forecast.s3Writes, forecast.invocations], part);
      assert.ok(used.s3Reads <= forecast.s3Reads && used.s3Reads > 0.6 * forecast.s3Reads, part);
      const ratio = bytesWritten / forecast.bytesWritten;
      assert.ok(ratio > 0.7 && ratio < 1.5, `${part}: ${bytesWritten} bytes written`);
    }
    assert.match(
      stdout,
      /on AWS +about \$0\.00\d\d for what this used; the forecast was \$0\.00\d\d\n +generate \d+ · /,
    );

    const model = await readFile(written.modelPath);
    assert.equal(sha256(model), result.sha256);
    assert.equal(decodeModel(model).trees.length, 24);
    assert.equal((await readJson(written.reportPath)).accuracy, result.accuracy);
    assert.match(
      await readFile(written.reportPagePath, 'utf8'),
      new RegExp(`class="big">${result.accuracy!.toFixed(4)}<`),
    );
    assert.match(stdout, /report +.*report\.html\n/);
    assert.deepEqual(await leftOver(dataDir), []);

    const again = await finish(t, ['run', '--quiet', '--run-id', written.runId, '--data-dir', dataDir]);
    assert.deepEqual([again.code, again.stdout], [0, `Accuracy: ${result.accuracy!.toFixed(4)}\n`]);
  });

  test('two first commands at once share the emulator that one of them starts', async (t) => {
    const dataDir = await temporaryFolder(t);
    const args = ['run', '--quiet', '--samples', '300', '--trees', '2', '--data-dir', dataDir, '--run-id', 'both'];
    const [first, second] = await Promise.all([finish(t, args), finish(t, args)]);
    assert.deepEqual([first.code, second.code], [0, 0], first.stderr + second.stderr);
    assert.equal(first.stdout, second.stdout);
    const started = (await eventsOf(dataDir)).filter((event) => event.type === 'executionStarted');
    assert.equal(started.length, 1);
  });

  test('a file of the emulator that is damaged ends it with its name', async (t) => {
    const dataDir = await temporaryFolder(t);
    const file = join(dataDir, 'lambda', 'events', '1-x.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '{"requestId":"x"');
    const { code, stderr } = await finish(t, ['run', '--data-dir', dataDir]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error event .*\/lambda\/events\/1-x\.json cannot be read: .*; remove the file to start without it/m,
    );
  });

  test('words for nothing are understood', async (t) => {
    const dataDir = await temporaryFolder(t);
    const json = join(dataDir, 'result.json');
    const words = ['--max-depth', 'none', '--weights', 'equal', '--shift', 'random', '--scale', 'random'];
    const args = ['--samples', '300', '--trees', '2', ...words, '--data-dir', dataDir, '--json', json];
    const { code, stderr } = await finish(t, ['run', ...args]);
    assert.equal(code, 0, stderr);
    const { params } = await readJson(json);
    assert.deepEqual([params.maxDepth, params.weights, params.shift, params.scale], [null, null, null, null]);
  });

  test('the run that started an emulator waits for others that use it', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { child, done } = start(t, ['run', '--samples', '300', '--trees', '2', '--data-dir', dataDir]);
    let told = '';
    child.stderr!.on('data', (text: string) => (told += text));
    const detach = await attach(dataDir);
    while (!told.includes('another run uses this emulator')) {
      assert.equal(child.exitCode, null);
      await sleep(20);
    }
    await sleep(500);
    assert.equal(child.exitCode, null); // still there
    await detach();
    assert.equal((await done).code, 0);
    assert.deepEqual(await leftOver(dataDir), []);
  });

  test('refuses to go on with a run under other parameters', async (t) => {
    const dataDir = await temporaryFolder(t);
    const small = [
      '--samples',
      '200',
      '--chunk-size',
      '100',
      '--trees',
      '2',
      '--data-dir',
      dataDir,
      '--run-id',
      'mine',
    ];
    assert.equal((await finish(t, ['run', ...small])).code, 0);
    const { code, stderr } = await finish(t, ['run', ...small, '--seed', '9']);
    assert.deepEqual([code, /run mine exists with seed 0, got 9/.test(stderr)], [2, true], stderr);
  });

  test('wrong data fail the run with 2, the task and the reason, without a hint to resume', async (t) => {
    const dataDir = await temporaryFolder(t);
    const args = ['--samples', '200', '--weights', '1,0', '--flip-y', '0', '--data-dir', dataDir];
    const { code, stderr } = await finish(t, ['run', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /error task bins failed once; last: InputError: the labels have one class only/);
    assert.doesNotMatch(stderr, /resume it with/); // it could only fail again
    assert.doesNotMatch(stderr, /\n\s+at /); // no stack trace
    // going on runs into the same wall: told anew, not read from the last time
    const [, runId] = /^run (\S+)/m.exec(stderr)!;
    const again = await finish(t, ['run', '--run-id', runId, '--data-dir', dataDir]);
    assert.match(again.stderr, /split +0\/2 tasks[\s\S]*task bins failed once/);
  });
});

suite('arvoredo run with an impossible folder or endpoint', () => {
  test('a wrong option leaves no folder', async (t) => {
    const dataDir = join(await temporaryFolder(t), 'data');
    const { code, stdout, stderr } = await finish(t, ['run', '--on', 'mars', '--data-dir', dataDir]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, /^error --on must be local or aws, got "mars"/);
    await assert.rejects(access(dataDir));
  });

  test('a folder that cannot be made', async (t) => {
    const path = join(process.platform === 'linux' ? '/proc' : '/dev/null', 'x', 'y');
    const { code, stderr } = await finish(t, ['run', '--data-dir', path]);
    assert.equal(code, 2);
    assert.match(stderr, /^error --data-dir .* cannot be used: E/);
  });

  test('an endpoint that cannot be reached is named, without a stack trace', async (t) => {
    const endpoint = 'http://127.0.0.1:9';
    const env = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_MAX_ATTEMPTS: '1',
    };
    const { code, stderr } = await finish(t, ['run', '--on', 'aws'], env);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'error cannot reach 127.0.0.1:9: nothing listens there; is the emulator running, and is AWS_ENDPOINT_URL correct?\n',
    );
  });
});
