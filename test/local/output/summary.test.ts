import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import { summarize } from '../../../local/output/summary.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

const places = { modelPath: 'm', reportPath: 'r' };

function linesOf(report: ClassReport): string[] {
  const text = summarize(report, { ...report.seconds, startup: 0, total: 1 }, places);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  return text.replace(/\u001b\[\d+m/g, '').split('\n');
}

test('the summary shows the scores, the out-of-bag score and the most important features', async () => {
  const { store } = await runInMemory({ oobScore: true });
  const report = await getClassReport(store);
  const lines = linesOf({
    ...report,
    logLoss: 0.25,
    brier: 0.07104,
    rocAuc: 0.96,
    rocAucError: 0.0012,
    oobScore: 0.9,
    oobCoverage: 0.98765,
    featureImportances: [0.004, 0.3, 0.5, 0.05, 0.06, 0.046, 0.04],
  });
  const at = lines.indexOf(' scores   log loss 0.2500 · Brier 0.0710 · ROC AUC 0.9600 ± 0.0012');
  assert.ok(at > 0, lines.join('\n'));
  assert.deepEqual(lines.slice(at + 1, at + 3), [
    '          out of bag 0.9000, on 98.7 % of the training rows',
    ' features f2 50 % · f1 30 % · f4 6 % · f3 5 % · f5 5 %',
  ]);
});

test('the summary leaves out what there is not', async () => {
  const { store } = await runInMemory({});
  const report = await getClassReport(store);
  const none = { ...report, logLoss: 0.25, brier: 0.07, rocAuc: null, rocAucError: null, featureImportances: [0, 0] };
  const lines = linesOf(none);
  assert.ok(lines.includes(' scores   log loss 0.2500 · Brier 0.0700'));
  assert.ok(!lines.some((line) => /out of bag|features|ROC/.test(line)));
  assert.ok(linesOf({ ...none, rocAuc: 0.9, rocAucError: 0 }).some((line) => line.endsWith('ROC AUC 0.9000')));
});
