import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import fc from 'fast-check';
import { parseRunParams, type RunParams, readGiven } from '../../../lib/plan/params.ts';
import { chart } from '../../../lib/report/chart.ts';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import { repeatCommand } from '../../../lib/report/command.ts';
import { renderReport } from '../../../lib/report/page.ts';
import type { FeatureSchema, TableSchema } from '../../../lib/tables/schema.ts';
import { addRunOptions, givenParams } from '../../../local/commands/run-options.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

async function reportOf(input: Record<string, unknown>): Promise<ClassReport> {
  return getClassReport((await runInMemory(input)).store);
}

const textOf = (page: string) =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

test('the page of a run holds the numbers of its report, and lies beside it', async () => {
  const { store } = await runInMemory({ oobScore: true });
  const report = await getClassReport(store);
  const page = new TextDecoder().decode(await store.get('runs/r/report.html'));
  assert.equal(page, renderReport(report));
  const text = textOf(page);
  for (const number of [report.accuracy, report.rocAuc!, report.oobScore!, report.curves[0].averagePrecision])
    assert.ok(text.includes(number.toFixed(4)), String(number));
  assert.ok(text.includes(report.model.sha256));
  assert.ok(text.includes('600') && text.includes('540'));
  for (const heading of [
    'Confusion matrix',
    'ROC curve',
    'Precision and recall',
    'Calibration',
    'Importance by impurity',
  ])
    assert.ok(text.includes(heading), heading);
  for (const heading of ['Out-of-bag error', 'Rows of each class', 'Attempts and faults', 'Model card', 'Parameters'])
    assert.ok(text.includes(heading), heading);
});

test('the page asks for nothing from elsewhere and runs nothing', async () => {
  const page = renderReport(await reportOf({}));
  assert.doesNotMatch(page, /<script|<link(?! rel="icon" href="data:)|src=|url\(|@import|https?:/);
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
});

test('whatever text a report holds stays text', async () => {
  const report = await reportOf({});
  const evil = '<img src=x onerror=alert(1)>"\'&';
  const page = renderReport({
    ...report,
    runId: evil,
    strategy: { name: evil, reason: evil },
    model: { ...report.model, key: evil, sha256: evil },
    timeline: [{ taskId: `train-${evil}`, sandbox: evil, isColdStart: true, startedAtMs: 0, finishedAtMs: 1 }],
  });
  assert.ok(!page.includes('<img'));
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;'));
});

test('of own data the page has the names of columns and classes, and how to read the same files again', async () => {
  const report = await reportOf({ features: 4, informative: 2, redundant: 0, oobScore: true });
  const names = ['lot area, m²', 'a <em>wide</em> name that is much longer than a chart has room for', 'built', 'city'];
  const schema: TableSchema = {
    numRows: 600,
    features: names.map(
      (name, column): FeatureSchema => ({
        ...{ name, column, type: 'numeric', numMissing: 7 * column, min: -1.5, max: 1234567 },
        ...(column === 2 && { type: 'date', min: 0, max: 365 }),
        ...(column === 3 && {
          type: 'categorical',
          categories: ['b', 'c', 'd', 'e', 'f', '<i>'],
          min: null,
          max: null,
        }),
      }),
    ),
    label: { name: 'price band', column: 4, classes: ['<script>cheap', true], classCounts: report.classCounts },
  };
  const params = { ...report.params, data: ['s3://b/k.csv'], label: 'price band' };
  const page = renderReport({ ...report, params, dataset: { generator: 'file', ...schema } });
  assert.doesNotMatch(page, /<script|<em>|<i>|NaN|undefined/);
  const text = textOf(page);
  assert.doesNotMatch(text, /class [01]|\bf\d\b|hypercube/);
  assert.ok(text.includes('4 features, predicting price band, seed 0'));
  for (const words of [
    'predicted &lt;script&gt;cheap',
    'true: area',
    'mean probability of true',
    'a &lt;em&gt;wide&lt;/em&gt; name th…',
  ])
    assert.ok(text.includes(words), words);
  assert.ok(text.includes('numeric 0 −1.5 to 1,234,567') && text.includes('date 14 1970-01-01 to 1971-01-01'));
  assert.ok(text.includes('categorical 21 b, c, d, e, f and 1 more'));
  assert.match(text, /run --data s3:\/\/b\/k.csv --label &#39;price band&#39; /);
  assert.doesNotMatch(text, /--(samples|features|chunk-size)/);
});

test('a classification shows its scores on the validation rows and on each fold', async () => {
  const report = await reportOf({ folds: 2, validationSize: 0.1 });
  const text = textOf(renderReport(report));
  const { validation, crossValidation } = report;
  const [low, high] = validation!.accuracyInterval.map((bound) => bound.toFixed(4));
  const scores = `the validation rows ${validation!.numRows} ${validation!.accuracy.toFixed(4)} ${low} to ${high} ${validation!.logLoss.toFixed(4)}`;
  assert.ok(text.includes(scores), scores);
  for (const [i, { numRows, accuracy }] of crossValidation!.folds.entries())
    assert.ok(text.includes(`fold ${i} of the training rows ${numRows} ${accuracy.toFixed(4)}`), `fold ${i}`);
  assert.ok(text.includes(`mean of the folds – ${crossValidation!.accuracy.toFixed(4)}`));
});

test('the page lists every kind of fault that happened, and names the others in one line', async () => {
  const report = await reportOf({});
  const tasks = { ...report.tasks, retried: 5, crashed: 2, outOfMemory: 1, movedUp: 1, throttled: 0 };
  const text = textOf(renderReport({ ...report, tasks }));
  assert.ok(text.includes('retried 5 after'));
  assert.ok(
    text.includes('out of memory 1 stopped') && text.includes('crashed 2 ended') && text.includes('moved up 1'),
  );
  assert.ok(text.includes('None were reused, throttled, timed out, speculative or abandoned.'));
});

test('the interval is in words, and large numbers have room beside their axis', async () => {
  const report = await reportOf({});
  const [low, high] = report.accuracyInterval.map((bound) => bound.toFixed(4));
  assert.ok(textOf(renderReport(report)).includes(`95 % interval ${low} to ${high}`));
  const axis = { domain: [0, 2e6] as [number, number], label: 'value', format: (value: number) => `${value}.00` };
  const drawn = chart({ title: 't', description: 'd', x: axis, y: axis, draw: () => '' });
  const ticks = [...drawn.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="end">([^<]+)</g)];
  assert.ok(ticks.length > 3);
  // the label of the axis stands 12 units from the edge
  for (const [, x, text] of ticks) assert.ok(Number(x) - 6.5 * text.length > 18, `${text} at ${x}`);
  const along = [...drawn.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="middle">(\d[^<]+)</g)].map(([, x]) =>
    Number(x),
  );
  for (const [i, x] of along.slice(1).entries()) assert.ok(x - along[i] > 6.5 * 10, `${along}`);
});

for (const [what, input] of Object.entries({
  'three classes': { classes: 3, clustersPerClass: 1 },
  'twenty classes': { classes: 20, clustersPerClass: 1, informative: 5, redundant: 0, samples: 2000, chunkSize: 500 },
  'more features than are shown': { features: 30 },
  'logistic data, no ceiling to be passed': { generator: 'logistic' },
  'one tree without bootstrap': { trees: 1, bootstrap: false },
  'one chunk': { chunkSize: 600 },
  'a search': {
    folds: 2,
    search: { grid: { maxDepth: [1, null], classWeight: [null, { 1: 5 }] }, scoring: 'log-loss' },
  },
  'a search in rounds': { folds: 2, search: { grid: { maxDepth: [1, 2, 3] }, halving: { factor: 2 } } },
})) {
  test(`the page is whole with ${what}`, async () => {
    const report = await reportOf(input);
    const page = renderReport(report);
    assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
    const opened = page.match(/<(figure|table|svg|section|dl|ul)\b/g)!.length;
    assert.equal(page.match(/<\/(figure|table|svg|section|dl|ul)>/g)!.length, opened);
  });
}

test('the page of a search shows its candidates, the best first, and its rounds', async () => {
  const grid = { maxDepth: [1, null], maxSamples: [null, 0.5] };
  const report = await reportOf({ folds: 2, search: { grid, halving: { factor: 2, minResources: 200 } } });
  const page = renderReport(report);
  const text = textOf(page);
  const { results, best, rounds } = report.search!;
  assert.equal(rounds.length, 2);
  assert.ok(text.includes('4 candidates, each on 2 folds of the training rows, in rounds of 4 on 200, 2 on 400 rows'));
  for (const { meanTestScore } of results) assert.ok(text.includes(meanTestScore!.toFixed(4)));
  assert.equal(page.match(/<th scope="row">\d/g)!.length >= results.length, true);
  const { maxDepth, maxSamples } = results[best].params;
  assert.ok(text.includes(`is maxDepth ${maxDepth ?? 'none'}, maxSamples ${maxSamples ?? 'all'}, with`));
  assert.ok(text.includes('Rounds: mean accuracy of each candidate'));
  assert.doesNotMatch(renderReport(await reportOf({})), /<h2 id="search">/);
});

test('a run of very many tasks and classes has a page that can be opened', async () => {
  const report = await reportOf({});
  const timeline = Array.from({ length: 150_000 }, (_, i) => ({
    ...{ taskId: `generate-${i}`, sandbox: `s${i % 300}`, isColdStart: i < 300 },
    ...{ startedAtMs: 10 * Math.floor(i / 300), finishedAtMs: 10 * Math.floor(i / 300) + 9 },
  }));
  const confusion = Array.from({ length: 120 }, (_, k): [number, number, number] => [k, k, k + 1]);
  const page = renderReport({ ...report, timeline, confusion, classCounts: confusion.map(([, , rows]) => rows) });
  assert.ok(page.length < 1_000_000, `${page.length} characters`);
  const [, height] = /viewBox="0 0 860 ([\d.]+)" role="img" aria-label="Tasks by sandbox: 150,000 tasks in 300/.exec(
    page,
  )!;
  assert.ok(Number(height) < 1000 && Number(height) > 900, height);
  const text = textOf(page);
  assert.ok(text.includes('The 50 classes with the most test rows, of 120') && text.includes('class 119 120 1.0000'));
  assert.ok(!text.includes('class 69 70'), 'the classes with fewer rows are left out');
});

test('what a run did not measure is said to be missing', async () => {
  const report = await reportOf({});
  const text = textOf(
    renderReport({ ...report, curves: [], permutationImportances: null, partitions: [], timeline: [] }),
  );
  for (const words of [
    'No out-of-bag error: the run did not measure it; use --oob-score',
    'No curves',
    'is not measured',
  ])
    assert.ok(text.includes(words), words);
  assert.ok(text.includes('balance of the partitions is not shown') && text.includes('No timeline'));
});

/** What the command line makes of a command. */
function parse(command: string): Record<string, unknown> {
  const program = new Command('run').exitOverride();
  addRunOptions(program);
  let given: Record<string, unknown> = {};
  program.action(() => {
    given = givenParams(program);
  });
  const words = command
    .split(' ')
    .slice(5)
    .map((word) => word.replace(/^'(.*)'$/, '$1'));
  program.parse(words, { from: 'user' });
  return given;
}

test('the command of a report asks for the same run, whatever was asked for', () => {
  const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
  const inputs = fc.record({
    samples: maybe(fc.integer({ min: 1, max: 1e6 })),
    generator: maybe(fc.constantFrom('hypercube', 'logistic')),
    weights: maybe(fc.constantFrom(null, [0.9, 0.1])),
    shift: maybe(fc.constantFrom(null, -2.5, [1, 2, 3])),
    hypercube: maybe(fc.boolean()),
    shuffle: maybe(fc.boolean()),
    maxDepth: maybe(fc.constantFrom(null, 7)),
    maxSamples: maybe(fc.constantFrom(null, 0.5, 100)),
    maxFeatures: maybe(fc.constantFrom('sqrt', 'all', 0.3, 5)),
    classWeight: maybe(fc.constantFrom(null, 'balanced', [1, 5], { 1: 5 })),
    monotonicConstraints: maybe(fc.constantFrom(null, { 0: 1, 3: -1 })),
    extraTrees: maybe(fc.boolean()),
    bootstrap: maybe(fc.boolean()),
    oobScore: maybe(fc.boolean()),
    engine: maybe(fc.constantFrom('arvoredo', 'ml-random-forest')),
    seed: maybe(fc.integer({ min: 0, max: 1e9 })),
  });
  fc.assert(
    fc.property(inputs, (input) => {
      const params: RunParams = parseRunParams(input);
      const again = parseRunParams(parse(repeatCommand(params)));
      // said or not, that is the generator's own default
      if (params.hypercube) delete params.hypercube;
      assert.deepEqual(again, params);
    }),
    { numRuns: 300 },
  );
  const data = {
    ...{ data: ['s3://b/a b.csv', 's3://b/c/'], label: 'y', features: ['f', '3'], weights: 'w', drop: ['d'] },
    ...{ skipRows: 2, header: false, task: 'regression', time: 'day' },
  };
  // what was found in the files is among the parameters of a report
  const found = { ...parseRunParams(readGiven(data)), samples: 77, features: 2, chunkSize: 77 };
  const command = repeatCommand(found);
  assert.match(command, /--data 's3:\/\/b\/a b.csv' --data s3:\/\/b\/c\/ --label y/);
  const again = parseRunParams(readGiven(parse(command.replace('a b.csv', 'a_b.csv'))));
  assert.deepEqual({ ...again, data: data.data, samples: 77, features: 2, chunkSize: 77 }, found);
  assert.equal(repeatCommand(parseRunParams({})), 'npm run arvoredo -- run');
  assert.equal(
    repeatCommand(parseRunParams({ samples: 500, oobScore: true, classWeight: { 1: 5 } })),
    'npm run arvoredo -- run --samples 500 --class-weight 1:5 --oob-score',
  );
});
