// export and predict, on the command line and over the API, beside what the library gives.

import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../../lib/base/hash.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predict, predictProba } from '../../../lib/forest/predict.ts';
import type { Answer } from '../../../lib/predict/answer.ts';
import type { EmulatorInfo } from '../../../local/emulator/options.ts';
import { finish, leftOver, start, temporaryFolder } from '../command.ts';

const JOB = ['--samples', '2000', '--chunk-size', '1000', '--trees', '8', '--features', '5', '--workers', '2'];

suite('arvoredo export and predict', () => {
  test('a model leaves in every format, and predicts the same from each, here, over the API and as on AWS', async (t) => {
    const dataDir = await temporaryFolder(t);
    const at = (name: string) => join(dataDir, name);
    const here = ['--data-dir', dataDir];
    const ok = async (args: string[], env?: Record<string, string>) => {
      const { code, stdout, stderr } = await finish(t, args, env);
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    await ok(['run', ...JOB, '--run-id', 'r', '--quiet', ...here]);

    // no emulator is up: the objects alone are served
    for (const format of ['arvo', 'onnx', 'json', 'js']) {
      await ok(['export', '--run-id', 'r', '--format', format, '--out', at(`m.${format}`), ...here]);
    }
    const file = await readFile(at('m.arvo'));
    const report = JSON.parse(await readFile(join(dataDir, 'runs', 'r', 'report.json'), 'utf8'));
    assert.equal(sha256(file), report.model.sha256);
    await ok(['export', '--run-id', 'r', '--out', at('card.md'), ...here]); // the ending says what
    await ok(['export', '--run-id', 'r', '--format', 'card', '--out', at('card.json'), ...here]);
    assert.match(await readFile(at('card.md'), 'utf8'), new RegExp(`accuracy \\| ${report.accuracy.toFixed(4)} `));
    const card = JSON.parse(await readFile(at('card.json'), 'utf8'));
    assert.deepEqual(
      [card.model.sha256, card.metrics.accuracy, card.intendedUse.uses, card.data.rows.total],
      [report.model.sha256, report.accuracy, null, 2000],
    );

    const model = decodeModel(file);
    const rows = [
      [0.5, -1, 2, 0, 1],
      [-1, 0.25, -2, 1, 0],
      [99, 0, 0, 0, 0],
    ];
    const columns = model.edges.map((_, j) => Float32Array.from(rows, (row) => row[j]));
    const expected = predictProba(model, columns);
    const labels = predict(model, columns);
    await writeFile(at('rows.csv'), `f0,f1,f2,f3,f4\n${rows.map((row) => row.join(',')).join('\n')}\n`);
    const lines = rows.map((_, i) => `${i},${labels[i]},${expected[2 * i]},${expected[2 * i + 1]}\n`);
    for (const name of ['r', at('m.arvo'), at('m.onnx')]) {
      const said = await ok(['predict', '--model', name, '--data', at('rows.csv'), '--out', at('p.csv'), ...here]);
      assert.equal(await readFile(at('p.csv'), 'utf8'), `row,label,p_0,p_1\n${lines.join('')}`, name);
      if (name === 'r') assert.match(said, /3 rows.*6\.67 % of the values outside/);
    }
    const said = await ok([
      'predict',
      '--model',
      'r',
      '--data',
      's3://arvoredo/runs/r/test/',
      '--out',
      at('p.arrow'),
      '--explain',
      ...here,
    ]);
    assert.match(said, /200 rows/);

    await writeFile(at('bad.csv'), 'f0,f1,f2,f3,f4\n1,2,3,4,5\n1,2,three,4,5\n');
    await writeFile(at('junk.arvo'), 'hello');
    const wrong: [args: string[], message: RegExp][] = [
      [
        ['predict', '--model', 'r', '--data', at('bad.csv'), '--out', at('x.csv')],
        /bad\.csv, row 2, column "f2": must be a number that float32 can hold, or empty where it is missing, got "three"/,
      ],
      [['predict', '--model', 'r', '--data', at('card.json'), '--out', at('x.csv')], /card\.json, row 1: not JSON/],
      [['predict', '--model', 'r', '--data', at('none.csv'), '--out', at('x.csv')], /none\.csv: no such file/],
      [['predict', '--model', 'none', '--data', at('rows.csv'), '--out', at('x.csv')], /run none has no model here/],
      [
        ['predict', '--model', 'r', '--data', at('rows.csv'), '--out', at('x.xls')],
        /must end in \.csv, \.arrow, \.parquet or \/, got/,
      ],
      [
        ['predict', '--model', './none.onnx', '--data', at('rows.csv'), '--out', at('x.csv')],
        /file \.\/none\.onnx does not exist/,
      ],
      [['export', '--format', 'json', '--out', at('x')], /give --run-id or --model/],
      [
        ['export', '--run-id', 'r', '--out', at('x')],
        /ending must be \.arvo, \.onnx, \.json, \.js or \.md, or --format/,
      ],
      [['export', '--model', at('junk.arvo'), '--out', at('x.onnx')], /junk\.arvo cannot be read as a model/],
      [
        ['export', '--model', at('m.json'), '--out', at('x.onnx')],
        /m\.json cannot be read as a model .*JSON exports cannot be read back; use the \.arvo or \.onnx file/,
      ],
      [
        ['predict', '--model', at('m.js'), '--data', at('rows.csv'), '--out', at('x.csv')],
        /m\.js cannot be read as a model .*JavaScript exports cannot be read back/,
      ],
      [['export', '--model', at('m.onnx'), '--format', 'card', '--out', at('x')], /a card is of a run/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr } = await finish(t, [...args, ...here]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.startsWith('x') || name.endsWith('.part')),
      [],
    );

    const json = at('endpoints.json');
    const { child, done } = start(t, ['local', ...here, '--json', json, '--port', '18908']);
    let info: EmulatorInfo | undefined;
    for (let waitedMs = 0; !info && waitedMs < 30_000; waitedMs += 50) {
      const text = await readFile(json, 'utf8').catch(() => '');
      if (text.endsWith('\n')) info = JSON.parse(text);
      else await sleep(50);
    }
    const { api, s3, lambda, cloudFormation, stack } = info!;
    const post = (id: string, body: unknown) =>
      fetch(`${api}/models/${id}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const answer = (await (await post('r', { rows, explain: true })).json()) as Answer;
    assert.deepEqual(
      answer.predictions.flatMap(({ probabilities }) => probabilities),
      [...expected],
    );
    assert.deepEqual(
      answer.predictions.map(({ label }) => label),
      [...labels],
    );
    assert.deepEqual(
      answer.outOfRange!.features.map(({ feature, rows }) => [feature, rows]),
      [['f0', 1]],
    );
    for (const { probabilities, explanation } of answer.predictions) {
      const sum = Object.values(explanation!.contributions).reduce((part, value) => part + value, explanation!.bias);
      assert.ok(Math.abs(sum - Math.max(...probabilities!)) < 1e-12);
    }
    const bad = await post('r', {
      rows: [
        [1, 2, 3, 4, 5],
        [1, 2, 'x', 4, 5],
      ],
    });
    assert.equal(bad.status, 400);
    const { error } = (await bad.json()) as { error: { code: string; message: string; rows: unknown[] } };
    assert.deepEqual(
      [error.code, error.rows],
      [
        'InputError',
        [
          {
            row: 1,
            feature: 'f2',
            value: '"x"',
            message: 'f2 must be a number that float32 can hold, or null, got "x"',
          },
        ],
      ],
    );
    assert.equal((await post('none', { rows })).status, 404);
    assert.equal((await post('..%2fx', { rows })).status, 400);

    const env = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_ENDPOINT_URL_LAMBDA: lambda,
      AWS_ENDPOINT_URL_S3: s3,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
    };
    const onAws = ['--on', 'aws', '--stack', stack];
    await ok(['export', '--run-id', 'r', '--format', 'arvo', '--out', at('aws.arvo'), ...onAws], env);
    assert.deepEqual(await readFile(at('aws.arvo')), file);
    await ok(
      [
        'predict',
        '--model',
        'r',
        '--data',
        's3://arvoredo/runs/r/test/',
        '--out',
        at('aws.arrow'),
        '--explain',
        ...onAws,
      ],
      env,
    );
    assert.deepEqual(await readFile(at('aws.arrow')), await readFile(at('p.arrow')));
    child.kill('SIGINT');
    assert.equal((await done).code, 0);
    assert.deepEqual(await leftOver(dataDir), []);
  });
});
