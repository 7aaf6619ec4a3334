import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_SEED } from '../../../lib/base/random.ts';
import { createGenerator, type GeneratedRows } from '../../../lib/datasets/generator.ts';
import {
  type DatasetSpec,
  HYPERCUBE_DEFAULTS,
  type HypercubeSpec,
  LOGISTIC_DEFAULTS,
  type LogisticSpec,
  validateDatasetSpec,
} from '../../../lib/datasets/spec.ts';

const hypercube = { generator: 'hypercube', samples: 1009, features: 7, seed: 3 } as const satisfies HypercubeSpec;
const logistic = { generator: 'logistic', samples: 1009, features: 7, seed: 3 } as const satisfies LogisticSpec;

/** Make rows in chunks of the given sizes, in turn, and concatenate them. */
function generateInChunks(spec: DatasetSpec, sizes: number[]): GeneratedRows {
  const generator = createGenerator(spec);
  const chunks: GeneratedRows[] = [];
  for (let start = 0, i = 0; start < spec.samples; i++) {
    const end = Math.min(spec.samples, start + sizes[i % sizes.length]);
    chunks.push(generator.generate(start, end));
    start = end;
  }
  return {
    numRows: chunks.reduce((sum, chunk) => sum + chunk.numRows, 0),
    rowIndex: Uint32Array.from(chunks.flatMap((chunk) => Array.from(chunk.rowIndex))),
    columns: chunks[0].columns.map((_, j) =>
      Float32Array.from(chunks.flatMap((chunk) => Array.from(chunk.columns[j]))),
    ),
    labels: Uint16Array.from(chunks.flatMap((chunk) => Array.from(chunk.labels))),
    truth: new Float64Array(0),
    ceilingSum: chunks.reduce((sum, chunk) => sum + chunk.ceilingSum!, 0),
  };
}

function sha256({ rowIndex, columns, labels }: GeneratedRows): string {
  const hash = createHash('sha256');
  for (const array of [rowIndex, ...columns, labels]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}

const all = (spec: DatasetSpec) => createGenerator(spec).generate(0, spec.samples);

for (const spec of [hypercube, logistic]) {
  test(`${spec.generator}: chunks of 1, 7, 100, 1008 rows give the bytes and the ceiling of one chunk`, () => {
    const whole = all(spec);
    assert.deepEqual(whole.rowIndex.slice(0, 3), Uint32Array.of(0, 1, 2));
    for (const size of [1, 7, 100, 1008]) assert.deepEqual(generateInChunks(spec, [size]), whole);
  });
}

const anySpec: fc.Arbitrary<DatasetSpec> = fc.oneof(
  fc.record({
    generator: fc.constant('hypercube' as const),
    samples: fc.integer({ min: 1, max: 200 }),
    features: fc.integer({ min: 8, max: 12 }),
    seed: fc.maxSafeNat(),
    informative: fc.integer({ min: 3, max: 4 }),
    redundant: fc.integer({ min: 0, max: 2 }),
    repeated: fc.integer({ min: 0, max: 2 }),
    classes: fc.integer({ min: 2, max: 4 }),
    flipY: fc.double({ min: 0, max: 1, noNaN: true }),
    hypercube: fc.boolean(),
    shift: fc.constantFrom(null, 0, -2.5),
    scale: fc.constantFrom(null, 1, 10),
    shuffle: fc.boolean(),
  }),
  fc.record({
    generator: fc.constant('logistic' as const),
    samples: fc.integer({ min: 1, max: 200 }),
    features: fc.integer({ min: 3, max: 6 }),
    seed: fc.maxSafeNat(),
    informative: fc.integer({ min: 1, max: 3 }),
    withReplacement: fc.boolean(),
  }),
);

test('any specification gives the same rows for any chunking, all finite, with a ceiling from chance to 1', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
  const check = (spec: DatasetSpec, chunkSizes: number[]) => {
    const whole = all(spec);
    const { numClasses } = createGenerator(spec);
    assert.deepEqual(generateInChunks(spec, chunkSizes), whole);
    assert.ok(whole.columns.every((column) => column.every(Number.isFinite)));
    assert.ok(whole.labels.every((label) => label < numClasses));
    const ceiling = whole.ceilingSum! / spec.samples;
    assert.ok(ceiling >= 1 / numClasses - 1e-6 && ceiling <= 1, `ceiling ${ceiling}`);
  };
  fc.assert(fc.property(anySpec, sizes, check), { seed: 1, numRuns: 150 });
});

// Hashes from Node 20, 22 and 24 on x64. A change of these bytes changes every stored result, so it must be deliberate.
test('the bytes are pinned', () => {
  assert.equal(sha256(all(hypercube)), '4827707d1246606c8a14db985e72a57be50115fa536574cdb6889734ee88ddc2');
  assert.equal(sha256(all(logistic)), 'fe7d481ece559bc914ab9c2533d8716a6bf5ad57fe1200a1ae442034d7b7fa83');
});

test('different seeds give different rows, up to the largest seed', () => {
  for (const spec of [hypercube, logistic]) {
    const hashes = [3, 4, 3 + 2 ** 32, MAX_SEED].map((seed) => sha256(all({ ...spec, seed })));
    assert.equal(new Set(hashes).size, hashes.length);
  }
});

test('the last rows of the largest dataset can be made without the others', () => {
  for (const spec of [hypercube, logistic]) {
    const rows = createGenerator({ ...spec, samples: 2 ** 32 - 1 }).generate(2 ** 32 - 3, 2 ** 32 - 1);
    assert.deepEqual(rows.rowIndex, Uint32Array.of(4294967293, 4294967294));
    assert.notEqual(rows.columns[0][0], rows.columns[0][1]);
  }
});

test('an explicit undefined means the default, and defaults equal those of the reference libraries', () => {
  const given = { ...hypercube, informative: undefined, flipY: undefined, weights: undefined };
  assert.equal(sha256(all(given)), sha256(all({ ...hypercube, ...HYPERCUBE_DEFAULTS })));
  assert.equal(sha256(all({ ...logistic, scale: undefined })), sha256(all({ ...logistic, ...LOGISTIC_DEFAULTS })));
  assert.equal(HYPERCUBE_DEFAULTS.flipY, 0.01);
});

test('a description survives JSON unchanged', () => {
  for (const spec of [hypercube, { ...hypercube, shift: null, hypercube: false }, logistic]) {
    const description = createGenerator(spec).describe();
    assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
  }
});

test('rows outside the dataset are rejected', () => {
  const { generate } = createGenerator(logistic);
  assert.equal(generate(5, 5).numRows, 0);
  assert.throws(() => generate(5, 4), { name: 'RangeError', message: /got 5 and 4$/ });
  assert.throws(() => generate(-1, 4), { name: 'RangeError', message: /got -1 and 4$/ });
  assert.throws(() => generate(0.5, 4), { name: 'RangeError', message: /got 0.5 and 4$/ });
  assert.throws(() => generate(0, 1010), { message: 'rowEnd must be at most 1009, got 1010' });
});

const REJECTED: [spec: object, message: string][] = [
  [{ generator: 'blobs' }, 'generator must be hypercube, logistic, regression or friedman1, got "blobs"'],
  [{ samples: 0 }, 'samples must be an integer from 1 to 4294967295, got 0'],
  [{ samples: 2 ** 32 }, 'samples must be an integer from 1 to 4294967295, got 4294967296'],
  [{ features: 2.5 }, 'features must be an integer from 1 to 65536, got 2.5'],
  [{ seed: -1 }, 'seed must be an integer from 0 to 9007199254740991, got -1'],
  [{ classes: 1 }, 'classes must be an integer from 2 to 65536, got 1'],
  [{ informative: 0 }, 'informative must be an integer from 1 to 7, got 0'],
  [{ redundant: 4, repeated: 2 }, 'informative + redundant + repeated must be at most features (7), got 8'],
  [{ classes: 3 }, 'classes × clustersPerClass must be at most 2^informative (4), got 6; raise informative'],
  [
    { features: 3002, informative: 3000 },
    'classes × clustersPerClass × informative² must be at most 16777216, got 36000000',
  ],
  [{ weights: [0.2, 0.3, 0.5] }, 'weights must be a list of 2 or 1 numbers, got [0.2,0.3,0.5]'],
  [{ weights: 0.5 }, 'weights must be a list of 2 or 1 numbers, got 0.5'],
  [{ weights: [-0.1] }, 'weights[0] must be a number from 0 to 1, got -0.1'],
  [{ weights: [0.6, 0.5] }, 'weights must add up to at most 1, got 1.1'],
  [{ flipY: 1.5 }, 'flipY must be a number from 0 to 1, got 1.5'],
  [{ flipY: NaN }, 'flipY must be a number from 0 to 1, got NaN'],
  [{ classSep: -1 }, 'classSep must be a number from 0 to 1000000000, got -1'],
  [{ shift: [1, 2] }, 'shift must be one number or a list of features (7), got 2 numbers'],
  [{ shift: Infinity }, 'shift must be a number from -1000000000 to 1000000000, got Infinity'],
  [{ scale: [1, 1, NaN, 1, 1, 1, 1] }, 'scale[2] must be a number from -1000000000 to 1000000000, got NaN'],
  [{ scale: 0 }, 'scale must not be 0: the column would be constant'],
  [{ generator: 'logistic', informative: 8 }, 'informative must be at most features (7), got 8'],
  [{ generator: 'logistic', scale: 0 }, 'scale must be a number above 0 up to 1000000000, got 0'],
  [{ generator: 'logistic', scale: null }, 'scale must be a number above 0 up to 1000000000, got null'],
];

for (const [change, message] of REJECTED) {
  test(`rejected: ${message}`, () => {
    const spec = { ...hypercube, ...change } as DatasetSpec;
    assert.throws(() => validateDatasetSpec(spec), { name: 'InputError', message });
    assert.throws(() => createGenerator(spec), { name: 'InputError', message });
  });
}

test('valid extremes are accepted', () => {
  for (const change of [
    { samples: 1 },
    { weights: [0, 0] },
    { weights: [0.1, 0.2, 0.3, 0.4], classes: 4, clustersPerClass: 1 },
    { flipY: 1 },
    { classSep: 0 },
    { scale: -1 },
    { shift: -1e9, scale: 1e9, classSep: 1e9, features: 7 },
  ]) {
    const spec: HypercubeSpec = { ...hypercube, ...change };
    assert.ok(
      all(spec).columns.every((column) => column.every(Number.isFinite)),
      JSON.stringify(change),
    );
  }
  assert.doesNotThrow(() => validateDatasetSpec({ ...logistic, informative: 9, withReplacement: true }));
});
