// What is deployed is what is tested: the template and the assets that synth writes are all that the emulator gets.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ArvoredoStack } from '../../cdk/stack.ts';
import { bundleName, FUNCTION_NAMES } from '../../functions/manifest.ts';
import { InputError } from '../../lib/base/errors.ts';
import { resolveOptions } from '../../lib/fanout/options.ts';
import type { ExecutionState } from '../../lib/fanout/orchestrator.ts';
import { parseRunParams } from '../../lib/plan/params.ts';
import { getReport, startRun, viewRun } from '../../lib/run/run.ts';
import { createJson } from '../../lib/store/json.ts';
import { localTarget } from '../../local/backend/local-target.ts';
import { startEmulator } from '../../local/emulator/emulator.ts';
import { type Emulator, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../local/emulator/options.ts';
import { runInMemory } from '../helpers.ts';
import { until } from '../until.ts';
import { type Json, newApp } from './synth.ts';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bundles-'));
const outdir = join(folder, 'cdk.out');
const MAX_BUNDLE_BYTES = 1e6;
const job = { samples: 600, chunkSize: 100, features: 5, trees: 6, workers: 2 };

let template: Json;
before(() => {
  const app = newApp(outdir);
  new ArvoredoStack(app, 'Grove', {
    bundleDir: resolve('dist/functions'),
    ownKey: true,
    schedule: { expression: 'rate(1 day)', params: job },
    uploads: { params: { label: 'sold', trees: 3, workers: 2 } },
  });
  template = app.synth().getStackByName('Grove').template;
});
after(() => rmSync(folder, { recursive: true, force: true }));

const ofType = (type: string): Json[] =>
  Object.values(template.Resources as Record<string, Json>).filter(({ Type }) => Type === type);

/** Start the emulator with a template, after a change to it. */
async function start(name: string, spoil: () => void = () => {}): Promise<Emulator> {
  spoil();
  const file = join(outdir, 'Grove.template.json');
  const original = readFileSync(file);
  writeFileSync(file, JSON.stringify(template));
  try {
    const distDir = resolve('dist');
    return await startEmulator({ dataDir: join(folder, name), workers: 2, distDir, template: { folder: outdir } });
  } finally {
    writeFileSync(file, original);
    template = JSON.parse(original.toString());
  }
}

/** Run the job to its end; gives the state of the execution, since a run that cannot even write its status has no other. */
async function run(emulator: Emulator): Promise<ExecutionState> {
  const { store, orchestrator } = localTarget(emulator);
  const { execution } = await startRun({ store, orchestrator }, 'r', parseRunParams(job));
  return until('the execution to end', async () => {
    const state = await orchestrator.state(execution!);
    return state.state !== 'running' && state;
  });
}

test('each bundle is packaged byte for byte, and has less than 1 MB', () => {
  const functions = ofType('AWS::Lambda::Function').filter(({ Properties }) =>
    /^arvoredo /.test(Properties.Description),
  );
  assert.equal(functions.length, FUNCTION_NAMES.length);
  for (const { Properties } of functions) {
    const built = `dist/functions/${bundleName(Properties.Description.slice('arvoredo '.length))}/index.mjs`;
    const packaged = join(outdir, `asset.${Properties.Code.S3Key.replace('.zip', '')}`, 'index.mjs');
    assert.deepEqual(readFileSync(packaged), readFileSync(built));
    assert.ok(statSync(packaged).size < MAX_BUNDLE_BYTES, built);
  }
});

test('a stack from the template runs under the permissions of its roles and gives the same bytes', async (t) => {
  const emulator = await start('whole');
  t.after(() => emulator.close());
  assert.equal(emulator.stack, 'Grove');
  const { state, message } = await run(emulator);
  assert.equal(state, 'succeeded', message);
  const report = await getReport(localTarget(emulator).store, 'r');
  assert.equal(report.model.sha256, (await runInMemory(job)).result.sha256);
  assert.deepEqual([report.tasks.attempts, report.tasks.retried], [report.tasks.total, 0]);
});

test('what the schedule and the bus send starts a run, and the same one however often it comes', async (t) => {
  const emulator = await start('triggers');
  const client = new LambdaClient({ endpoint: emulator.lambda, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  const { store } = localTarget(emulator);
  t.after(async () => {
    client.destroy();
    await emulator.close();
  });
  const send = async (event: string) => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: 'arvoredo-start', Payload: event }),
    );
    const answer = JSON.parse(Buffer.from(Payload!).toString());
    assert.equal(FunctionError, undefined, JSON.stringify(answer));
    return answer.runId;
  };

  const [{ Properties: schedule }] = ofType('AWS::Scheduler::Schedule');
  const sendAt = (time: string) => send(schedule.Target.Input.replace('<aws.scheduler.scheduled-time>', time));
  const first = await sendAt('2026-11-24T03:00:00Z');
  assert.equal(await sendAt('2026-11-24T03:00:00Z'), first);
  assert.notEqual(await sendAt('2026-11-25T03:00:00Z'), first);

  const [{ Properties: rule }] = ofType('AWS::Events::Rule');
  const { InputPathsMap, InputTemplate } = rule.Targets[0].InputTransformer;
  assert.deepEqual(InputPathsMap, { detail: '$.detail' });
  const key = 'data/uploads/houses.csv';
  const rows = Array.from({ length: 200 }, (_, i) => `${i},${i % 7},${i % 2 ? 'yes' : 'no'}`);
  await store.create(key, Buffer.from(['rooms,age,sold', ...rows].join('\n')));
  const object = { key, size: 1, etag: '0', sequencer: '1' };
  const sendUpload = (detail: object) => send(InputTemplate.replace('<detail>', JSON.stringify(detail)));
  const runId = await sendUpload({ version: '0', bucket: { name: emulator.bucket }, object, reason: 'PutObject' });
  assert.equal(await sendUpload({ version: '0', bucket: { name: emulator.bucket }, object }), runId);
  const ended = await until('the run to end', async () => {
    const view = await viewRun(store, runId);
    return view.state === 'queued' || view.state === 'running' ? undefined : view;
  });
  assert.equal(ended.state, 'succeeded', ended.error?.message);
  assert.equal(
    await sendUpload({ bucket: { name: emulator.bucket }, object: { ...object, key: 'data/uploads/' } }),
    null,
  );
});

test('a start that cannot be is left in the queue that the template names, with its event', async (t) => {
  const emulator = await start('undone');
  const client = new LambdaClient({ endpoint: emulator.lambda, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  t.after(async () => {
    client.destroy();
    await emulator.close();
  });
  const event = { params: { trees: 0 }, clientToken: 'a' };
  const Payload = JSON.stringify(event);
  await client.send(new InvokeCommand({ FunctionName: 'arvoredo-start', InvocationType: 'Event', Payload }));
  const [[queueId]] = Object.entries(template.Resources as Record<string, Json>).filter(
    ([, { Type }]) => Type === 'AWS::SQS::Queue',
  );
  const file = join(folder, 'undone', 'lambda', 'queues', `${queueId}.jsonl`);
  const { requestPayload, requestContext } = JSON.parse(
    await until('the event in the queue', () => existsSync(file) && readFileSync(file, 'utf8')),
  );
  assert.deepEqual([requestPayload, requestContext.approximateInvokeCount], [event, 3]);
});

test('slices are done by a function of their own, which has no right to any object', async (t) => {
  const emulator = await start('slices');
  const client = new LambdaClient({ endpoint: emulator.lambda, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  t.after(async () => {
    client.destroy();
    await emulator.close();
  });
  const { store } = localTarget(emulator);
  await createJson(store, 'runs/s/run.json', { runId: 's', params: parseRunParams(job), createdAt: '' });
  const sizes = [{ functionName: 'arvoredo-generate:1', memoryMiB: 512 }];
  const tasks = [0, 1, 2].map((chunkIndex) => ({
    taskId: `generate-${chunkIndex}`,
    payload: { runId: 's', chunkIndex },
  }));
  const keeps = { timeline: 10, failedBytes: 1000 };
  const slice = { fanOutShard: 'generate-shard-0', tasks, sizes, options: resolveOptions({}), keeps };
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: 'arvoredo-slices:1', Payload: JSON.stringify(slice) }),
  );
  const answer = JSON.parse(Buffer.from(Payload!).toString());
  assert.equal(FunctionError, undefined, JSON.stringify(answer));
  assert.deepEqual([answer.reason, answer.counts.done], ['allDone', 3]);
});

/** Every statement of the roles' policies. */
const statements = (): Json[] =>
  ofType('AWS::IAM::Policy').flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
const without = (find: (statement: Json) => boolean) => () => {
  for (const { Properties } of ofType('AWS::IAM::Policy')) {
    const { PolicyDocument } = Properties;
    PolicyDocument.Statement = PolicyDocument.Statement.filter((statement: Json) => !find(statement));
  }
};

const MISTAKES: [what: string, spoil: () => void, message: RegExp][] = [
  [
    'a right to write that is missing is named with the object',
    () => {
      const statement = statements().find(
        ({ Action, Resource }) => Action === 's3:PutObject' && /dataset/.test(JSON.stringify(Resource)),
      );
      statement.Resource = [statement.Resource].flat().filter((arn: Json) => !/dataset/.test(JSON.stringify(arn)));
    },
    /assumed-role\/EngineGenerateRole\w+\/local is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::arvoredo\/runs\/r\/dataset\/part-\d+\.\S+" because no identity-based policy allows/,
  ],
  [
    'a worker that the orchestrator may not invoke is named',
    without(({ Action }) => Action === 'lambda:InvokeFunction'),
    /not authorized to perform: lambda:InvokeFunction on resource: "arn:aws:lambda:us-east-1:000000000000:function:arvoredo-generate:1"/,
  ],
  [
    'a key that nobody may use is named',
    without(({ Action }) => [Action].flat().includes('kms:GenerateDataKey')),
    /not authorized to perform: kms:(Decrypt|GenerateDataKey) on resource: "arn:aws:kms:us-east-1:000000000000:Key\w+"/,
  ],
];
for (const [i, [what, spoil, message]] of MISTAKES.entries()) {
  test(`${what}, as the run fails here and not first on AWS`, async (t) => {
    const emulator = await start(`mistake-${i}`, spoil);
    t.after(() => emulator.close());
    const ended = await run(emulator);
    assert.equal(ended.state, 'failed');
    assert.match(ended.message!, message);
  });
}

test('a route that API Gateway may not lead to its function is refused at the start', async () => {
  const spoil = () => {
    for (const [id, { Type }] of Object.entries(template.Resources as Record<string, Json>))
      if (Type === 'AWS::Lambda::Permission') delete template.Resources[id];
  };
  await assert.rejects(start('permission', spoil), (error: unknown) => {
    assert.ok(error instanceof InputError);
    assert.match(
      error.message,
      /route POST \/runs: API Gateway is not authorized to invoke .*arvoredo-api: no permission allows it/,
    );
    return true;
  });
});
