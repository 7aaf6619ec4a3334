import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { answerReport } from '../../../functions/shared/report-answer.ts';
import type { Report } from '../../../lib/report/report.ts';

const reportOf = (numTasks: number) =>
  ({
    runId: 'r',
    timeline: Array.from({ length: numTasks }, (_, i) => ({ taskId: `generate-${i}`, sandbox: 's' })),
  }) as unknown as Report;

test('a report is answered as it is, and packed where an answer could not hold it', () => {
  const small = answerReport({ headers: {} }, reportOf(10));
  assert.deepEqual([small.isBase64Encoded, JSON.parse(small.body!)], [undefined, reportOf(10)]);
  const large = reportOf(200_000);
  const { isBase64Encoded, headers, body } = answerReport({ headers: { 'accept-encoding': 'br, gzip' } }, large);
  assert.deepEqual([isBase64Encoded, headers?.['content-encoding']], [true, 'gzip']);
  assert.ok(body!.length < 5 * 1024 * 1024);
  assert.deepEqual(JSON.parse(gunzipSync(Buffer.from(body!, 'base64')).toString()), large);
  assert.throws(() => answerReport({ headers: {} }, large), {
    name: 'InputError',
    message: /^the report has \d+ bytes, more than an answer holds; send accept-encoding: gzip$/,
  });
});
