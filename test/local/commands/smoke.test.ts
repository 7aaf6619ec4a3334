// The smoke test of a deployment, against the emulator with the synthesised template as its only input.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { ArvoredoStack, type ArvoredoStackProps } from '../../../cdk/stack.ts';
import { listRuns } from '../../../lib/run/run.ts';
import { localTarget } from '../../../local/backend/local-target.ts';
import { EVENTS_FILE } from '../../../local/dashboard/event-log.ts';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import type { Emulator } from '../../../local/emulator/options.ts';
import { newApp } from '../../cdk/synth.ts';
import { finish } from '../command.ts';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-smoke-'));
after(async () => {
  await grove.close();
  rmSync(folder, { recursive: true, force: true });
});
const distDir = resolve('dist');

async function deploy(name: string, props: ArvoredoStackProps): Promise<Emulator> {
  const outdir = join(folder, name, 'cdk.out');
  const app = newApp(outdir);
  new ArvoredoStack(app, name, { bundleDir: join(distDir, 'functions'), ...props });
  app.synth();
  const dataDir = join(folder, name, 'data');
  return startEmulator({ dataDir, workers: 2, distDir, template: { folder: outdir } });
}

/** What leads the SDKs of a command to an emulator. */
const endpointsOf = ({ s3, lambda, cloudFormation }: Emulator) => ({
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL_S3: s3,
  AWS_ENDPOINT_URL_LAMBDA: lambda,
  AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
});

let grove: Emulator;
before(async () => {
  grove = await deploy('Grove', {
    environment: 'prod',
    reservedConcurrency: { orchestrator: 4, workers: 8 },
    functionUrl: true,
  });
});

test('a stack as it is synthesised runs, predicts, cancels, goes on, gives the bytes that are made here, and is left as it was', async (t) => {
  const json = join(folder, 'smoke.json');
  const { code, stdout, stderr } = await finish(t, ['smoke', '--stack', 'Grove', '--json', json], endpointsOf(grove));
  assert.equal(code, 0, `${stdout}${stderr}`);
  const told = JSON.parse(readFileSync(json, 'utf8'));
  assert.deepEqual([told.stack, told.isSound, told.steps.length], ['Grove', true, 8]);
  for (const { isDone, seconds } of told.steps) assert.ok(isDone && seconds > 0, JSON.stringify(told));
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ {2}\d+\.\d s$/, ''));
  assert.deepEqual(steps, [
    'ok     the API knows its callers',
    'ok     a model made here',
    'ok     the function URL',
    'ok     a run',
    'ok     its model predicts',
    'ok     a run that is cancelled',
    'ok     goes on',
    'ok     all is removed again',
    'stack Grove does what it should',
  ]);
  assert.deepEqual(await listRuns(localTarget(grove).store), []);
  // what the dashboard is drawn from: of the bucket of the runs, not that of its access logs
  const events = readFileSync(join(folder, 'Grove', 'data', EVENTS_FILE), 'utf8');
  assert.match(events, /"type":"s3",[^\n]*"operation":"PutObject","key":"runs\/smoke-[^\n]*status\.json"/);
});

test('a caller whose role may not call the API is told so, and the command fails', async (t) => {
  const env = { ...endpointsOf(grove), AWS_ACCESS_KEY_ID: 'role-of-arvoredo-train' };
  const { code, stdout, stderr } = await finish(t, ['smoke', '--stack', 'Grove', '--json', '-'], env);
  assert.equal(code, 1, stdout);
  const { isSound, steps } = JSON.parse(stdout);
  assert.deepEqual(
    [isSound, steps.map(({ isDone }: { isDone: boolean }) => isDone)],
    [false, [true, true, false, true]],
  );
  assert.match(steps[2].error, /got 403/);
  assert.match(
    stderr,
    /GET \/runs at the function URL must give 200, got 403 \{"message":"Forbidden"\}; the caller needs lambda:InvokeFunctionUrl and lambda:InvokeFunction/,
  );
});

test('a stack that is open to everybody, or not there, fails the smoke test', async (t) => {
  const dataDir = join(folder, 'open');
  const open = await startEmulator({ dataDir, workers: 2, distDir });
  t.after(() => open.close());
  const { code, stderr } = await finish(t, ['smoke'], endpointsOf(open));
  assert.equal(code, 1);
  assert.match(stderr, /a request without a signature must be refused, got status 200/);
  const missing = await finish(t, ['smoke', '--stack', 'Nowhere'], endpointsOf(open));
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /stack Nowhere does not exist/);
});

test('a command whose caller has not the right is told which one, and what region has no such stack', async (t) => {
  const env = { ...endpointsOf(grove), AWS_ACCESS_KEY_ID: 'role-of-arvoredo-train' };
  const { code, stderr } = await finish(t, ['status', 'nope', '--on', 'aws', '--stack', 'Grove'], env);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error arn:\S+ is not authorized to perform s3:GetObject on arn:aws:s3:::\S+\/runs\/nope\/status\.json, because .*; ask for it/,
  );
  const elsewhere = ['runs', '--on', 'aws', '--stack', 'Other', '--region', 'eu-west-1'];
  assert.match(
    (await finish(t, elsewhere, env)).stderr,
    /^error stack Other does not exist in eu-west-1 of this account; /,
  );
});
