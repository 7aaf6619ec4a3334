import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Journal, type JournalRecord } from '../../../../local/lambda/durable/journal.ts';
import { Runs } from '../../../../local/lambda/durable/runs.ts';
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
  assert.match(told[0]!, /journal of the emulator cannot be written: EBADF/);
});

test('a journal that is there and cannot be read is not taken for an empty one', (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'durable.jsonl'), 'no json\n');
  assert.throws(() => new Journal(path), /line 1 is not JSON/);
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

test('records that are none, or cannot follow from those before, are refused by name', (t) => {
  const path = folder(t);
  assert.equal([...replay(path, lines(RECORDS)).all()].length, 2);
  const wrong: [unknown, RegExp][] = [
    [null, /line 2 is no record/],
    [{ ...STARTED, arn: 5 }, /no record/],
    [{ ...STARTED, type: 'else' }, /no record/],
    [{ arn: 'a', atMs: 2, type: 'updated', updates: [null] }, /no record/],
    [{ arn: 'a', atMs: 2, type: 'updated', updates: [{ Id: 'x', Type: '__proto__', Action: 'START' }] }, /no record/],
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

test('a service whose journal does not follow stops listening', async (t) => {
  const dataDir = folder(t);
  writeFileSync(
    join(dataDir, 'durable.jsonl'),
    lines([{ arn: 'x', atMs: Date.now(), type: 'ended', status: 'FAILED' }]),
  );
  const port = 20_000 + (process.pid % 10_000);
  await assert.rejects(startLambdaService({ functions: [], dataDir, port }), { name: 'FormatError' });
  rmSync(join(dataDir, 'durable.jsonl'));
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
