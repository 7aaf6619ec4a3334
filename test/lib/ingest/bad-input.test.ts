// What is wrong with a user's data is told with file, row, column and value, before a row has been written.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { runOnData } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

/** Run, and give the error; no partition may have been written. */
async function refusal(
  files: Record<string, Uint8Array | string>,
  input: Record<string, unknown> = { label: 'y' },
): Promise<string> {
  const store = memoryStore();
  const error = await runOnData(
    Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [`s3://tables/data/0123456789abcdef/${name}`, bytes]),
    ),
    input,
    store,
  ).then(
    () => assert.fail('the run should have failed'),
    (cause: Error) => cause,
  );
  assert.deepEqual(await store.list('runs/r/dataset/'), []);
  return error.message
    .replace(/^task \S+ failed once; last: InputError: /, '')
    .replace(/;?,? in runs\/r\/failed\.json$/, '');
}

const rows = (count: number, row: (i: number) => string) => Array.from({ length: count }, (_, i) => row(i)).join('\n');
const GOOD = `x,y\n${rows(20, (i) => `${i},${i % 2}`)}\n`;

const CASES: [
  what: string,
  files: Record<string, Uint8Array | string>,
  input: Record<string, unknown>,
  message: RegExp,
][] = [
  [
    'a ragged row',
    { 't.csv': `${GOOD}1,2,3\n` },
    {},
    /^t\.csv, row 21: 3 cells, but the table has 2 columns; the row begins with "1"/,
  ],
  [
    'Latin-1',
    { 't.csv': Buffer.from('x,y\na,0\nb\xe9,1\n', 'latin1') },
    {},
    /^t\.csv, row 2, column "x" is not UTF-8: bytes e9 2c 31, in Latin-1 "a,0 bé,1/,
  ],
  [
    'UTF-16',
    { 't.csv': Buffer.from(`\ufeff${GOOD}`, 'utf16le') },
    {},
    /^t\.csv is not UTF-8 text: it has the byte order mark of UTF-16/,
  ],
  [
    'text in a numeric column',
    { 't.csv': `${GOOD}abc,1\n` },
    {},
    /^t\.csv, row 21, column "x": "abc" is not a number, but 20 of 21 values are; correct it/,
  ],
  [
    'a number beyond a float32',
    { 't.csv': `${GOOD}1e39,1\n` },
    {},
    /^t\.csv, row 21, column "x": a number must be within ±3\.4\d*e\+?38, got 1e\+39/,
  ],
  ['an empty file', { 't.csv': '' }, {}, /^t\.csv is empty/],
  ['a header only', { 't.csv': 'x,y\r\n' }, {}, /^t\.csv has a header only \(x, y\) and no rows/],
  [
    'a packed header only',
    { 't.csv.gz': gzipSync('x,y\r\n') },
    {},
    /^t\.csv\.gz has a header only \(x, y\) and no rows/,
  ],
  ['columns of one name', { 't.csv': 'x,y,x\n1,2,3\n' }, {}, /^t\.csv: columns 0 and 2 have the same name, "x"/],
  ['no such label', { 't.csv': GOOD }, { label: 'z' }, /^label "z" is not a column of t\.csv; it has x, y/],
  [
    'no such feature',
    { 't.csv': GOOD },
    { features: ['x', 'z'] },
    /^features "z" is not a column of t\.csv; it has x, y/,
  ],
  ['no such column to drop', { 't.csv': GOOD }, { drop: ['7'] }, /^drop "7" is not a column of t\.csv/],
  ['a dropped label', { 't.csv': GOOD }, { drop: ['y'] }, /^the label "y" must not be dropped/],
  ['no feature left', { 't.csv': GOOD }, { drop: ['x'] }, /^t\.csv has no column left to learn from/],
  ['one class', { 't.csv': 'x,y\n1,cat\n2,cat\n' }, {}, /^label "y" has only one class, "cat"/],
  [
    'a label for each row',
    { 't.csv': `x,y\n${rows(1200, (i) => `1,${i / 3}`)}` },
    {},
    /^label "y" has more than 1000 distinct values/,
  ],
  [
    'a label that is missing',
    { 't.csv': `${GOOD}1,NaN\n2,\n` },
    {},
    /^t\.csv, row 21, column "y": the label is missing in 2 rows/,
  ],
  [
    'text among the features',
    { 't.csv': `x,t,y\n${rows(40, (i) => `1,name ${i},${i % 2}`)}` },
    {},
    /^column "t" \(40 distinct values in 40 rows, such as "name 0"\): text cannot be a feature; drop it/,
  ],
  [
    'too many categories',
    { 't.csv': `x,y\n${rows(300, (i) => `${i},${i % 2}`)}` },
    { categorical: ['x'] },
    /^column "x" has more than 255 categories/,
  ],
  [
    'a negative weight',
    { 't.csv': `x,w,y\n${rows(9, (i) => `1,${i - 3},${i % 2}`)}` },
    { weights: 'w' },
    /^t\.csv, row 1, column "w": a weight must be a number ≥ 0, got -3/,
  ],
  [
    'classes that are no exact numbers',
    { 't.csv': `x,y\n${rows(20, (i) => `${i},900719925474099${i % 2 ? 1 : 3}`)}` },
    {},
    /^label "y" has integers as categories or classes: they must be within ±9007199254740991, got about 9007199254740992/,
  ],
  [
    'categories that are no exact numbers',
    { 't.csv': `x,y\n${rows(20, (i) => `1234567890123456789${i % 2},${i % 2}`)}` },
    { categorical: ['x'] },
    /^column "x" has integers as categories or classes/,
  ],
  [
    'a label where no name is read',
    { 't.csv': '2024,y\n1,0\n2,1\n' },
    {},
    /is not a column of t\.csv; it has 0, 1; if the first row has the names, set header/,
  ],
  [
    'a weight that is missing',
    { 't.csv': 'x,w,y\n1,1,0\n1,,1\n' },
    { weights: 'w' },
    /^t\.csv, row 2, column "w": a weight must not be missing/,
  ],
  [
    'a weight that is no number',
    { 't.csv': 'x,w,y\n1,heavy,0\n1,2,1\n' },
    { weights: 'w' },
    /^t\.csv, row 1, column "w": a weight must be a number ≥ 0, got "heavy"/,
  ],
  [
    'a Parquet file cut short',
    { 't.parquet': readFileSync('test/fixtures/tables/snappy.parquet').subarray(0, 3000) },
    {},
    /^t\.parquet is not a valid Parquet file, it may be damaged or truncated/,
  ],
  [
    'a gzip file cut short',
    { 't.csv.gz': gzipSync(GOOD).subarray(0, 60) },
    {},
    /^t\.csv\.gz is not a valid gzip file, it may be damaged or truncated/,
  ],
  [
    'a gzip bomb',
    { 't.csv.gz': gzipSync(Buffer.concat([Buffer.from(GOOD), Buffer.alloc(70 * 1024 ** 2, '1,1\n')])) },
    {},
    /^t\.csv\.gz decompresses to more than 200 times its \d+ bytes/,
  ],
  [
    'a packed Parquet file',
    { 't.parquet.gz': gzipSync(readFileSync('test/fixtures/tables/snappy.parquet')) },
    {},
    /^t\.parquet\.gz holds a parquet file compressed with gzip; decompress it/,
  ],
  ['a quote that nothing closes', { 't.csv': `${GOOD}"1,1\n` }, {}, /^t\.csv, row 21: a quoted field is not closed/],
  [
    'files with other columns',
    { 'a.csv': GOOD, 'b.csv': 'x,z\n1,1\n' },
    {},
    /^b\.csv has another schema: column 1 is "z", in a\.csv it is "y"/,
  ],
  [
    'files with more columns',
    { 'a.csv': GOOD, 'b.csv': 'x,y,z\n1,1,1\n' },
    {},
    /^b\.csv has another schema: 3 columns, a\.csv has 2/,
  ],
  [
    'files with other types',
    { 'a.csv': GOOD, 'b.csv': `x,y\n${rows(30, (i) => `red,${i % 2}`)}` },
    {},
    /^column "x" holds numbers in a\.csv \(row 1: 0\) and none in b\.csv \(row 1: "red"\)/,
  ],
  ['nothing there', {}, { data: ['s3://tables/none.csv'] }, /^there is nothing at s3:\/\/tables\/none\.csv/],
  [
    'a file named twice',
    { 't.csv': GOOD },
    { data: ['s3://tables/data/0123456789abcdef/t.csv', 's3://tables/data/**'] },
    /^data names s3:\/\/tables\/data\/0123456789abcdef\/t\.csv twice/,
  ],
];

for (const [what, files, input, message] of CASES) {
  test(`${what} is refused`, async () => {
    assert.match(await refusal(files, { label: 'y', ...input }), message);
    // the same when each byte range is its own task
    if (!what.includes('bomb')) assert.match(await refusal(files, { label: 'y', chunkBytes: 64, ...input }), message);
  });
}

test('an object that changes while it is read is refused, before or after it has been surveyed', async () => {
  for (const at of [2, 6]) {
    let reads = 0;
    const uri = 's3://tables/t.csv';
    const files = {
      get [uri]() {
        return reads++ > at ? `${GOOD}5,1\n` : GOOD;
      },
    };
    await assert.rejects(
      runOnData(files, { label: 'y' }),
      /s3:\/\/tables\/t\.csv has changed since this run began to read it/,
    );
  }
});

test('10,000 columns are learnt', async () => {
  const names = Array.from({ length: 10_000 }, (_, j) => `c${j}`);
  const text = `${names.join(',')},y\n${rows(12, (i) => `${names.map((_, j) => (i * 31 + j * 7) % 11).join(',')},${i % 2}`)}`;
  const { store } = await runOnData({ 's3://tables/t.csv': text }, { label: 'y', trees: 1, testSize: 2 });
  assert.equal(decodeModel(await store.get(runKeys('r').model)).numFeatures, 10_000);
});
