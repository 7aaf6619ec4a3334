import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApiAnswer, patient } from '../../../local/http/api-client.ts';

/** Answers with one status after the other, and tells the requests. */
function api(...statuses: number[]) {
  const asked: string[] = [];
  const client = async (method: string, path: string): Promise<ApiAnswer> => {
    asked.push(`${method} ${path}`);
    return { status: statuses[asked.length - 1], body: {} };
  };
  return { asked, client };
}

test('a patient client retries while it is throttled, and returns any other answer', async () => {
  const busy = api(429, 429, 202, 500);
  const client = patient(busy.client, 0);
  assert.equal((await client('POST', '/runs')).status, 202);
  assert.equal((await client('GET', '/runs')).status, 500);
  assert.deepEqual(busy.asked, ['POST /runs', 'POST /runs', 'POST /runs', 'GET /runs']);
});

test('it does not ask for ever', async () => {
  const busy = api(429, 429, 429, 200);
  assert.equal((await patient(busy.client, 0, 3)('GET', '/runs')).status, 429);
  assert.equal(busy.asked.length, 3);
});
