import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runOnData } from '../../helpers.ts';
import { finish, temporaryFolder } from '../command.ts';

const TABLE = 'test/fixtures/tables/diabetes.csv';

test('values are learnt and predicted through the functions, as in memory', async (t) => {
  const dataDir = await temporaryFolder(t);
  const json = join(dataDir, 'report.json');
  const options = { task: 'regression', label: 'progression', side: 'side', trees: 20, seed: 3 };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { code, stdout, stderr } = await finish(t, [
    'run',
    '--data',
    TABLE,
    ...words,
    '--data-dir',
    dataDir,
    '--json',
    json,
  ]);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(await readFile(json, 'utf8'));
  const { result } = await runOnData({ 's3://tables/diabetes.csv': await readFile(TABLE, 'utf8') }, options);
  assert.deepEqual(
    [report.model.sha256, report.r2, report.rmse, report.mae, report.accuracy],
    [result.sha256, result.r2, result.rmse, result.mae, undefined],
  );
  assert.match(stdout, new RegExp(`RMSE .* MAE [^]*R²: ${report.r2.toFixed(4)} {2}\\(95 % interval 0`));
  assert.match(await readFile(report.reportPagePath, 'utf8'), /Predicted against true values/);

  const [names, ...truth] = (await readFile(TABLE, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const features = join(dataDir, 'features.csv');
  await writeFile(features, [names, ...truth].map((cells) => `${cells.slice(0, 10).join(',')}\n`).join(''));
  const predictions = join(dataDir, 'predictions.csv');
  const predicted = await finish(t, ['predict', '--model', report.modelPath, '--data', features, '--out', predictions]);
  assert.equal(predicted.code, 0, predicted.stderr);
  const [, ...lines] = (await readFile(predictions, 'utf8')).trim().split('\n');
  const values = lines.map((line) => Number(line.split(',').at(-1)));
  const errors = truth.flatMap(([...cells], i) => (cells[11] === 'test' ? [(Number(cells[10]) - values[i]) ** 2] : []));
  const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / errors.length);
  assert.ok(Math.abs(rmse - report.rmse) < 1e-9, `${rmse}`);
});
