// export and predict, on the command line and over the API, compared with the library.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { sha256 } from '../../../lib/base/hash.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predict, predictProba } from '../../../lib/forest/predict.ts';
import type { Answer } from '../../../lib/predict/answer.ts';
import type { EmulatorInfo } from '../../../local/emulator/options.ts';
import { until } from '../../until.ts';
import { finish, leftOver, start, temporaryFolder } from '../command.ts';

const JOB = ['--samples', '2000', '--chunk-size', '1000', '--trees', '8', '--features', '5', '--workers', '2'];
const ROWS = [
  [0.5, -1, 2, 0, 1],
  [-1, 0.25, -2, 1, 0],
  [99, 0, 0, 0, 0],
];
const TEST_ROWS = 's3://arvoredo/runs/r/test/';

suite('arvoredo export and predict', () => {
  // one run for all tests, which run in order
  let dataDir: string;
  let here: string[];
  let file: Uint8Array;
  let expected: Float64Array;
  let labels: ArrayLike<unknown>;
  const at = (name: string) => join(dataDir, name);

  const ok = async (t: TestContext, args: string[], env?: Record<string, string>) => {
    const { code, stdout, stderr } = await finish(t, args, env);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-models-'));
    here = ['--data-dir', dataDir];
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  test('exports the model in every format without an emulator', async (t) => {
    await ok(t, ['run', ...JOB, '--run-id', 'r', '--quiet', ...here]);
    for (const format of ['arvo', 'onnx', 'json', 'js']) {
      await ok(t, ['export', '--run-id', 'r', '--format', format, '--out', at(`m.${format}`), ...here]);
    }
    file = await readFile(at('m.arvo'));
    const report = JSON.parse(await readFile(join(dataDir, 'runs', 'r', 'report.json'), 'utf8'));
    assert.equal(sha256(file), report.model.sha256);
    await ok(t, ['export', '--run-id', 'r', '--out', at('card.md'), ...here]); // the extension selects the format
    await ok(t, ['export', '--run-id', 'r', '--format', 'card', '--out', at('card.json'), ...here]);
    assert.match(await readFile(at('card.md'), 'utf8'), new RegExp(`accuracy \\| ${report.accuracy.toFixed(4)} `));
    const card = JSON.parse(await readFile(at('card.json'), 'utf8'));
    assert.deepEqual(
      [card.model.sha256, card.metrics.accuracy, card.intendedUse.uses, card.data.rows.total],
      [report.model.sha256, report.accuracy, null, 2000],
    );
  });

  test('predicts the same from the run and from each format that can be read', async (t) => {
    const model = decodeModel(file);
    const columns = model.edges.map((_, j) => Float32Array.from(ROWS, (row) => row[j]));
    expected = predictProba(model, columns);
    labels = predict(model, columns);
    await writeFile(at('rows.csv'), `f0,f1,f2,f3,f4\n${ROWS.map((row) => row.join(',')).join('\n')}\n`);
    const lines = ROWS.map((_, i) => `${i},${labels[i]},${expected[2 * i]},${expected[2 * i + 1]}\n`);
    for (const name of ['r', at('m.arvo'), at('m.onnx')]) {
      const text = await ok(t, ['predict', '--model', name, '--data', at('rows.csv'), '--out', at('p.csv'), ...here]);
      assert.equal(await readFile(at('p.csv'), 'utf8'), `row,label,p_0,p_1\n${lines.join('')}`, name);
      if (name === 'r') assert.match(text, /3 rows.*6\.67 % of the values outside/);
    }
    const inBucket = ['predict', '--model', 'r', '--data', TEST_ROWS, '--out', at('p.arrow'), '--explain'];
    assert.match(await ok(t, [...inBucket, ...here]), /200 rows/);
  });

  test('rejects wrong models, data and output targets with 2, and leaves no file', async (t) => {
    await writeFile(at('bad.csv'), 'f0,f1,f2,f3,f4\n1,2,3,4,5\n1,2,three,4,5\n');
    await writeFile(at('junk.arvo'), 'hello');
    const predicts = (model: string, data: string, out = 'x.csv') => {
      return ['predict', '--model', model, '--data', at(data), '--out', at(out)];
    };
    const wrong: [args: string[], message: RegExp][] = [
      [
        predicts('r', 'bad.csv'),
        /bad\.csv, row 2, column "f2": must be a number that float32 can hold, or empty where it is missing, got "three"/,
      ],
      [predicts('r', 'card.json'), /card\.json, row 1: not JSON/],
      [predicts('r', 'none.csv'), /none\.csv: no such file/],
      [predicts('none', 'rows.csv'), /run none has no model here/],
      [predicts('r', 'rows.csv', 'x.xls'), /must end in \.csv, \.arrow, \.parquet or \/, got/],
      [predicts('./none.onnx', 'rows.csv'), /file \.\/none\.onnx does not exist/],
      [predicts(at('m.js'), 'rows.csv'), /m\.js cannot be read as a model .*JavaScript exports cannot be read back/],
      [['export', '--format', 'json', '--out', at('x')], /give --run-id or --model/],
      [
        ['export', '--run-id', 'r', '--out', at('x')],
        /: the ending must be \.arvo, \.onnx, \.json, \.js or \.md, or give --format/,
      ],
      [['export', '--model', at('junk.arvo'), '--out', at('x.onnx')], /junk\.arvo cannot be read as a model/],
      [
        ['export', '--model', at('m.json'), '--out', at('x.onnx')],
        /m\.json cannot be read as a model .*JSON exports cannot be read back; use the \.arvo or \.onnx file/,
      ],
      [
        ['export', '--model', at('m.onnx'), '--format', 'card', '--out', at('x')],
        /a card describes a run: give --run-id/,
      ],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await finish(t, [...args, ...here]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    }
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.startsWith('x') || name.endsWith('.part')),
      [],
    );
  });

  test('predicts the same over the API, and exports and predicts the same from a stack', async (t) => {
    const json = join(await temporaryFolder(t), 'endpoints.json');
    const { child, done } = start(t, ['local', ...here, '--json', json, '--port', '18908']);
    const info = await until('the emulator', async () => {
      const text = await readFile(json, 'utf8').catch(() => '');
      return text.endsWith('\n') && (JSON.parse(text) as EmulatorInfo);
    });
    await checkApi(info.api);
    await checkStack(t, info);
    child.kill('SIGINT');
    assert.equal((await done).code, 0);
    assert.deepEqual(await leftOver(dataDir), []);
  });

  async function checkApi(api: string): Promise<void> {
    const post = (id: string, rows: unknown[][], explain?: boolean) =>
      fetch(`${api}/models/${id}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rows, explain }),
      });
    const { predictions, outOfRange } = (await (await post('r', ROWS, true)).json()) as Answer;
    assert.deepEqual(
      predictions.flatMap(({ probabilities }) => probabilities),
      [...expected],
    );
    assert.deepEqual(
      predictions.map(({ label }) => label),
      Array.from(labels),
    );
    assert.deepEqual(
      outOfRange!.features.map(({ feature, rows }) => [feature, rows]),
      [['f0', 1]],
    );
    for (const { probabilities, explanation } of predictions) {
      const sum = Object.values(explanation!.contributions).reduce((part, value) => part + value, explanation!.bias);
      assert.ok(Math.abs(sum - Math.max(...probabilities!)) < 1e-12);
    }
    const bad = await post('r', [
      [1, 2, 3, 4, 5],
      [1, 2, 'x', 4, 5],
    ]);
    assert.equal(bad.status, 400);
    const { error } = (await bad.json()) as { error: { code: string; message: string; rows: unknown[] } };
    const message = 'f2 must be a number that float32 can hold, or null, got "x"';
    assert.deepEqual([error.code, error.rows], ['InputError', [{ row: 1, feature: 'f2', value: '"x"', message }]]);
    assert.equal((await post('none', ROWS)).status, 404);
    assert.equal((await post('..%2fx', ROWS)).status, 400);
  }

  async function checkStack(t: TestContext, { lambda, s3, cloudFormation, stack }: EmulatorInfo): Promise<void> {
    const env = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_ENDPOINT_URL_LAMBDA: lambda,
      AWS_ENDPOINT_URL_S3: s3,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
    };
    const onAws = ['--on', 'aws', '--stack', stack];
    await ok(t, ['export', '--run-id', 'r', '--format', 'arvo', '--out', at('aws.arvo'), ...onAws], env);
    assert.deepEqual(await readFile(at('aws.arvo')), file);
    const inBucket = ['predict', '--model', 'r', '--data', TEST_ROWS, '--out', at('aws.arrow'), '--explain'];
    await ok(t, [...inBucket, ...onAws], env);
    assert.deepEqual(await readFile(at('aws.arrow')), await readFile(at('p.arrow')));
  }
});
