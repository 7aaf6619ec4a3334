import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { getReport } from '../../../lib/run/run.ts';
import { runInMemory } from '../../helpers.ts';
import { eventsOf, finish, leftOver, start, temporaryFolder, timesDone, waitForEvent } from '../command.ts';

const JOB = ['--samples', '600', '--chunk-size', '100', '--features', '5', '--trees', '6', '--workers', '2'];
const SEARCH = ['--grid', 'max-depth=1,3,none', '--grid', 'max-features=sqrt,all', '--folds', '3', '--halving'];

suite('arvoredo search', () => {
  test('goes on after kill -9 in the middle of the search: same scores and model, no finished task done again', async (t) => {
    const dataDir = await temporaryFolder(t);
    const json = join(dataDir, 'result.json');
    const { child, done } = start(t, ['search', ...JOB, ...SEARCH, '--data-dir', dataDir, '--run-id', 's']);
    const isFit = (task: string) => task.includes('"kind":"fit"');
    await waitForEvent(dataDir, (events) => ([...timesDone(events).keys()].some(isFit) ? true : undefined));
    child.kill('SIGKILL');
    assert.equal((await done).code, null);
    assert.deepEqual(await leftOver(dataDir), [], 'processes left after the kill');
    const before = timesDone(await eventsOf(dataDir));

    const { code, stdout, stderr } = await finish(t, [
      'search',
      '--data-dir',
      dataDir,
      '--run-id',
      's',
      '--json',
      json,
    ]);
    assert.equal(code, 0, stderr);
    const after = timesDone(await eventsOf(dataDir));
    for (const task of before.keys()) assert.equal(after.get(task), 1, `${task} was done again`);
    const { search, model } = JSON.parse(await readFile(json, 'utf8'));
    const grid = { maxDepth: [1, 3, null], maxFeatures: ['sqrt', 'all'] };
    const expected = await runInMemory({ folds: 3, search: { grid, halving: true } });
    assert.equal(model.sha256, expected.result.sha256);
    const { search: calm } = await getReport(expected.store, 'r');
    const scores = (found: NonNullable<typeof calm>) => found.results.map((one) => [one.params, one.splitTestScores]);
    assert.deepEqual(scores(search), scores(calm!));

    const lines = stdout.slice(0, stdout.indexOf('\n rows ')).split('\n');
    const { maxDepth, maxFeatures } = calm!.results[calm!.best].params;
    assert.match(stdout, /^ search {3}6 candidates × 3 folds, by accuracy$/m);
    assert.match(stdout, /^ rounds {3}6 on 180, 2 on 540 rows$/m);
    assert.match(stdout, new RegExp(`^ best {5}max-depth ${maxDepth ?? 'none'}, max-features ${maxFeatures}$`, 'm'));
    assert.ok(lines.length > 10 && lines.every((line) => line.length <= 80), stdout);
  });

  const refused: [args: string[], message: RegExp][] = [
    [[], /search needs --grid, once for each option to search/],
    [
      ['--grid', 'depth=1,2'],
      /--grid depth=1,2: depth is none of the options that can be searched: trees, max-features/,
    ],
    [['--grid', 'max-depth=3,0'], /--max-depth in --grid must be an integer ≥ 1, or none, got 0/],
    [['--grid', 'max-depth=2..9'], /--grid: --max-depth has a range, which requires --random/],
    [['--grid', 'trees=5', '--factor', '2'], /--factor requires --halving/],
  ];
  for (const [args, message] of refused) {
    test(`refuses ${args.join(' ') || 'nothing to search'}, and starts nothing`, async (t) => {
      const folder = await temporaryFolder(t);
      const { code, stdout, stderr } = await finish(t, ['search', ...args, '--data-dir', join(folder, 'none')]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
    });
  }

  test('plan tells what a search takes, values with commas and ranges included', async (t) => {
    const grid = ['--grid', 'class-weight=none|1:1,0:2', '--grid', 'max-depth=2..20', '--grid', 'bootstrap=true,false'];
    const { code, stdout, stderr } = await finish(t, [
      'plan',
      ...JOB,
      ...grid,
      '--random',
      '9',
      '--halving',
      '--json',
      '-',
    ]);
    assert.equal(code, 0, stderr);
    const { search, params, total } = JSON.parse(stdout);
    assert.deepEqual(params.search.grid, {
      bootstrap: [true, false],
      classWeight: [null, { 0: 2, 1: 1 }],
      maxDepth: { from: 2, to: 20 },
    });
    assert.deepEqual(
      search.rounds.map(({ numCandidates }: { numCandidates: number }) => numCandidates),
      [9, 3, 1],
    );
    // 6 chunks three times, bins, 13 candidates on 5 folds, one group of trees, merge
    assert.equal(total.tasks, 18 + 1 + 65 + 2);
  });
});
