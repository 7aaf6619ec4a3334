import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { plain } from '../s3/harness.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'arvoredo-bad-'));
const plan = { name: 'plan', codeDir: dataDir, handler: 'index.handler', memoryMiB: 128, timeoutMs: 1000 };
const service = await startLambdaService({
  functions: [{ ...plan, environment: {}, aliases: ['live'], durable: true }],
  dataDir,
});
after(async () => {
  await service.close();
  rmSync(dataDir, { recursive: true });
});

const EXECUTION = '/2025-12-01/durable-executions/arn';
const updates = (...Updates: unknown[]) => JSON.stringify({ CheckpointToken: 't', Updates });

const CASES: [name: string, method: string, path: string, body: string, status: number][] = [
  ['a path that is not UTF-8', 'GET', '/2015-03-31/functions/%ff', '', 400],
  ['a path that is no URL', 'GET', '//', '', 404],
  ['a climbing path', 'GET', '/2015-03-31/functions/..%2f..%2fetc', '', 400],
  ['a body that is not JSON', 'POST', `${EXECUTION}/checkpoint`, '{', 400],
  ['a body of null', 'POST', `${EXECUTION}/checkpoint`, 'null', 400],
  ['updates that are no list', 'POST', `${EXECUTION}/checkpoint`, '{"Updates":5}', 400],
  ['an update of null', 'POST', `${EXECUTION}/checkpoint`, updates(null), 400],
  ['an inherited type', 'POST', `${EXECUTION}/checkpoint`, updates({ Type: '__proto__', Action: 'toString' }), 400],
  [
    'a payload of a number',
    'POST',
    `${EXECUTION}/checkpoint`,
    updates({ Type: 'STEP', Action: 'FAIL', Payload: 1 }),
    400,
  ],
  [
    'an endless wait',
    'POST',
    `${EXECUTION}/checkpoint`,
    updates({ Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 1e300 } }),
    400,
  ],
  ['a marker that is no number', 'GET', `${EXECUTION}/state?Marker=x`, '', 400],
  ['a negative page', 'GET', '/2025-12-01/functions/plan/durable-executions?MaxItems=-1', '', 400],
  ['an error of null', 'POST', `${EXECUTION}/stop`, 'null', 400],
  ['an error of numbers', 'POST', `${EXECUTION}/stop`, '{"ErrorType":5}', 400],
  ['a callback that is none', 'POST', '/2025-12-01/durable-execution-callbacks/bnVsbA/succeed', '', 400],
  ['a checkpoint of 101 MiB', 'POST', `${EXECUTION}/checkpoint`, ' '.repeat(101 << 20), 400],
  ['a climbing execution name', 'POST', '/2015-03-31/functions/plan:live/invocations', '{}', 400],
];
for (const [name, method, path, body, status] of CASES) {
  test(`${name} is refused as the caller's error`, async () => {
    const answer = await plain(service.url, method, path, {
      headers: { 'x-amz-durable-execution-name': '../up' },
      body,
    });
    assert.equal(answer.status, status, answer.body.slice(0, 200));
    assert.match(String(answer.headers['x-amzn-errortype']), /^[A-Z]\w+Exception$/);
  });
}
