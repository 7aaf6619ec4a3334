import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { finish, temporaryFolder } from '../command.ts';

const IRIS = 'test/fixtures/tables/iris.csv';

/** A quoted, mixed table of some megabytes, whose label follows from two columns. */
function makeTable(numRows: number): string {
  const rows = Array.from({ length: numRows }, (_, i) => {
    const x = ((i * 7919) % 10_007) / 100;
    const colour = ['red', 'green', 'blue'][i % 3];
    return `${x},"${colour}\n""${'.'.repeat(60)}""",${i % 11 === 0 ? '' : i % 7},${x > 50 === (colour === 'red') ? 'yes' : 'no'}`;
  });
  return `x,colour,z,answer\n${rows.join('\n')}\n`;
}

test('local files are learnt through the functions: the same model for any number of them, packed or not', async (t) => {
  const folder = await temporaryFolder(t);
  const dataDir = join(folder, 'emulator');
  const text = makeTable(50_000);
  await mkdir(join(folder, 'packed'));
  await writeFile(join(folder, 'table.csv'), text);
  await writeFile(join(folder, 'packed', 'table.csv.gz'), gzipSync(text));
  const run = async (path: string, ...options: string[]) => {
    const json = join(folder, 'report.json');
    const forest = ['--trees', '4', '--max-depth', '6', '--max-features', 'all', '--label', 'answer'];
    const args = ['run', '--data', path, '--data-dir', dataDir, '--json', json, '--quiet', ...forest, ...options];
    const { code, stderr } = await finish(t, args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    return JSON.parse(await readFile(json, 'utf8'));
  };
  const first = await run(join(folder, 'table.csv'), '--chunk-bytes', '1500000');
  assert.equal(first.rows.total, 50_000);
  assert.ok(first.accuracy > 0.99, `${first.accuracy}`);
  assert.deepEqual(
    first.dataset.features.map(({ name, type }: { name: string; type: string }) => [name, type]),
    [
      ['x', 'numeric'],
      ['colour', 'categorical'],
      ['z', 'numeric'],
    ],
  );
  assert.deepEqual(first.dataset.label.classes, ['no', 'yes']);
  const other = await run(join(folder, 'packed'), '--chunk-bytes', '700000', '--workers', '2', '--strategy', 'trees');
  assert.ok(other.tasks.total > first.tasks.total);
  assert.equal(other.model.sha256, first.model.sha256);
});

test('bad data end the run with the file, the row and the value, and paths are checked before anything starts', async (t) => {
  const folder = await temporaryFolder(t);
  const bad = join(folder, 'bad.csv');
  await writeFile(bad, 'a,b\n1,x\n2,y\noops,x\n');
  const run = (...args: string[]) => finish(t, ['run', '--data-dir', join(folder, 'emulator'), '--quiet', ...args]);
  const { code, stderr } = await run('--data', bad, '--label', 'b');
  assert.equal(code, 2);
  assert.match(stderr, /bad\.csv, row 3, column "a": "oops" is not a number, but 2 of 3 values are; correct it/);
  for (const [args, message] of [
    [['--data', join(folder, 'none.csv'), '--label', 'b'], /--data .*none\.csv: no such file/],
    [['--data', bad], /--label must name the column to predict/],
    [['--data', bad, '--label', 'b', '--samples', '5'], /--samples cannot be combined with --data/],
    [['--label', 'b'], /--label requires --data/],
  ] as const) {
    const refused = await run(...args);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, message);
  }
  const onAws = await finish(t, ['run', '--data', bad, '--label', 'b', '--on', 'aws']);
  assert.equal(onAws.code, 2);
  assert.match(onAws.stderr, /with --on aws data must be in S3; copy it there/);
});

test('plan reads the data, and tells what a run on them would take', async (t) => {
  const { code, stdout, stderr } = await finish(t, [
    ...['plan', '--data', IRIS, '--skip-rows', '1', '--label', '4', '--trees', '7', '--folds', '3', '--json', '-'],
  ]);
  assert.equal(code, 0, stderr);
  const { params, total } = JSON.parse(stdout);
  assert.deepEqual([params.samples, params.features, params.trees], [150, 4, 7]);
  assert.ok(total.usd > 0);
  const refused = await finish(t, ['plan', '--data', IRIS, '--skip-rows', '1', '--label', '9']);
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^error --label "9" is not a column of test\/fixtures\/tables\/iris\.csv; it has 0, 1, 2, 3, 4/,
  );
});

test('inspect tells the columns and their types, for people and for programs', async (t) => {
  const shown = await finish(t, ['inspect', IRIS, '--skip-rows', '1', '--rows', '1']);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^test\/fixtures\/tables\/iris\.csv: 150 rows × 5 columns, csv\n/);
  assert.match(shown.stdout, /\n 4 +4 +numeric +0 to 2 +0\n/);
  const { stdout } = await finish(t, ['inspect', IRIS, '--skip-rows', '1', '--json', '-', '--categorical', '4']);
  const { columns, preview, numRows } = JSON.parse(stdout);
  assert.equal(numRows, 150);
  assert.equal(columns[4].type, 'categorical');
  assert.deepEqual(preview[0], [5.1, 3.5, 1.4, 0.2, 0]);
  const digits = await finish(t, ['inspect', 'test/fixtures/tables/digits.csv.gz', '--rows', '0']);
  assert.match(digits.stdout, /digits\.csv\.gz: 1,797 rows × 65 columns, csv/);
  const left = await finish(t, ['inspect', IRIS, '--skip-rows', '1', '--drop', '0,3', '--json', '-', '--rows', '1']);
  const inspected = JSON.parse(left.stdout);
  assert.deepEqual(
    inspected.columns.map(({ column }: { column: number }) => column),
    [1, 2, 4],
  );
  assert.deepEqual(inspected.preview[0], [3.5, 1.4, 0]);
  const missing = await finish(t, ['inspect', 'no-such.csv']);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /error no-such\.csv: no such file/);
});
