import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPresigned } from '../../../local/s3/presigned.ts';
import { parseRequest } from '../../../local/s3/request.ts';

const check = (query: string, now: string) => () =>
  checkPresigned(parseRequest(`/data/key?${query}`, {}), Date.parse(now));

test('a presigned URL of version 4 is good until its date and seconds have passed', () => {
  const query = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260131T235959Z&X-Amz-Expires=60&X-Amz-Signature=0';
  assert.doesNotThrow(check(query, '2026-02-01T00:00:58Z'));
  assert.throws(check(query, '2026-02-01T00:00:59Z'), { code: 'AccessDenied', status: 403 });
});

test('a presigned URL of version 2 is good until its time', () => {
  const query = `AWSAccessKeyId=a&Signature=b&Expires=${Date.parse('2026-02-01T00:00:00Z') / 1000}`;
  assert.doesNotThrow(check(query, '2026-01-31T23:59:59Z'));
  assert.throws(check(query, '2026-02-01T00:00:00Z'), { code: 'AccessDenied' });
});

test('a presigned URL whose time cannot be read is refused', () => {
  for (const query of [
    'X-Amz-Expires=60',
    'X-Amz-Date=20260131T235959Z&X-Amz-Expires=604801',
    'X-Amz-Date=20260131T235959Z&X-Amz-Expires=x',
  ])
    assert.throws(check(query, '2026-01-01T00:00:00Z'), { code: 'AuthorizationQueryParametersError' });
});
