import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import * as v from 'valibot';
import { parseFailure } from '../../../lib/fanout/error-class.ts';

/** An S3 that slows everyone down. */
const server = createServer((_, response) =>
  response
    .writeHead(503)
    .end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'),
).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
after(() => server.close() && server.closeAllConnections());

process.env.BUCKET = 'bucket';
process.env.AWS_REGION = 'us-east-1';
process.env.AWS_ACCESS_KEY_ID = 'a';
process.env.AWS_SECRET_ACCESS_KEY = 'b';
process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1024';
process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const { taskHandler } = await import('../../../functions/shared/worker.ts');

const handler = taskHandler(v.strictObject({ runId: v.string() }), async () => {});
const failureOf = async (event: unknown, remainingMs?: number) => {
  const context = remainingMs === undefined ? undefined : { getRemainingTimeInMillis: () => remainingMs };
  const error: Error = await handler(event, context).then(
    () => assert.fail('it did not fail'),
    (cause) => cause,
  );
  return parseFailure(error.message);
};

test('a worker that fails sends the cause, and the end of its log and stack of this invocation', async () => {
  await failureOf({ runId: 'an earlier one' });
  const { name, message, log } = await failureOf({ runId: '../up' });
  assert.equal(name, 'InputError');
  assert.match(message, /^run id must be 1 to 59 letters/);
  assert.ok(!message.includes('log'));
  assert.match(log!, /"message":"task failed"/);
  assert.match(log!, /at checkRunId/);
  assert.ok(!log!.includes('an earlier one'));
});

test('one whose time is used up by a slow S3 ends before it is ended, and says what it waited for', async () => {
  const { name, message } = await failureOf({ runId: 'r' }, 1200);
  assert.equal(name, 'TimeoutError');
  assert.equal(message, 's3:GetObject of runs/r/run.json in bucket bucket was not answered before the deadline');
});
