import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FOREST_DEFAULTS } from '../../../../lib/forest/params.ts';
import { planLayout, writeSettings } from '../../../../lib/forest/wasm/layout.ts';
import { COPY_LEVEL_FIELDS, SETTINGS } from '../../../../lib/forest/wasm/settings.ts';

const NUMBERS = ['numRows', 'numFeatures', 'numClasses', 'maxFeatures', 'maxDepth', 'minRowsToSplit'];
const isRegion = (name: string) => !NUMBERS.concat('minSamplesLeaf', 'isRandom', 'numCopyLevels').includes(name);
const shape = { numRows: 300_000, numFeatures: 20, numClasses: 3 };

test('the memory map of the kernel lists every region among the settings', () => {
  const map = readFileSync('lib/forest/wasm/kernel/memory.ts', 'utf8');
  for (const name of Object.keys(SETTINGS).filter(isRegion)) assert.match(map, new RegExp(`^// \\| ${name} +\\|`, 'm'));
});

test('regions begin at multiples of 64 bytes, and no two threads share one', () => {
  const { bytes, threads, queue, seeds } = planLayout(shape, FOREST_DEFAULTS, 7, 3);
  const shared = ['codes', 'labels', 'numBins'];
  const regions = threads.flatMap(({ settingsAt, settings, copyLevels }) => [
    settingsAt,
    ...Object.entries(settings).flatMap(([name, at]) =>
      isRegion(name) && !shared.includes(name) && at > 0 ? [at] : [],
    ),
    ...copyLevels.flatMap(({ codes, labels }) => [codes, labels]),
  ]);
  const { codes, labels, numBins } = threads[0].settings;
  const all = [queue, seeds, codes, labels, numBins, ...regions];
  assert.equal(new Set(all).size, all.length);
  for (const at of all) assert.ok(at > 0 && at % 64 === 0 && at < bytes, `${at}`);
});

test('settings and copy levels are stored in the order of their table', () => {
  const layout = planLayout(shape, FOREST_DEFAULTS, 1, 2);
  const memory = new ArrayBuffer(layout.bytes);
  writeSettings(memory, layout);
  for (const { settingsAt, settings, copyLevels } of layout.threads) {
    const stored = new Uint32Array(memory, settingsAt, Object.keys(SETTINGS).length);
    assert.deepEqual(Object.fromEntries(Object.keys(SETTINGS).map((name, i) => [name, stored[i]])), settings);
    assert.equal(settings.numCopyLevels, copyLevels.length);
    assert.ok(copyLevels.length > 1, 'rows of this table are copied more than once');
    for (const [i, level] of copyLevels.entries()) {
      const at = settings.copyLevels + 4 * COPY_LEVEL_FIELDS.length * i;
      const fields = new Uint32Array(memory, at, COPY_LEVEL_FIELDS.length);
      assert.deepEqual(Object.fromEntries(COPY_LEVEL_FIELDS.map((name, j) => [name, fields[j]])), { ...level, end: 0 });
    }
  }
});
