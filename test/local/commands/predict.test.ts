// arvoredo predict by functions, beside what it says in its own process.

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { decodeModel, reencodeModel } from '../../../lib/forest/model-file.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder, timesDone, waitForEvent } from '../command.ts';

const NUM_ROWS = 30_000;
const COLOURS = ['blue', 'green', 'red'];

/** A model that knows its columns, and a table of them. */
async function makeFiles(folder: string): Promise<{ model: string; data: string }> {
  const size = Float32Array.from({ length: 200 }, (_, i) => (i * 7) % 50);
  const colour = Float32Array.from({ length: 200 }, (_, i) => i % 3);
  const labels = Array.from(size, (value, i) => (value < 25 === colour[i] < 1 ? 'yes' : 'no'));
  const forest = new RandomForestClassifier({ numTrees: 8, seed: 1 }).fit([size, colour], labels, { categorical: [1] });
  const schema = {
    label: 'kind',
    features: [
      { name: 'size', type: 'numeric' as const },
      { name: 'colour', type: 'categorical' as const, categories: COLOURS },
    ],
  };
  const files = { model: join(folder, 'm.arvo'), data: join(folder, 'rows.csv') };
  await writeFile(files.model, reencodeModel({ ...decodeModel(forest.toBytes()), schema }));
  const rows = Array.from({ length: NUM_ROWS }, (_, i) => `${i % 17 === 0 ? '' : i % 60},${COLOURS[i % 3]},row ${i}`);
  await writeFile(files.data, `size,colour,note\n${rows.join('\n')}\n`);
  return files;
}

suite('arvoredo predict by functions', () => {
  test('a prediction that was killed goes on, to the bytes that are made here, and does no part twice', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { model, data } = await makeFiles(dataDir);
    const at = (name: string) => join(dataDir, name);
    const common = [
      '--model',
      model,
      '--data',
      data,
      '--keep',
      'note',
      '--chunk-bytes',
      '20000',
      '--data-dir',
      dataDir,
    ];
    const here = await finish(t, ['predict', ...common, '--out', at('here.parquet')]);
    assert.equal(here.code, 0, here.stderr);
    assert.match(here.stdout, /30,000 rows/);

    const args = ['predict', ...common, '--out', at('there.parquet'), '--workers', '2', '--prediction-id', 'p'];
    const partsDone = async () => [...timesDone(await eventsOf(dataDir))].filter(([task]) => /"predict"/.test(task));
    const { child, done } = start(t, args);
    await waitForEvent(dataDir, (events) =>
      [...timesDone(events).keys()].filter((task) => /"kind":"predict"/.test(task)).length >= 2 ? true : undefined,
    );
    child.kill('SIGKILL');
    await done;
    assert.deepEqual(await leftOver(dataDir), []);
    const before = (await partsDone()).length;
    assert.ok(before < 30, `${before} parts were done`);
    const again = await finish(t, args);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await readFile(at('there.parquet')), await readFile(at('here.parquet')));
    const times = await partsDone();
    // a part that was being written when all ended may be done once more
    assert.ok(times.filter(([, count]) => count > 1).length <= 2, JSON.stringify(times));

    // the answer is there: nothing is predicted again, and its files may go to a bucket
    const [inBucket, inFolder] = [
      ['s3://arvoredo/answers/', '--format', 'parquet'],
      [`${at('parts')}/`, '--format', 'parquet'],
    ];
    for (const out of [inBucket, inFolder]) {
      const { code, stderr } = await finish(t, ['predict', ...common, '--prediction-id', 'p', '--out', ...out]);
      assert.equal(code, 0, stderr);
    }
    assert.equal((await readdir(at('parts'))).length, times.length);
    const other = await finish(t, [
      'predict',
      ...common,
      '--prediction-id',
      'p',
      '--explain',
      '--out',
      at('x.parquet'),
    ]);
    assert.match(other.stderr, /prediction p exists with explain false, got true/);
    const taken = await finish(t, ['predict', ...common, '--out', `${at('parts')}/`]);
    assert.match(taken.stderr, /parts\/ is not empty/);
    assert.deepEqual(await leftOver(dataDir), []);
  });

  test('an unreadable cell is reported with its location, and nothing is written', async (t) => {
    const dataDir = await temporaryFolder(t);
    const { model } = await makeFiles(dataDir);
    const data = join(dataDir, 'bad.csv');
    await writeFile(data, `colour,size\nred,1\n${'blue,2\n'.repeat(2000)}green,many\n`);
    const common = ['--model', model, '--data', data, '--chunk-bytes', '5000', '--data-dir', dataDir];
    const message = /bad\.csv, row 2002, column "size": must be a number.*got "many"/;
    for (const more of [[], ['--workers', '2']]) {
      const { code, stderr } = await finish(t, ['predict', ...common, '--out', `${join(dataDir, 'out')}/`, ...more]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.deepEqual(await readdir(join(dataDir, 'out')), []);
    }
  });
});
