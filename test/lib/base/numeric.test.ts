import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exp, log, normalQuantile } from '../../../lib/base/numeric.ts';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';

const view = new DataView(new ArrayBuffer(8));
/** Doubles from a to b. */
function ulps(a: number, b: number): number {
  const ordered = (x: number) => {
    view.setFloat64(0, x);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -0x8000000000000000n - bits : bits;
  };
  const difference = ordered(a) - ordered(b);
  return Number(difference < 0n ? -difference : difference);
}

test('log stays within 1 ulp of Math.log on 200,000 numbers of every magnitude', () => {
  const random = new RandomStream(1, STREAM.model);
  for (let i = 0; i < 200_000; i++) {
    // positive doubles: any exponent for half of them, near 1 for the others
    view.setUint32(0, i % 2 ? random.nextBelow(0x7ff00000) : 0x3fe00000 + random.nextBelow(0x200000));
    view.setUint32(4, random.nextUint32());
    const x = view.getFloat64(0);
    assert.ok(ulps(log(x), Math.log(x)) <= 1, `log(${x}) = ${log(x)}`);
  }
});

test('exp stays within 1 ulp of Math.exp on 200,000 numbers from -745 to 710', () => {
  const random = new RandomStream(2, STREAM.model);
  for (let i = 0; i < 200_000; i++) {
    const x = i % 2 ? random.nextUnit() * 1455 - 745 : random.nextUnit() * 4 - 2;
    assert.ok(ulps(exp(x), Math.exp(x)) <= 1, `exp(${x}) = ${exp(x)}`);
  }
});

test('log and exp keep their special values', () => {
  assert.deepEqual([log(0), log(-0), log(1), log(Infinity)], [-Infinity, -Infinity, 0, Infinity]);
  assert.deepEqual([log(-1), log(NaN), exp(NaN)], [NaN, NaN, NaN]);
  assert.deepEqual(
    [exp(0), exp(-0), exp(Infinity), exp(-Infinity), exp(710), exp(-746)],
    [1, 1, Infinity, 0, Infinity, 0],
  );
  assert.equal(log(Number.MIN_VALUE), -744.4400719213812);
  assert.equal(exp(709.782712893384), Math.exp(709.782712893384));
});

// scipy.special.ndtri of scipy 1.17.1
const QUANTILES = [
  [1e-300, -37.0470962993612],
  [1e-16, -8.222082216130435],
  [1e-10, -6.361340902404056],
  [0.00137, -2.9954947700578014],
  [0.025, -1.9599639845400545],
  [0.075, -1.4395314709384563],
  [0.2, -0.8416212335729142],
  [0.25, -0.6744897501960817],
  [0.4, -0.2533471031357997],
  [0.575, 0.18911842627279238],
  [0.925, 1.4395314709384563],
  [0.9251, 1.4402382675279635],
  [0.975, 1.959963984540054],
  [0.99999, 4.264890793923841],
  [0.9999999999, 6.361340889697422],
] as const;

test('normalQuantile agrees with scipy to 1 part in 10^15', () => {
  for (const [p, x] of QUANTILES) {
    assert.ok(Math.abs(normalQuantile(p) / x - 1) < 1e-15, `normalQuantile(${p}) = ${normalQuantile(p)}, not ${x}`);
  }
});

test('normalQuantile is odd around one half, rises, and has its limits', () => {
  assert.deepEqual([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)], [-Infinity, 0, Infinity]);
  assert.deepEqual([normalQuantile(-0.1), normalQuantile(1.1), normalQuantile(NaN)], [NaN, NaN, NaN]);
  let previous = -Infinity;
  for (let i = 1; i < 4096; i++) {
    const x = normalQuantile(i / 4096);
    assert.ok(x > previous);
    assert.equal(x, -normalQuantile(1 - i / 4096) || 0);
    previous = x;
  }
});

// The promise of the same bytes everywhere: these values are those of Node 20, 22 and 24 on x64.
test('the bits are pinned', () => {
  let hash = 0;
  const add = (x: number) => {
    view.setFloat64(0, x);
    hash = (Math.imul(hash, 31) + view.getInt32(0)) | 0;
    hash = (Math.imul(hash, 31) + view.getInt32(4)) | 0;
  };
  const random = new RandomStream(3, STREAM.model);
  for (let i = 0; i < 10_000; i++) {
    const unit = random.nextOpen();
    add(log(unit));
    add(exp(unit * 40 - 20));
    add(normalQuantile(unit));
    add(normalQuantile(unit * 1e-12));
  }
  assert.equal(hash, 2109861696);
});
