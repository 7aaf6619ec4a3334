import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceList } from '../../../local/http/service-list.ts';

test('services close in the reverse order of their start, each once and after the one before is done', async () => {
  const closed: string[] = [];
  const services = new ServiceList();
  for (const name of ['first', 'second', 'third']) {
    services.add({
      async close() {
        await Promise.resolve();
        closed.push(name);
      },
    });
  }
  await services.close();
  await services.close();
  assert.deepEqual(closed, ['third', 'second', 'first']);
});
