import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { RunView } from '../../../lib/run/run.ts';
import type { EmulatorInfo } from '../../../local/emulator/options.ts';
import { until } from '../../until.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder } from '../command.ts';

const JOB = { samples: 3000, chunkSize: 1000, trees: 5, workers: 2 };
const JOB_ARGS = ['--samples', '3000', '--chunk-size', '1000', '--trees', '5', '--workers', '2'];
const ACCESS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };

/** Keep an emulator up for a test. */
async function up(
  t: TestContext,
  ...args: string[]
): Promise<EmulatorInfo & { dataDir: string; stop: () => Promise<number | null>; said: () => Promise<string> }> {
  const dataDir = await temporaryFolder(t);
  const json = join(dataDir, 'endpoints.json');
  const { child, done } = start(t, ['local', '--data-dir', dataDir, '--json', json, ...args]);
  const stop = async () => {
    child.kill('SIGINT');
    return (await done).code;
  };
  const text = await until('the emulator to start', async () => {
    const written = await readFile(json, 'utf8').catch(() => '');
    return written.endsWith('\n') && written;
  });
  return { ...JSON.parse(text), dataDir, stop, said: async () => (await done).stderr };
}

const post = (api: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${api}/runs`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

async function view(api: string, runId: string): Promise<RunView> {
  return (await fetch(`${api}/runs/${runId}`)).json() as Promise<RunView>;
}

function waitFor(api: string, runId: string): Promise<RunView> {
  return until(`run ${runId} to end`, async () => {
    const run = await view(api, runId);
    return run.state !== 'queued' && run.state !== 'running' && run;
  });
}

suite('arvoredo local', () => {
  test('the API starts a run, tells how it is, and a client token starts it once', async (t) => {
    const { api, stop, dataDir } = await up(t, '--port', '18788');
    const first = await post(api, { ...JOB, clientToken: 'order-17' });
    assert.equal(first.status, 202);
    const { runId } = (await first.json()) as { runId: string };
    const again = await post(api, JOB, { 'idempotency-key': 'order-17' });
    assert.deepEqual([again.status, await again.json()], [202, { runId }]);
    const other = await post(api, { ...JOB, seed: 5, clientToken: 'order-17' });
    assert.equal(other.status, 409);

    const run = await waitFor(api, runId);
    assert.equal(run.state, 'succeeded');
    assert.ok(run.accuracy! > 0.7);
    assert.match(run.model!.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(
      run.stages.map(({ name, numDone, numTasks }) => [name, numDone, numTasks]),
      [
        ['generate', 3, 3],
        ['split', 4, 4],
        ['train', 2, 2],
        ['evaluate', 3, 3],
      ],
    );
    assert.deepEqual(await (await fetch(`${api}/runs`)).json(), { runs: [{ runId }] });
    assert.equal(await stop(), 0);
    assert.deepEqual(await leftOver(dataDir), []);
  });

  test('the API refuses what is wrong with the proper status', async (t) => {
    const { api } = await up(t, '--port', '18808');
    const refused: [body: unknown, status: number, message: RegExp][] = [
      [{ samples: -1 }, 400, /samples must be an integer/],
      [{ tree: 5 }, 400, /unknown parameter "tree"/],
      [{ runId: '../x' }, 400, /run id must be/],
      [{ clientToken: 5 }, 400, /clientToken must be a string/],
      [[], 400, /body must be a JSON object/],
    ];
    for (const [body, status, message] of refused) {
      const answer = await post(api, body);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      assert.deepEqual([answer.status, error.code], [status, 'InputError']);
      assert.match(error.message, message);
    }
    const none = await fetch(`${api}/runs/none`);
    assert.deepEqual(
      [none.status, await none.json()],
      [404, { error: { code: 'NotFoundError', message: 'run none does not exist' } }],
    );
    assert.equal((await fetch(`${api}/elsewhere`)).status, 404);
  });

  test('DELETE cancels a run, and the command line goes on with it in the running emulator', async (t) => {
    const { api, dataDir } = await up(t, '--port', '18828');
    const job = { ...JOB, samples: 60_000, trees: 40, runId: 'long' };
    assert.equal((await post(api, job)).status, 202);
    await until('the second stage', async () => (await view(api, 'long')).stages.length >= 2);
    const cancelled = (await (await fetch(`${api}/runs/long`, { method: 'DELETE' })).json()) as RunView;
    assert.equal(cancelled.state, 'cancelled');
    await sleep(1000);
    const after = await view(api, 'long');
    assert.deepEqual([after.state, after.stages.some(({ name }) => name === 'evaluate')], ['cancelled', false]);

    // a named run goes on with its own parameters, over the API and on the command line
    assert.equal((await post(api, { runId: 'long', seed: 9 })).status, 409);
    assert.equal((await post(api, { runId: 'long' })).status, 202);
    const { code, stderr } = await finish(t, ['run', '--data-dir', dataDir, '--run-id', 'long', '--quiet']);
    assert.equal(code, 0, stderr);
    assert.equal((await view(api, 'long')).state, 'succeeded');
  });

  test('run --on aws drives a stack: here the emulator stands in for AWS', async (t) => {
    const { lambda, s3, cloudFormation, stack, dataDir, functions } = await up(t, '--port', '18848');
    const env = {
      ...ACCESS,
      AWS_ENDPOINT_URL_LAMBDA: lambda,
      AWS_ENDPOINT_URL_S3: s3,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
    };
    const json = join(dataDir, 'aws.json');
    const { code, stdout, stderr } = await finish(
      t,
      ['run', '--on', 'aws', '--dashboard', '--stack', stack, ...JOB_ARGS, '--json', json],
      env,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /s3:\/\/arvoredo\/runs\/.*\/model\/model\.arvo/);
    assert.match(stdout, /s3:\/\/arvoredo\/runs\/.*\/report\.html/);
    assert.match(stderr, /^watch http:\/\/127\.0\.0\.1:\d+$/m);
    const onAws = JSON.parse(await readFile(json, 'utf8'));
    const local = join(dataDir, 'local.json');
    await finish(t, ['run', '--data-dir', dataDir, ...JOB_ARGS, '--json', local]);
    assert.equal(onAws.model.sha256, JSON.parse(await readFile(local, 'utf8')).model.sha256);

    const unknown = await finish(t, ['run', '--on', 'aws', '--stack', 'Nowhere'], env);
    assert.deepEqual([unknown.code, /stack Nowhere does not exist/.test(unknown.stderr)], [2, true], unknown.stderr);

    // a task that no orchestrator would send is refused at the function's edge
    const client = new LambdaClient({
      endpoint: lambda,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const name = functions.find((each) => each.endsWith('generate'));
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: name, Payload: '{"runId":"x","chunkIndex":-1}' }),
    );
    assert.deepEqual(
      [FunctionError, /InputError: task chunkIndex/.test(Buffer.from(Payload!).toString())],
      ['Unhandled', true],
    );
  });

  test('a port in use is passed over, and the next free one is said', async (t) => {
    const blocker = createServer().listen(18868, '127.0.0.1');
    t.after(() => blocker.close());
    const { lambda, s3, stop, said } = await up(t, '--port', '18868');
    assert.equal(new URL(s3).port, '18869');
    assert.notEqual(new URL(lambda).port, '18869');
    await stop();
    assert.match(await said(), /port 18868 is taken: 18869 is used/);
  });

  test('two emulators cannot share a folder', async (t) => {
    const { dataDir } = await up(t, '--port', '18888');
    const { code, stderr } = await finish(t, ['local', '--data-dir', dataDir]);
    assert.deepEqual([code, /an emulator \(process \d+\) already uses/.test(stderr)], [2, true], stderr);
  });

  test('when every delivery comes twice, at a slow ramp, the model is the same', async (t) => {
    const models = [];
    for (const args of [[], ['--duplicates', '1', '--duplicates-seed', '3', '--ramp', '50']]) {
      const { api, dataDir, stop } = await up(t, ...args);
      assert.equal((await post(api, { ...JOB, runId: 'twice' })).status, 202);
      const { state, model } = await waitFor(api, 'twice');
      assert.equal(state, 'succeeded');
      models.push(model?.sha256);
      await stop();
      const generated = (await eventsOf(dataDir)).filter(
        (event) => event.type === 'invokeStarted' && event.functionName === 'arvoredo-generate',
      );
      assert.equal(generated.length, args.length > 0 ? 6 : 3);
    }
    assert.match(models[0]!, /^[0-9a-f]{64}$/);
    assert.equal(models[1], models[0]);
  });

  test('a share or a pace that is none is refused', async (t) => {
    for (const args of [
      ['--duplicates', '2'],
      ['--duplicates', 'x'],
      ['--ramp', '0'],
      ['--duplicates-seed', '-1'],
    ]) {
      const { code, stderr } = await finish(t, ['local', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, / must be /);
    }
  });

  test('a template or a file that cannot be there, or an option without the one that it is for, is refused', async (t) => {
    for (const [args, message] of [
      [['--template', '/nowhere'], /\/nowhere\/manifest.json cannot be read: .*; run: npm run synth/],
      [['--stack', 'Grove'], /--stack needs --template/],
      [['--duplicates-seed', '3'], /--duplicates-seed requires --duplicates/],
      [['--json', '/nowhere/z.json'], /--json \/nowhere\/z.json cannot be written: ENOENT/],
    ] as const) {
      const { code, stderr } = await finish(t, ['local', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});
