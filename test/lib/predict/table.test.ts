// A table is predicted by the model that was trained on one like it, whatever format it comes in.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dateDay, float64, tableFromArrays, tableToIPC, utf8 } from '@uwdata/flechette';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { AccessDeniedError, InputError } from '../../../lib/base/errors.ts';
import type { Orchestrator } from '../../../lib/fanout/orchestrator.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { Model } from '../../../lib/forest/model.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predictProba } from '../../../lib/forest/predict.ts';
import { runPrediction } from '../../../lib/predict/job.ts';
import { predictLocal } from '../../../lib/predict/predict-local.ts';
import { getPredictionResult, type PredictionRequest, startPrediction } from '../../../lib/predict/request.ts';
import { doPredictionTask, type PredictOptions } from '../../../lib/predict/tasks.ts';
import { getJson } from '../../../lib/store/json.ts';
import { predictionKeys, runKeys } from '../../../lib/store/keys.ts';
import type { Store } from '../../../lib/store/store.ts';
import { memoryEngine, runOnData } from '../../helpers.ts';
import { memoryObjects } from '../../memory-objects.ts';
import { memoryStore } from '../../memory-store.ts';

const COLOURS = ['red', 'green', 'blue', 'grey'];
const NUM_ROWS = 300;

interface Row {
  size: number | null;
  colour: string | null;
  when: Date | null;
  ok: boolean;
  kind: string;
}

const ROWS = Array.from({ length: NUM_ROWS }, (_, i): Row => {
  const size = i % 9 === 0 ? null : (i * 7) % 50;
  return {
    size,
    colour: i % 31 === 0 ? null : COLOURS[i % 4],
    when: i % 40 === 0 ? null : new Date(Date.UTC(2026, 0, 1 + (i % 28))),
    ok: i % 3 === 0,
    kind: i % 4 < 2 === (size ?? 0) < 40 ? 'yes, "sure"' : 'no',
  };
});
const day = (date: Date | null) => (date === null ? '' : date.toISOString().slice(0, 10));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const toCsv = (rows: readonly Row[], isLabelled = true) =>
  [
    `size,colour,when,ok${isLabelled ? ',kind' : ''}`,
    ...rows.map(({ size, colour, when, ok, kind }) =>
      [size ?? '', colour ?? 'NA', day(when), ok, ...(isLabelled ? [quoted(kind)] : [])].join(','),
    ),
  ].join('\n');
const columnsOf = (rows: readonly Row[]) => ({
  size: rows.map(({ size }) => size),
  colour: rows.map(({ colour }) => colour),
  when: rows.map(({ when }) => when),
  ok: rows.map(({ ok }) => ok),
});

function toArrow(rows: readonly Row[]): Uint8Array {
  const types = { size: float64(), colour: utf8(), when: dateDay() };
  return tableToIPC(tableFromArrays(columnsOf(rows) as never, { types }), { format: 'file' })!;
}

function toParquet(rows: readonly Row[]): Uint8Array {
  const { size, colour, when, ok } = columnsOf(rows);
  const buffer = parquetWriteBuffer({
    columnData: [
      // in another order, with another column between
      { name: 'ok', data: ok, type: 'BOOLEAN' },
      { name: 'note', data: rows.map(() => 'x'), type: 'STRING' },
      { name: 'when', data: when, type: 'TIMESTAMP' },
      { name: 'colour', data: colour, type: 'STRING' },
      { name: 'size', data: size, type: 'DOUBLE' },
    ],
    rowGroupSize: 100,
  });
  return new Uint8Array(buffer);
}

const toJsonLines = (rows: readonly Row[]) =>
  rows.map(({ kind, when, ...row }) => JSON.stringify({ ...row, when: day(when) || null })).join('\n');

let model: Model;
let trained: Store;
before(async () => {
  const input = { label: 'kind', trees: 12, maxFeatures: 'all', testSize: 0.2 };
  ({ store: trained } = await runOnData({ 's3://tables/t.csv': toCsv(ROWS) }, input));
  model = decodeModel(await trained.get(runKeys('r').model));
});

const OPTIONS: Omit<PredictOptions, 'data'> = { format: 'csv', explain: false, keep: [] };

/** What is answered to files, as text, and the result. */
async function predictAll(
  files: Record<string, Uint8Array | string>,
  options: Partial<PredictOptions> = {},
  ofModel = model,
) {
  const answers: string[] = [];
  const data = Object.keys(files);
  const take = async (file: Uint8Array) => void answers.push(Buffer.from(file).toString('latin1'));
  const source = { objects: memoryObjects(files), store: memoryStore() };
  const result = await predictLocal(source, ofModel, { ...OPTIONS, data, ...options }, take);
  return { answers, text: answers.join(''), result };
}

/** Rows as the model takes them, by hand. */
function encode(rows: readonly Row[]): Float32Array[] {
  const known = [...COLOURS].sort();
  return [
    Float32Array.from(rows, ({ size }) => size ?? Number.NaN),
    Float32Array.from(rows, ({ colour }) => (known.includes(colour!) ? known.indexOf(colour!) : Number.NaN)),
    Float32Array.from(rows, ({ when }) => (when === null ? Number.NaN : when.getTime() / 86_400_000)),
    Float32Array.from(rows, ({ ok }) => Number(ok)),
  ];
}

/** The answer as it must be. */
function expectedOf(rows: readonly Row[]): string {
  const all = predictProba(model, encode(rows));
  const lines = rows.map((_, i) => {
    const [no, yes] = all.subarray(2 * i, 2 * i + 2);
    return `${i},${no >= yes ? 'no' : '"yes, ""sure"""'},${no},${yes}`;
  });
  return `row,label,p_no,"p_yes, ""sure"""\n${lines.join('\n')}\n`;
}

const FORMATS: [name: string, bytes: () => Uint8Array | string][] = [
  ['labelled.csv', () => toCsv(ROWS)],
  ['plain.csv', () => toCsv(ROWS, false)],
  ['packed.csv.gz', () => gzipSync(toCsv(ROWS))],
  ['tabs.tsv', () => toCsv(ROWS, false).replaceAll(',', '\t')],
  ['lines.jsonl', () => toJsonLines(ROWS)],
  ['table.arrow', () => toArrow(ROWS)],
  ['table.parquet', () => toParquet(ROWS)],
];
for (const [name, bytes] of FORMATS) {
  test(`texts, dates, truths and missing values of ${name} are predicted as the model was trained on them`, async () => {
    const { text, result } = await predictAll({ [`s3://tables/${name}`]: bytes() });
    assert.equal(text, expectedOf(ROWS));
    assert.deepEqual([result.numRows, result.strange.numUnseen], [NUM_ROWS, 0]);
  });
}

test('the forest of a run says what an estimator in memory says that was fitted on the same rows', async () => {
  const { text } = await predictAll({ 's3://tables/t.csv': toCsv(ROWS) });
  const labels = ROWS.map(({ kind }) => kind);
  const options = { numTrees: 12, maxFeatures: null, seed: 5 } as const;
  const forest = new RandomForestClassifier(options).fit(encode(ROWS), labels, { categorical: [1] });
  const own = decodeModel(forest.toBytes());
  const { text: ofForest } = await predictAll(
    { 's3://tables/t.csv': toCsv(ROWS) },
    {},
    { ...own, schema: model.schema },
  );
  const probabilities = forest.predictProba(encode(ROWS));
  const told = ofForest
    .trimEnd()
    .split('\n')
    .slice(1)
    .flatMap((line) => line.split(',').slice(-2).map(Number));
  assert.deepEqual(told, [...probabilities]);
  assert.notEqual(text, ofForest);
});

test('a category that training did not have counts as missing, and is told', async () => {
  const strange = ROWS.slice(0, 20).map((row, i) => (i % 5 === 1 ? { ...row, colour: 'pink' } : row));
  const { text, result } = await predictAll({ 's3://tables/t.csv': toCsv(strange) });
  assert.equal(text, expectedOf(strange));
  assert.equal(result.strange.numUnseen, 4);
});

test('columns that are kept are passed on as texts, missing values too', async () => {
  const { text } = await predictAll({ 's3://tables/t.csv': toCsv(ROWS.slice(0, 3)) }, { keep: ['when', 'kind', '0'] });
  const [header, first, second] = text.split('\n');
  assert.match(header, /^row,when,kind,size,label,p_no,/);
  assert.match(first, /^0,,"yes, ""sure""",,/);
  assert.match(second, /^1,2026-01-02,"yes, ""sure""",7,/);
});

const head = 'size,colour,when,ok\n1,red,2026-01-01,true\n';
const WRONG: [what: string, files: Record<string, string>, options: Partial<PredictOptions>, message: RegExp][] = [
  [
    'text where numbers are',
    { 'bad.csv': `${head}many,red,2026-01-01,true\n` },
    {},
    /^s3:\/\/tables\/bad\.csv, row 2, column "size": must be a number that float32 can hold, or empty where it is missing, got "many"$/,
  ],
  [
    'a number beyond float32',
    { 'bad.csv': `${head}1e39,red,2026-01-01,true\n` },
    {},
    /row 2, column "size".*got 1e\+39/,
  ],
  [
    'what is no date',
    { 'bad.csv': `${head}1,red,soon,true\n` },
    {},
    /row 2, column "when": must be a date or time.*got "soon"/,
  ],
  [
    'what is not true or false',
    { 'bad.csv': `${head}1,red,2026-01-01,2\n` },
    {},
    /row 2, column "ok": must be true or false.*got 2/,
  ],
  ['a row of another length', { 'bad.csv': `${head}1,red\n` }, {}, /bad\.csv, row 2/],
  [
    'a column that is missing',
    { 'bad.csv': 'size,color,when,ok,kind\n1,red,2026-01-01,true,no\n' },
    {},
    /bad\.csv has no column "colour" \(is it "color"\?\), which the model was trained on; it must have size, colour, when, ok, got size, color, when, ok, kind/,
  ],
  ['files of other columns', { 'a.csv': head, 'b.csv': 'x\n1\n' }, {}, /b\.csv has another schema/],
  ['a header alone', { 'bad.csv': 'size,colour,when,ok\n' }, {}, /a header only/],
  ['a column to keep that is not there', { 'bad.csv': head }, { keep: ['id'] }, /keep "id" is not a column/],
  [
    'a column to keep that is called as the label',
    { 'bad.csv': 'size,colour,when,ok,label\n1,red,2026-01-01,true,a\n' },
    { keep: ['label'] },
    /keep names "label", and a column of the answer is called so/,
  ],
];
for (const [what, files, options, message] of WRONG) {
  test(`it is refused: ${what}`, async () => {
    const objects = Object.fromEntries(Object.entries(files).map(([name, text]) => [`s3://tables/${name}`, text]));
    await assert.rejects(predictAll(objects, options), { name: 'InputError', message });
  });
}

test('a model of rows without names takes f0, f1, …, or as many columns in their order', async () => {
  const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 2, 0, 1, 2)];
  const forest = new RandomForestClassifier({ numTrees: 5 });
  const plain = decodeModel(forest.fit(columns, [0, 0, 0, 1, 1, 1], { categorical: [1] }).toBytes());
  const told = async (text: string) => (await predictAll({ 's3://tables/t.csv': text }, {}, plain)).text;
  const [p0, p1] = forest.predictProba([Float32Array.of(1), Float32Array.of(2)]);
  const expected = `row,label,p_0,p_1\n0,${p1 > p0 ? 1 : 0},${p0},${p1}\n`;
  for (const text of ['f0,f1\n1,2\n', 'f1,id,f0\n2,x,1\n', 'a,b\n1,2\n', '1,2\n'])
    assert.equal(await told(text), expected);
  await assert.rejects(told('x,y,z\n1,2,3\n'), /has no column "f0", "f1".*or 2 columns in their order, got x, y, z/);
  await assert.rejects(told('f0,f1\n1,0.5\n'), /column "f1": must be a category, an integer from 0 to 254/);
});

/** Does the tasks of a prediction in memory; the task of the number `stopAt` fails, once. */
async function byTasks(files: Record<string, string>, request: PredictionRequest, store: Store, stopAt = Number.NaN) {
  const objects = memoryObjects(files);
  let numTasks = 0;
  const engine = memoryEngine(() => async (payload) => {
    if (numTasks++ === stopAt) throw new InputError('stopped');
    const load = async (key: string) => decodeModel(await trained.get(key));
    await doPredictionTask({ ...store, objects }, payload as never, load);
    return {};
  });
  const orchestrator: Orchestrator = {
    start: async (name) => name,
    state: async () => ({ state: 'running' }),
    stop: async () => {},
  };
  await startPrediction(store, orchestrator, 'p', request);
  await runPrediction(engine, { store, sizes: [{ functionName: 'evaluate' }], predictionId: 'p' });
  return numTasks;
}

for (const format of ['csv', 'arrow', 'parquet'] as const) {
  test(`tasks leave the files that are made here, before and after one failed: ${format}`, async () => {
    const files = { 's3://tables/a.csv': toCsv(ROWS), 's3://tables/b.csv': toCsv(ROWS.slice(100)) };
    const options = { data: Object.keys(files), format, explain: true, keep: ['kind'], chunkBytes: 3000 };
    const here = await predictAll(files, options);
    const store = memoryStore();
    const request = { ...options, model: runKeys('r').model, workers: 3 };
    await assert.rejects(byTasks(files, request, store, 3), /task predict-2 failed once; last: InputError: stopped/);
    await assert.rejects(getPredictionResult(store, 'p'), /is not done/);
    await byTasks(files, request, store);
    assert.deepEqual(await getPredictionResult(store, 'p'), here.result);
    const keys = predictionKeys('p');
    for (const [i, answer] of here.answers.entries()) {
      assert.equal(Buffer.from(await store.get(keys.answer(i, format))).toString('latin1'), answer, `${i}`);
    }
    assert.ok(here.answers.length >= 6, `${here.answers.length}`);
    await assert.rejects(byTasks(files, { ...request, explain: false }, store), /exists with explain true, got false/);
  });
}

test('the status of a failed prediction names the error that a step threw, not the wrapper of the durable SDK', async () => {
  const store = memoryStore();
  const orchestrator: Orchestrator = {
    start: async (name) => name,
    state: async () => ({ state: 'running' }),
    stop: async () => {},
  };
  const given = { data: ['s3://tables/a.csv'], format: 'csv' as const, explain: false, keep: [] };
  await startPrediction(store, orchestrator, 'p', { ...given, model: runKeys('r').model, workers: 1 });
  const engine = memoryEngine(() => async () => ({}));
  const wrapping: typeof engine = {
    ...engine,
    step: async (name, work) => {
      try {
        return await work();
      } catch (cause) {
        throw Object.assign(new Error(`step ${name} failed`, { cause }), { errorType: (cause as Error).name });
      }
    },
  };
  const refusing = { ...store, list: () => Promise.reject(new AccessDeniedError('s3:ListBucket was denied')) };
  const run = runPrediction(wrapping, { store: refusing, sizes: [{ functionName: 'evaluate' }], predictionId: 'p' });
  await assert.rejects(run, /step list-start failed/);
  const { error } = await getJson<{ error: object }>(store, predictionKeys('p').status);
  assert.deepEqual(error, { name: 'AccessDeniedError', message: 's3:ListBucket was denied' });
});
