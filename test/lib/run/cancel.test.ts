import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError } from '../../../lib/base/errors.ts';
import { ENGINES } from '../../../lib/forest/engines.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { cancelPolls } from '../../../lib/run/cancel.ts';
import type { RunRequest } from '../../../lib/run/run.ts';
import { type BinsResult, toBinEdges } from '../../../lib/stages/bins.ts';
import { gatherRows } from '../../../lib/stages/train.ts';
import { createJson, getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { runInMemory } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

test('a worker looks every two seconds at most, and stops when the run was cancelled', async () => {
  let atMs = 0;
  let reads = 0;
  const inner = memoryStore();
  const store = {
    ...inner,
    get(key: string) {
      reads++;
      return inner.get(key);
    },
  };
  const looks = cancelPolls(() => atMs);
  for (atMs = 0; atMs < 2000; atMs += 100) await looks.check(store, 'r');
  assert.equal(reads, 0);
  for (; atMs < 10_000; atMs += 100) await looks.check(store, 'r');
  assert.equal(reads, 4);
  await createJson(store, runKeys('r').cancel, {});
  atMs += 2000;
  await assert.rejects(looks.check(store, 'r'), CancelledError);
  await assert.rejects(looks.check(store, 'r'), CancelledError); // the next task at once
});

for (const [engine, options] of [
  ['arvoredo', {}],
  ['arvoredo', { criterion: 'entropy' }],
  ['ml-random-forest', {}],
] as const) {
  test(`engine ${engine} ${JSON.stringify(options)}: trees stop between two, and come out the same when asked for again`, async () => {
    const { store } = await runInMemory({ engine, samples: 300, trees: 40, strategy: 'gather', ...options });
    const plan = planRun((await getJson<RunRequest>(store, runKeys('r').run)).params);
    const rows = await gatherRows(store, plan, 'r');
    const bins = await getJson<BinsResult>(store, runKeys('r').binsResult);
    const info = { numClasses: 2, edges: toBinEdges(bins.edges) };
    const grow = (beforeTree?: () => Promise<void>) =>
      ENGINES[engine].growTrees(rows, info, plan.forest, { treeStart: 0, treeEnd: 40, beforeTree });
    let asked = 0;
    const stopped = grow(async () => {
      if (++asked > 0) throw new CancelledError('run r was cancelled');
    });
    await assert.rejects(stopped, CancelledError);
    assert.equal(asked, 1);
    assert.deepEqual(await grow(async () => {}), await grow());
  });
}
