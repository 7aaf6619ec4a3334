// Under any schedule of faults: the same model, each output once, and no byte lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultEvent } from '../local/chaos/chaos.ts';
import { FAULTS } from '../local/chaos/draw.ts';
import { runWorld, type World } from './chaos-world.ts';
import { memoryStore } from './memory-store.ts';

const NUM_SCHEDULES = 240;
const RATES = [0.05, 0.1, 0.3, 1];
const STRATEGIES = ['gather', 'trees'];

const scheduleOf = (seed: number) => ({
  input: { strategy: STRATEGIES[seed % STRATEGIES.length] },
  options: { seed, rate: RATES[Math.floor(seed / 2) % RATES.length] },
});
const calm = Promise.all(STRATEGIES.map((strategy) => runWorld({ strategy })));

const count = (faults: readonly FaultEvent[], ...kinds: string[]) =>
  faults.filter(({ kind }) => kinds.includes(kind)).length;

function check({ result, report, outputs, creations, faults }: World, expected: World): void {
  assert.deepEqual(result, expected.result);
  assert.deepEqual([...outputs.keys()], [...expected.outputs.keys()]);
  for (const [key, bytes] of expected.outputs) {
    assert.ok(Buffer.from(bytes).equals(outputs.get(key)!), `${key} has other bytes`);
    assert.equal(creations.get(key), 1, `${key} was created ${creations.get(key)} times`);
  }
  // the report's counts are explained by the faults; what a restart cuts off is repeated and not counted as an attempt
  const failed = count(faults, 'workerKill', 'lostResponse', 'throttle');
  const { retried, throttled } = report.tasks;
  if (count(faults, 'restart') === 0) assert.deepEqual([retried, throttled], [failed, count(faults, 'throttle')]);
  assert.ok(retried <= failed && throttled <= count(faults, 'throttle'));
}

test(`${NUM_SCHEDULES} seeded schedules of faults end with the calm run's model`, async () => {
  const expected = await calm;
  const all: FaultEvent[] = [];
  const schedule = async (seed: number) => {
    const { input, options } = scheduleOf(seed);
    try {
      const world = await runWorld(input, options);
      check(world, expected[seed % STRATEGIES.length]);
      all.push(...world.faults);
    } catch (cause) {
      throw new Error(`${JSON.stringify({ ...input, ...options })}: ${(cause as Error).message}`, { cause });
    }
  };
  // all at once, since they wait for retries most of the time
  await Promise.all(Array.from({ length: NUM_SCHEDULES }, (_, seed) => schedule(seed)));
  // faults that never came prove nothing
  for (const kind of [...Object.values(FAULTS).flat(), 'restart']) {
    assert.ok(count(all, kind) >= 20, `${kind} came ${count(all, kind)} times`);
  }
});

test('the checks find a bucket that ignores If-None-Match', async () => {
  const [expected] = await calm;
  const base = memoryStore();
  const careless = {
    ...base,
    async create(key: string, bytes: Uint8Array) {
      await base.replace(key, bytes);
      return true;
    },
  };
  const world = await runWorld({ strategy: 'gather' }, { seed: 1, rate: 0.3 }, careless);
  assert.throws(() => check(world, expected), /was created \d times/);
});
