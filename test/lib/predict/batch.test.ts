import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from '@uwdata/flechette';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { decodeModel } from '../../../lib/forest/model.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { encodeRaw } from '../../../lib/partition/arrow.ts';
import { arrowSource } from '../../../lib/predict/arrow-source.ts';
import { type PredictedBlock, predictBatch } from '../../../lib/predict/batch.ts';
import { csvSource } from '../../../lib/predict/csv-source.ts';
import { joinSources } from '../../../lib/predict/join-sources.ts';
import type { RowSource } from '../../../lib/predict/row-source.ts';
import { arrowSink, csvSink } from '../../../lib/predict/sinks.ts';

const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 2, 0, 1, 2)];
const labels = ['no', 'no', 'no', 'a "yes"', 'a "yes"', 'a "yes"'];
const forest = new RandomForestClassifier({ numTrees: 5, seed: 1 }).fit(columns, labels, { categorical: [1] });
const model = decodeModel(forest.toBytes());

/** The text in pieces of a few bytes, so that nothing may rest on where one ends. */
async function* pieces(text: string | Uint8Array, size = 3): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const csv = (text: string | Uint8Array) => csvSource('rows.csv', pieces(text));

async function readAll(source: RowSource, wanted = source.columnNames.map((_, i) => i)): Promise<number[][]> {
  const all: number[][] = wanted.map(() => []);
  for await (const { columns } of source.blocks(wanted))
    for (const [i, part] of columns.entries()) all[i].push(...part);
  return all;
}

const TABLES: [what: string, text: string, names: string[], values: number[][]][] = [
  [
    'plain',
    'a,b\n1,2\n3,4\n',
    ['a', 'b'],
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ['without a last line end', 'a\n1\n2', ['a'], [[1, 2]]],
  [
    'CRLF and CR',
    'a,b\r\n1,2\r3,4\r\n',
    ['a', 'b'],
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ['a byte order mark', '\ufeffa\n1\n', ['a'], [[1]]],
  ['quotes', '"a, or ""b""","c\nd"\n"1","2"\n', ['a, or "b"', 'c\nd'], [[1], [2]]],
  [
    'missing values',
    'a,b\n,NA\nnull,NaN\n1, 2 \n',
    ['a', 'b'],
    [
      [Number.NaN, Number.NaN, 1],
      [Number.NaN, Number.NaN, 2],
    ],
  ],
  [
    'blank lines',
    'a,b\n1,2\n\n3,4\n\n',
    ['a', 'b'],
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ['letters beyond ASCII', 'größe,β\n1e-3,-2E2\n', ['größe', 'β'], [[Math.fround(0.001)], [-200]]],
];
for (const [what, text, names, values] of TABLES) {
  test(`CSV is read: ${what}`, async () => {
    const source = await csv(text);
    assert.deepEqual(source.columnNames, names);
    assert.deepEqual(await readAll(source), values);
  });
}

const BAD: [what: string, text: string | Uint8Array, message: RegExp][] = [
  ['an empty file', '', /rows\.csv is empty; it must have a header and rows/],
  ['a column twice', 'a,b,a\n', /two columns "a"/],
  ['a ragged row', 'a,b\n1,2\n3\n', /rows\.csv, row 1: 1 cells, the header has 2/],
  ['text', 'a,b\n1,2\n3,x y\n', /row 1: b must be a number that float32 can hold, got "x y"/],
  ['a number too large', 'a\n1e39\n', /row 0: a must be a number that float32 can hold, got "1e39"/],
  ['an open quote', 'a\n"1\n2\n', /a quote is not closed/],
  ['other text than UTF-8', Uint8Array.of(97, 10, 49, 10, 0xe9, 10), /not UTF-8/],
];
for (const [what, text, message] of BAD) {
  test(`CSV is refused: ${what}`, async () => {
    await assert.rejects(
      csv(text).then((source) => readAll(source)),
      { name: 'InputError', message },
    );
  });
}

async function predictAll(source: RowSource, explain = false) {
  const blocks: PredictedBlock[] = [];
  const result = await predictBatch(model, source, { explain, numThreads: 1 }, async (block) => {
    blocks.push(block);
  });
  return { result, blocks };
}

const table = (rows: number[][]) => `f1,label,f0\n${rows.map(([f0, f1]) => `${f1},x,${f0}`).join('\n')}\n`;

test('columns are found by name, others passed over', async () => {
  const { result, blocks } = await predictAll(
    await csv(
      table([
        [1, 0],
        [6, 2],
        [9, 5],
      ]),
    ).then((source) => source),
  );
  const expected = forest.predictProba([Float32Array.of(1, 6, 9), Float32Array.of(0, 2, 5)]);
  assert.deepEqual(blocks[0].predicted, expected);
  assert.deepEqual(result, { numRows: 3, outOfRangeShare: 2 / 6 });
});

test('columns of other names are taken in their order where there are as many', async () => {
  const { blocks } = await predictAll(await csv('x,y\n1,0\n6,2\n'));
  assert.deepEqual(blocks[0].predicted, forest.predictProba([Float32Array.of(1, 6), Float32Array.of(0, 2)]));
  await assert.rejects(
    predictAll(await csv('x,y,z\n1,0,2\n')),
    /has no column f0, f1; it must have f0 to f1, or 2 columns/,
  );
  await assert.rejects(predictAll(await csv('f0,y\n1,0\n')), /has no column f1;/);
});

test('a category that is none, and a file without rows, are refused', async () => {
  await assert.rejects(predictAll(await csv('f0,f1\n1,1\n1,0.5\n')), /row 1: f1 must be a category.*got 0\.5/);
  await assert.rejects(predictAll(await csv('f0,f1\n')), /rows\.csv has no rows/);
});

test('partitions are read, and files go on one after the other', async () => {
  const bytes = encodeRaw({
    numRows: 6,
    rowIndex: Uint32Array.of(0, 1, 2, 3, 4, 5),
    columns,
    labels: Uint16Array.of(0, 0, 0, 1, 1, 1),
  });
  const open = async () => arrowSource('part.arrow', bytes);
  const source = await joinSources('parts', [
    { name: 'a', open },
    { name: 'b', open },
  ]);
  const { result, blocks } = await predictAll(source);
  assert.deepEqual([result.numRows, blocks.map(({ rowStart }) => rowStart)], [12, [0, 6]]);
  assert.deepEqual(blocks[1].predicted, forest.predictProba(columns));
  const other = joinSources('parts', [
    { name: 'a', open },
    { name: 'b', open: () => csv('x\n1\n') },
  ]);
  await assert.rejects(predictAll(await other), /rows\.csv has other columns than part\.arrow: x/);
  assert.throws(() => arrowSource('x.arrow', Uint8Array.of(1, 2)), {
    name: 'InputError',
    message: /x\.arrow is no Arrow file/,
  });
});

test('CSV and Arrow hold labels, probabilities and contributions that add up', async () => {
  const source = () =>
    csv(
      table([
        [1, 0],
        [6, 2],
        [3, 1],
      ]),
    );
  const { blocks } = await predictAll(await source(), true);
  const text = csvSink(model, true);
  const written = `${blocks.map((block) => text.add(block)).join('')}${text.end()}`;
  const [header, ...lines] = written.trim().split('\n');
  assert.equal(header, 'row,label,"p_a ""yes""",p_no,bias,from_f0,from_f1');
  const arrow = arrowSink(model, true);
  for (const block of blocks) arrow.add(block);
  const rows = tableFromIPC(arrow.end() as Uint8Array).toArray() as Record<string, unknown>[];
  assert.equal(rows.length, 3);
  for (const [i, row] of rows.entries()) {
    const { row: index, label, bias, from_f0, from_f1 } = row as Record<string, number> & { label: string };
    const probability = row[`p_${label}`] as number;
    assert.ok(Math.abs(bias + from_f0 + from_f1 - probability) < 1e-12);
    assert.equal(index, i);
    const numbers = Object.entries(row).filter(([name]) => name !== 'label' && name !== 'row');
    const csvLabel = label === 'no' ? 'no' : '"a ""yes"""';
    assert.equal(lines[i], [i, csvLabel, ...numbers.map(([, value]) => value)].join(','));
  }
});

test('a regressor gives a value a row', async () => {
  const regressor = new RandomForestRegressor({ numTrees: 2 }).fit([columns[0]], [1, 2, 3, 4, 5, 6]);
  const ofRegressor = decodeModel(regressor.toBytes());
  const sink = csvSink(ofRegressor, false);
  let text = '';
  await predictBatch(ofRegressor, await csv('f0\n1\n6\n'), {}, async (block) => {
    text += sink.add(block);
  });
  const [a, b] = regressor.predict([Float32Array.of(1, 6)]);
  assert.equal(text, `row,value\n0,${a}\n1,${b}\n`);
});
