import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Journal } from '../../../../local/lambda/durable/journal.ts';
import { Runs } from '../../../../local/lambda/durable/runs.ts';
import type { JournalRecord } from '../../../../local/lambda/durable/shapes.ts';
import { startLambdaService } from '../../../../local/lambda/service.ts';
import { FUZZ_RUNS, mutations } from '../../../fuzz.ts';

const record: JournalRecord = { type: 'ended', arn: 'a', atMs: Date.now(), status: 'FAILED' };

function folder(t: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'arvoredo-journal-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('what was appended is read again, without a torn last line', (t) => {
  const path = folder(t);
  const journal = new Journal(path);
  journal.append(record);
  journal.close();
  writeFileSync(join(path, 'durable.jsonl'), '{"type":"upd', { flag: 'a' });
  assert.deepEqual(new Journal(path).records, [record]);
});

test('a record that cannot be written is told once, and throws at nobody', (t) => {
  const told: string[] = [];
  const journal = new Journal(folder(t), (error) => told.push(error.message));
  journal.close(); // writing to a closed file fails as on a full disk
  journal.append(record);
  journal.append(record);
  assert.equal(told.length, 1);
  assert.match(told[0], /journal of the emulator cannot be written: EBADF/);
});

test('a journal that is there and cannot be read is not taken for an empty one', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'durable.jsonl'), 'no json\n');
  assert.throws(() => new Journal(path), /line 1 is not JSON/);
});

test('a journal longer than a string can be is read by lines', (t) => {
  const path = folder(t);
  const file = join(path, 'durable.jsonl');
  writeFileSync(file, `${JSON.stringify(record)}\n${'x'.repeat(2_500_000)}\n`); // the second over several reads
  truncateSync(file, constants.MAX_STRING_LENGTH + 2 ** 20); // a hole, which takes no room on the disk
  assert.throws(() => new Journal(path), { name: 'FormatError', message: /durable\.jsonl: line 2 is not JSON/ });
});

test('lines of any length are read, whatever they fall across', (t) => {
  const path = folder(t);
  const long = { ...record, result: 'é'.repeat(1_100_001) };
  const records = [record, long, record, long, record].map((one, i) => ({ ...one, arn: String(i) }));
  const journal = new Journal(path);
  for (const one of records) journal.append(one);
  journal.close();
  assert.deepEqual(new Journal(path).records, records);
});

test('a journal that has grown is compacted while it is written, once what is needed has doubled', (t) => {
  const path = folder(t);
  const file = () => statSync(join(path, 'durable.jsonl')).ino; // another after each
  const journal = new Journal(path, undefined, 10_000);
  const update = (of: string) => journal.append({ type: 'updated', arn: of, atMs: 1, updates: [] });
  const atMs = Date.now();
  let compactions = 0;
  for (let i = 0, before = file(); i < 60; i++, before = file()) {
    journal.append({ ...STARTED, arn: `${i}`, input: 'x'.repeat(100) } as JournalRecord);
    for (let k = 0; k < 10; k++) update(`${i}`);
    update('runs');
    journal.append({ type: 'ended', arn: `${i}`, atMs, status: 'SUCCEEDED' });
    if (file() !== before) compactions++;
  }
  assert.ok(compactions > 2 && compactions < 20, `${compactions} compactions`);
  journal.close();
  const again = new Journal(path);
  assert.deepEqual(
    again.records.map(({ arn, type }) => `${arn} ${type}`),
    Array.from({ length: 60 }, (_, i) => [`${i} started`, 'runs updated', `${i} ended`]).flat(),
  );
  again.close();
});

test('what has ended is remembered for 14 days', (t) => {
  const path = folder(t);
  const dayMs = 86_400_000;
  const journal = new Journal(path);
  for (const days of [13.99, 14.01]) journal.append({ ...record, arn: `${days}`, atMs: Date.now() - days * dayMs });
  journal.close();
  const again = new Journal(path);
  assert.deepEqual(
    again.records.map(({ arn }) => arn),
    ['13.99'],
  );
  again.close();
});

const STARTED = { arn: 'a', atMs: 1, type: 'started', name: 'n', functionName: 'f', version: '1', input: '{}' };
const step = (Id: string, Action: string, rest = {}) => ({ Id, Type: 'STEP', Action, ...rest });
const RECORDS: object[] = [
  STARTED,
  { arn: 'a', atMs: 2, type: 'updated', updates: [{ Id: 'c', Type: 'CONTEXT', Action: 'START' }] },
  { arn: 'a', atMs: 3, type: 'updated', updates: [step('s', 'START', { ParentId: 'c' })] },
  {
    arn: 'a',
    atMs: 4,
    type: 'updated',
    updates: [step('s', 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 1 }, Error: { ErrorType: 'E' } })],
  },
  { arn: 'a', atMs: 5, type: 'changed', id: 's', status: 'READY' },
  { arn: 'b', atMs: 6, type: 'started', name: 'm', functionName: 'f', version: '1', input: '{}' },
];

const lines = (records: unknown[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Write a journal and read it as the service does. */
function replay(path: string, text: string | Uint8Array): Runs {
  writeFileSync(join(path, 'durable.jsonl'), text);
  const journal = new Journal(path);
  try {
    return new Runs(journal.records);
  } finally {
    journal.close();
  }
}

test('lines that are not records, or do not follow from those before, are rejected with their line', (t) => {
  const path = folder(t);
  assert.equal([...replay(path, lines(RECORDS)).all()].length, 2);
  const wrong: [unknown, RegExp][] = [
    [null, /line 2 is not a record/],
    [{ ...STARTED, arn: 5 }, /is not a record/],
    [{ ...STARTED, type: 'else' }, /is not a record/],
    [{ arn: 'a', atMs: 2, type: 'updated', updates: [null] }, /is not a record/],
    [
      { arn: 'a', atMs: 2, type: 'updated', updates: [{ Id: 'x', Type: '__proto__', Action: 'START' }] },
      /is not a record/,
    ],
    [{ arn: 'x', atMs: Date.now(), type: 'ended', status: 'FAILED' }, /of x in the journal does not follow/],
    [{ arn: 'a', atMs: 2, type: 'changed', id: 'x', status: 'READY' }, /does not follow/],
    // a circle of parents, in which the search for a finished one would never end
    [{ arn: 'a', atMs: 2, type: 'updated', updates: [step('x', 'START', { ParentId: 'x' })] }, /does not follow/],
  ];
  for (const [record, message] of wrong) {
    assert.throws(
      () => replay(path, lines([STARTED, record])),
      { name: 'FormatError', message },
      JSON.stringify(record),
    );
  }
});

test('a service that finds a damaged file names it, and leaves nothing behind', async (t) => {
  const dataDir = folder(t);
  const port = 20_000 + (process.pid % 10_000);
  const event = { requestId: 'x', functionArn: 'f', payload: '{}', acceptedAtMs: 1, tries: 0 };
  const DAMAGED: [file: string, text: string, message: RegExp][] = [
    ['durable.jsonl', lines([{ arn: 'x', atMs: Date.now(), type: 'ended', status: 'FAILED' }]), /of x in the journal/],
    ['events/1-x.json', '{"requestId":"x"', /event .*\/events\/1-x\.json cannot be read: .*; remove the file/],
    ['events/1-x.json', '{}', /event .*\/events\/1-x\.json is not an asynchronous invocation: requestId: /],
    [
      'events/1-x.json',
      JSON.stringify({ ...event, tries: -1 }),
      /1-x\.json is not an asynchronous invocation: tries: /,
    ],
  ];
  mkdirSync(join(dataDir, 'events'));
  for (const [file, text, message] of DAMAGED) {
    writeFileSync(join(dataDir, file), text);
    await assert.rejects(startLambdaService({ functions: [], dataDir, port }), { name: 'FormatError', message });
    assert.ok(!existsSync(join(dataDir, 'processes.json')));
    rmSync(join(dataDir, file));
  }
  await (await startLambdaService({ functions: [], dataDir, port })).close();
});

test('damaged journals are replayed or refused as such, and their pages can be read', (t) => {
  const path = folder(t);
  fc.assert(
    fc.property(mutations(Buffer.from(lines(RECORDS))), (bytes) => {
      try {
        for (const { execution } of replay(path, bytes).all()) execution.page();
      } catch (error) {
        assert.equal((error as Error).name, 'FormatError');
      }
    }),
    { numRuns: FUZZ_RUNS },
  );
});
