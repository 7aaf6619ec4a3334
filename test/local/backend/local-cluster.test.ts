import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { transform } from 'esbuild';
import { sha256 } from '../../../lib/base/hash.ts';
import { findEmulator } from '../../../local/emulator/emulator.ts';
import {
  CancelledError,
  Client,
  InputError,
  LocalCluster,
  RandomForestClassifier,
  TaskFailedError,
  workerFunction,
} from '../../../local/index.ts';
import { until } from '../../until.ts';
import { eventsOf, finish, leftOver } from '../command.ts';

/** A folder in which scripts find the built package; the caller removes it. */
async function makeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'arvoredo-cluster-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules', 'arvoredo'));
  return folder;
}

async function project(t: TestContext): Promise<string> {
  const folder = await makeProject();
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Run a script as plain Node does, in its folder. */
function run(
  t: TestContext,
  folder: string,
  file: string,
): { child: ChildProcess; stdout: () => string; stderr: () => string } {
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, stdout: () => output.stdout, stderr: () => output.stderr };
}

/** Run a script to its end; gives what it printed. */
async function runToEnd(t: TestContext, folder: string, file: string): Promise<string> {
  const { child, stdout, stderr } = run(t, folder, file);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, stderr());
  assert.equal(stderr(), '');
  return stdout();
}

const toJavaScript = async (source: string) => (await transform(source, { loader: 'ts', target: 'node20.19' })).code;

suite("a user's scripts, with the built package", () => {
  test('the reference job prints the accuracy of arvoredo run, of the same model, and leaves no process', async (t) => {
    const folder = await project(t);
    const seed = await readFile('examples/seed.ts', 'utf8');
    const small = seed
      .replace('100_000', '2_000')
      .replace('10_000', '500')
      .replace('trees: 100', 'trees: 8')
      .replace('workers: 4', 'workers: 1')
      .replace('await client.close()', 'console.log((await forest.report()).model.sha256);\nawait client.close()');
    await writeFile(join(folder, 'seed.mjs'), small); // it has no types: as it is
    const printed = await runToEnd(t, folder, 'seed.mjs');
    const dataDir = join(folder, '.arvoredo');
    assert.deepEqual(await leftOver(dataDir), []);
    const json = join(folder, 'run.json');
    const numbers = ['--samples', '2000', '--chunk-size', '500', '--trees', '8', '--workers', '1'];
    const { code, stderr } = await finish(t, ['run', ...numbers, '--data-dir', dataDir, '--json', json, '--quiet']);
    assert.equal(code, 0, stderr);
    const { accuracy, model } = JSON.parse(await readFile(json, 'utf8'));
    assert.equal(printed, `Accuracy: ${accuracy.toFixed(4)}\n${model.sha256}\n`);
  });

  test('the futures example sums up the results of its function', async (t) => {
    const folder = await project(t);
    const script = (await readFile('examples/futures/run.ts', 'utf8')).replace('length: 16', 'length: 4');
    await writeFile(join(folder, 'run.mjs'), await toJavaScript(script.replace('1_000_000', '100_000')));
    await copyFile('examples/futures/pi.mjs', join(folder, 'pi.mjs'));
    const lines = (await runToEnd(t, folder, 'run.mjs')).trim().split('\n');
    assert.equal(lines.length, 4);
    const last = Number(/^400,000 points: pi is about (\d\.\d+)$/.exec(lines.at(-1)!)?.[1]);
    assert.ok(Math.abs(last - Math.PI) < 0.02, lines.at(-1));
  });

  test('the code of docs/client.md runs from top to bottom and prints what the page says', async (t) => {
    const folder = await project(t);
    const page = await readFile('docs/client.md', 'utf8');
    const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    assert.ok(blocks.length >= 5);
    await writeFile(join(folder, 'page.mjs'), await toJavaScript(blocks.join('\n')));
    await writeFile(join(folder, 'table.csv'), await readFile('test/fixtures/tables/breast_cancer.csv'));
    const [, file] = /^```js\n(\/\/ square\.mjs\n.*?)^```$/ms.exec(page)!;
    await writeFile(join(folder, 'square.mjs'), file);
    const printed = await runToEnd(t, folder, 'page.mjs');
    for (const [, expected] of page.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)) {
      assert.ok(printed.includes(`${expected}\n`), `the page promises ${expected}, got:\n${printed}`);
    }
    assert.deepEqual(await leftOver(join(folder, '.arvoredo')), []);
  });

  test('Ctrl-C closes the cluster of a script, which ends by the signal and leaves no process', async (t) => {
    const folder = await project(t);
    const dataDir = join(folder, 'grove');
    await writeFile(
      join(folder, 'slow.mjs'),
      'export const handler = () => new Promise((r) => setTimeout(r, 60_000));',
    );
    await writeFile(
      join(folder, 'wait.mjs'),
      `import { Client, LocalCluster } from 'arvoredo';
       const cluster = await LocalCluster.start({ dataDir: 'grove', functions: { slow: './slow.mjs' } });
       new Client(cluster).submit('slow', 1);
       console.log('ready');`,
    );
    const { child, stdout } = run(t, folder, 'wait.mjs');
    await once(child.stdout!, 'data');
    await until('the invocation', async () => {
      assert.equal(child.exitCode, null, stdout());
      return (await eventsOf(dataDir)).some(({ type }) => type === 'invokeStarted');
    });
    child.kill('SIGINT'); // it never closed its cluster, and stays up until here
    const [code, signal] = await once(child, 'close');
    assert.deepEqual([code, signal], [null, 'SIGINT']);
    assert.deepEqual(await leftOver(dataDir), []);
    assert.equal(await findEmulator(dataDir), undefined);
  });
});

suite('a cluster in this process', () => {
  let folder: string;
  let dataDir: string;
  let cluster: LocalCluster;
  let client: Client;

  before(async () => {
    folder = await makeProject();
    dataDir = join(folder, 'grove');
    const file = join(folder, 'square.mjs');
    await writeFile(
      file,
      `export async function handler(n) {
         if (n === 13) throw new RangeError('unlucky');
         if (n === 99) await new Promise(() => setInterval(() => {}, 1000));
         return n * n;
       }`,
    );
    const functions = { square: { file, memoryMiB: 256, timeoutMs: 20_000 } };
    cluster = await LocalCluster.start({ dataDir, workers: 2, functions });
    client = new Client(cluster);
  });
  after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('has a dashboard, and is the only cluster of the process in its folder', async () => {
    assert.match(cluster.dashboard!, /^http:\/\/127\.0\.0\.1:\d+$/);
    await assert.rejects(LocalCluster.start({ dataDir }), /this process has a cluster in .*: close it first/);
  });

  test('returns results of its functions, names their errors, and cancels an endless task', async () => {
    const square = workerFunction<number, number>('square');
    assert.deepEqual(await client.gather(client.map(square, [1, 2, 3, 4])), [1, 4, 9, 16]);
    await assert.rejects(
      client.submit(square, 13).result(),
      (error: Error) =>
        error instanceof TaskFailedError && /failed once; last: RangeError: unlucky/.test(error.message),
    );
    await assert.rejects(
      client.submit('none', 1).result(),
      /InputError: function none, or this alias of it, does not exist/,
    );
    const endless = client.submit(square, 99);
    await until('the task to start', () => endless.status !== 'queued');
    endless.cancel();
    await assert.rejects(endless.result(), CancelledError);
  });

  test('trains on a local file to the model that arvoredo run makes', async (t) => {
    const path = 'test/fixtures/tables/breast_cancer.csv';
    const data = await client.readData(path, { label: '30', skipRows: 1 });
    const { train, test: kept } = await client.trainTestSplit(data, { testSize: 0.2, stratify: true, seed: 1 });
    const forest = await client.fit(new RandomForestClassifier({ trees: 5 }), train);
    const json = join(folder, 'run.json');
    const options = ['--label', '30', '--skip-rows', '1', '--test-size', '0.2', '--stratify', '--seed', '1'];
    // joins the cluster of this process
    const { code, stderr } = await finish(t, [
      ...['run', '--data', path, ...options, '--trees', '5', '--data-dir', dataDir, '--json', json, '--quiet'],
    ]);
    assert.equal(code, 0, stderr);
    const { accuracy, model } = JSON.parse(await readFile(json, 'utf8'));
    assert.equal(sha256(await forest.modelBytes()), model.sha256);
    assert.equal(await forest.score(kept), accuracy);
    await assert.rejects(client.readData('no-such.csv', { label: 'x' }), /^InputError: no-such\.csv: no such file/);
  });

  test('cancels the run of an aborted fit', async (t) => {
    const stop = new AbortController();
    const data = await client.makeClassification({ samples: 10_000, features: 10 });
    const { train } = await client.trainTestSplit(data);
    // the general trainer would take many seconds
    const fitted = client.fit(new RandomForestClassifier({ trees: 500, criterion: 'entropy' }), train, {
      runId: 'r',
      signal: stop.signal,
      onProgress: ({ stage }) => stage === 'train' && stop.abort(),
    });
    await assert.rejects(fitted, /^CancelledError: run r was cancelled/);
    const status = await finish(t, ['status', 'r', '--data-dir', dataDir]);
    assert.match(status.stdout, /cancelled/);
  });

  test('can be joined by another process, whose client finds the stack that it serves', async (t) => {
    const { cloudFormation, lambda, s3 } = (await findEmulator(dataDir))!;
    await writeFile(
      join(folder, 'join.mjs'),
      `import { Client, LocalCluster } from 'arvoredo';
       const cluster = await LocalCluster.start({ dataDir: 'grove', workers: 1 });
       console.log(cluster.workers, await new Client(cluster).submit('square', 5).result());
       await cluster.close();
       await LocalCluster.start({ dataDir: 'grove', functions: { other: 'square.mjs' } }).catch((error) => console.log(error.message));
       Object.assign(process.env, {
         AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_ENDPOINT_URL_S3: '${s3}',
         AWS_ENDPOINT_URL_LAMBDA: '${lambda}', AWS_ENDPOINT_URL_CLOUDFORMATION: '${cloudFormation}',
       });
       const client = await Client.connect({ stack: 'Arvoredo', region: 'us-east-1' });
       console.log(await client.submit('square', 6).result());
       await client.readData('table.csv', { label: 'x' }).catch((error) => console.log(error.message));
       await Client.connect({ stack: 'Other', region: 'us-east-1' }).catch((error) => console.log(error.message));
       await client.close();`,
    );
    const lines = (await runToEnd(t, folder, 'join.mjs')).trim().split('\n');
    assert.equal(lines[0], '2 25');
    assert.match(lines[1], /has a cluster in .*grove without the function other; choose another dataDir/);
    assert.equal(lines[2], '36');
    assert.match(lines[3], /on AWS data must be in S3; copy it there with: aws s3 cp table\.csv s3:\/\/BUCKET\/data\//);
    assert.match(lines[4], /stack Other does not exist in us-east-1 of this account/);
  });

  test('leaves no process and no signal handler after it is closed, and its client is of no use', async () => {
    await client.close();
    await cluster.close();
    await cluster.close(); // once more changes nothing
    assert.deepEqual(await leftOver(dataDir), []);
    assert.equal(process.listenerCount('SIGINT'), 0);
    await assert.rejects(new Client(cluster).makeClassification(), /the cluster was closed/);
  });
});

test('invalid options are rejected before anything starts', async () => {
  const rejected = (options: object, message: RegExp) =>
    assert.rejects(LocalCluster.start(options), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  await rejected({ workers: 0 }, /workers must be an integer from 1 to 1000, got 0/);
  await rejected({ threads: 2 }, /unknown option of LocalCluster.start threads; known are workers/);
  await rejected({ functions: { f: 'no-such.mjs' } }, /function f: file .*no-such\.mjs does not exist/);
  await rejected({ functions: { f: 'build.ts' } }, /function f must be in a file such as f\.mjs .* bundle it first/);
  const limited = (limits: object) => ({ functions: { f: { file: 'examples/futures/pi.mjs', ...limits } } });
  await rejected(limited({ memoryMiB: 1 }), /function f: memoryMiB must be an integer from 128 to 10240, got 1/);
  await rejected(limited({ timeoutMs: -1 }), /function f: timeoutMs must be an integer from 1 to 900000, got -1/);
  await rejected(limited({ file: 5 }), /function f: file must be a path or a file URL, got 5/);
  await rejected({ functions: { f: 5 } }, /options of function f must be an object, got 5/);
  await rejected({ dataDir: 5 }, /dataDir must be the path of a folder, got 5/);
  await rejected({ dashboard: 'yes' }, /dashboard must be true or false, got "yes"/);
  await rejected([], /options of LocalCluster.start must be an object, got \[\]/);
  await rejected({ functions: { 'arvoredo-train': 'x.mjs' } }, /differs from arvoredo's own, got "arvoredo-train"/);
});
