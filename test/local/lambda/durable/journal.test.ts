import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Journal, type JournalRecord } from '../../../../local/lambda/durable/journal.ts';

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
