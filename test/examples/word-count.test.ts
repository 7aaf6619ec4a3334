import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { countLocally } from '../../examples/word-count/run.ts';
import { WordCountStack } from '../../examples/word-count/stack.ts';
import { countTasks, mergeTasks } from '../../examples/word-count/tasks.ts';
import { commonest, countWords, mergeCounts } from '../../examples/word-count/words.ts';

test('words are letters and digits of any script, without case', () => {
  assert.deepEqual(countWords("Água, água! It's 3 o'clock."), { água: 2, it: 1, s: 1, 3: 1, o: 1, clock: 1 });
  assert.deepEqual(mergeCounts([countWords('a b'), countWords('b c b')]), { a: 1, b: 3, c: 1 });
  assert.deepEqual(commonest({ b: 2, a: 2, c: 3 }, 2), [
    ['c', 3],
    ['a', 2],
  ]);
});

test('a text added later leaves the results of the others, and every sum includes it', () => {
  const counts = (keys: string[]) => countTasks('r', keys).map(({ countsKey }) => countsKey);
  const [before, after] = [counts(['b', 'c']), counts(['a', 'b', 'c'])];
  assert.deepEqual(after.slice(1), before);
  assert.equal(new Set(after).size, 3);
  assert.notEqual(mergeTasks('r', after)[0].countsKey, mergeTasks('r', before)[0].countsKey);
  const merged = mergeTasks('r', counts(Array.from({ length: 250 }, (_, i) => `${i}`)));
  assert.deepEqual(
    merged.map((task) => task.countsKeys.length),
    [100, 100, 50],
  );
});

test('the functions count the same words as one pass', async () => {
  const texts = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`${i}.txt`, `${'tree '.repeat(i)}and word${i} and constructor`]),
  );
  const expected = mergeCounts(Object.values(texts).map(countWords));
  const { numObjects, numWords, top, attempts } = await countLocally(texts);
  assert.deepEqual([numObjects, attempts], [12, 12]);
  assert.equal(
    numWords,
    Object.values(expected).reduce((sum, count) => sum + count, 0),
  );
  assert.deepEqual(top, commonest(expected, 10));
  assert.deepEqual(top.slice(0, 3), [
    ['tree', 66],
    ['and', 24],
    ['constructor', 12],
  ]);
});

test('the stack is synthesized offline, with a durable orchestrator that may invoke the worker and itself', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'word-count-stack-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ['orchestrator', 'worker']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), '');
  }
  const app = new App({ builtinCloudFormationValidation: false });
  const code = { orchestrator: join(folder, 'orchestrator'), worker: join(folder, 'worker') };
  const template = Template.fromStack(new WordCountStack(app, 'WordCount', code));
  template.hasResourceProperties('AWS::Lambda::Function', { DurableConfig: Match.anyValue() });
  template.resourceCountIs('AWS::Lambda::Function', 2);
  template.hasResourceProperties('AWS::Lambda::Alias', { Name: 'live' });
});
