import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrigger } from '../../../lib/run/trigger.ts';

/** `detail` of an event as S3 sends it. Source: docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const detail = (object: object = {}) => ({
  version: '0',
  bucket: { name: 'amzn-s3-demo-bucket1' },
  object: {
    key: 'data/uploads/houses.csv',
    size: 5,
    etag: 'b1946ac92492d2347c6235b4d2611184',
    sequencer: '617f08299329d189',
    ...object,
  },
  'request-id': 'N4N7GDK58NMKJ12R',
  requester: '123456789012',
  'source-ip-address': '1.2.3.4',
  reason: 'PutObject',
});
const params = { label: 'sold' };

test('an uploaded file becomes the data of a run, whose token is the version of the file', () => {
  const uri = 's3://amzn-s3-demo-bucket1/data/uploads/houses.csv';
  assert.deepEqual(parseTrigger({ params, upload: detail() }), {
    params: { label: 'sold', data: [uri] },
    clientToken: `upload ${uri} b1946ac92492d2347c6235b4d2611184`,
  });
  const versioned = parseTrigger({ params, upload: detail({ 'version-id': 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e' }) });
  assert.equal(versioned?.clientToken, `upload ${uri} IYV3p45BT0ac8hjHg1houSdS1a.Mro8e`);
});

test('two events of one upload give one token, and other bytes or another key another', () => {
  const token = (object: object) => parseTrigger({ params, upload: detail(object) })?.clientToken;
  assert.equal(token({ sequencer: '617f08299329d190' }), token({}));
  assert.notEqual(token({ etag: '0' }), token({}));
  assert.notEqual(token({ key: 'data/uploads/other.csv' }), token({}));
});

test('what is no table starts nothing', () => {
  for (const key of ['data/uploads/', 'data/uploads/_SUCCESS', 'data/uploads/.part-0.crc']) {
    assert.equal(parseTrigger({ params, upload: detail({ key }) }), undefined);
  }
});

test('a key that would be read as a pattern of others is refused', () => {
  for (const key of ['data/uploads/*.csv', 'data/uploads/a?.csv']) {
    assert.throws(() => parseTrigger({ params, upload: detail({ key }) }), {
      name: 'InputError',
      message: `a file's name must be without * and ?, got ${JSON.stringify(key)}; rename it`,
    });
  }
});

test('a time starts what it brings, and anything else is refused', () => {
  assert.deepEqual(parseTrigger({ params, clientToken: 'schedule 1' }), { params, clientToken: 'schedule 1' });
  const wrong: unknown[] = [
    undefined,
    null,
    [],
    {},
    { params },
    { params, clientToken: '' },
    { params, clientToken: 'a', more: 1 },
  ];
  wrong.push({ params: 'all', clientToken: 'a' }, { params, upload: {} }, { params, upload: detail({ etag: 7 }) });
  for (const event of wrong)
    assert.throws(() => parseTrigger(event), { name: 'InputError', message: /^event must be/ });
});
