import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chaos, type FaultEvent } from '../../../local/chaos/chaos.ts';
import { drawFault, drawRestart, FAULTS, type InjectionPoint, MAX_FAULTS } from '../../../local/chaos/draw.ts';
import { restartMoment } from '../../../local/chaos/restart.ts';

const PLACES = Object.keys(FAULTS) as InjectionPoint[];
const DRAWS = 20_000;

/** What many requests draw. */
function drawMany(seed: number, rate: number, place: InjectionPoint) {
  return Array.from({ length: DRAWS }, (_, i) => drawFault({ seed, rate }, place, `target ${i >> 1}`, 1 + (i & 1)));
}

for (const place of PLACES) {
  test(`${place}: the rate is kept, kinds are equally likely, and fractions cover 0 to 1`, () => {
    for (const rate of [0, 0.1, 0.5, 1]) {
      const faults = drawMany(3, rate, place).filter((fault) => fault !== undefined);
      // 5 standard deviations
      assert.ok(Math.abs(faults.length - rate * DRAWS) <= 5 * Math.sqrt(DRAWS * rate * (1 - rate)), `${faults.length}`);
      if (rate !== 1) continue;
      const share = DRAWS / FAULTS[place].length;
      for (const kind of FAULTS[place]) {
        const count = faults.filter((fault) => fault.kind === kind).length;
        assert.ok(Math.abs(count - share) < 5 * Math.sqrt(share), `${kind}: ${count} of ${share}`);
      }
      const fractions = faults.map(({ fraction }) => fraction).sort((a, b) => a - b);
      assert.ok(fractions[0] >= 0 && fractions[0] < 0.01 && fractions.at(-1)! > 0.99 && fractions.at(-1)! < 1);
      assert.ok(Math.abs(fractions[DRAWS / 2] - 0.5) < 0.02);
    }
  });
}

test('the same seed gives the same faults; another seed, place, target or time gives others', () => {
  const drawn = drawMany(1, 0.1, 'read');
  assert.deepEqual(drawMany(1, 0.1, 'read'), drawn);
  assert.notDeepEqual(drawMany(2, 0.1, 'read'), drawn);
  const struck = (faults: readonly unknown[]) => faults.map((fault) => fault !== undefined);
  assert.notDeepEqual(struck(drawMany(1, 0.1, 'write')), struck(drawn));
  const [first, second] = [0, 1].map((parity) => struck(drawn.filter((_, i) => i % 2 === parity)));
  assert.notDeepEqual(first, second);
});

test('a higher rate has the faults of a lower one, and more', () => {
  const few = drawMany(1, 0.1, 'invoke');
  for (const [i, fault] of drawMany(1, 0.3, 'invoke').entries()) if (few[i]) assert.deepEqual(fault, few[i]);
});

test('restarts fall on every moment', () => {
  const moments = new Set(Array.from({ length: 100 }, (_, seed) => drawRestart({ seed, rate: 0.1 }, 4)));
  assert.deepEqual([...moments].sort(), [0, 1, 2, 3]);
});

/** A chaos that notes, and what it has noted. */
function noting(rate: number, history: readonly FaultEvent[] = [], seed = 1) {
  const events: FaultEvent[] = [];
  return { chaos: new Chaos({ seed, rate }, (event) => events.push(event), history), events };
}

test('a request meets two faults at most, those of an earlier emulator included', () => {
  const { chaos, events } = noting(1);
  for (let n = 0; n < 10; n++) chaos.meet('write', 'PutObject runs/a/x')?.strike();
  assert.equal(events.length, MAX_FAULTS);
  assert.ok(chaos.meet('write', 'PutObject runs/a/y') && chaos.meet('write', 'PutObject runs/b/x'));
  const after = noting(1, events.slice(0, 1));
  assert.ok(after.chaos.meet('write', 'PutObject runs/a/x'));
  assert.equal(after.chaos.meet('write', 'PutObject runs/a/x'), undefined);
});

test('a fault is noted when it strikes, with the run that it was for', () => {
  const { chaos, events } = noting(1);
  const fault = chaos.meet('invoke', 'arvoredo-train {"kind":"merge","runId":"my-run"}');
  assert.equal(events.length, 0);
  fault!.strike();
  const [{ atMs, ...event }] = events as [FaultEvent];
  const target = 'arvoredo-train {"kind":"merge","runId":"my-run"}';
  assert.deepEqual(event, { type: 'fault', kind: fault!.kind, place: 'invoke', target, runId: 'my-run' });
  assert.ok(Math.abs(atMs - Date.now()) < 60_000);
  chaos.meet('other', 'ListObjectsV2 runs/')!.strike();
  assert.equal(events[1].runId, undefined);
});

test('two runs of one job meet the same faults', () => {
  const faultsOf = (runId: string) => {
    const { chaos, events } = noting(0.2);
    for (let i = 0; i < 200; i++) {
      chaos.meet('read', `GetObject runs/${runId}/dataset/part-${i}`)?.strike();
      chaos.meet('invoke', `arvoredo-generate {"runId":"${runId}","chunkIndex":${i}}`)?.strike();
    }
    return events.map(({ kind, target }) => [kind, target.replace(runId, '')]);
  };
  assert.ok(faultsOf('one').length > 40);
  assert.deepEqual(faultsOf('20261124-155800-3ec301'), faultsOf('one'));
});

test('a run is restarted once, in the stage that the seed picks or the next one, never at rate 0', () => {
  const stage = (name: 'generate' | 'split' | 'train' | 'evaluate', state: 'running' | 'done') => ({
    ...{ name, state, numTasks: 1, numDone: 0, startedAtMs: 0 },
  });
  const looks = [
    [stage('generate', 'running')],
    [stage('generate', 'done'), stage('split', 'running')],
    [stage('split', 'done'), stage('train', 'running')],
    [stage('train', 'running')],
    [stage('evaluate', 'running')],
  ];
  const seen = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const isRestart = restartMoment({ seed, rate: 0.1 });
    const hits = looks.flatMap((stages, i) => (isRestart(stages) ? [i] : []));
    assert.equal(hits.length, 1);
    seen.add(hits[0]);
    const [last] = hits;
    const late = restartMoment({ seed, rate: 0.1 });
    assert.ok(late(looks.at(-1)!) && !late(looks[last])); // nothing before was seen
    const isNever = restartMoment({ seed, rate: 0 });
    assert.ok(looks.every((stages) => !isNever(stages)));
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});
