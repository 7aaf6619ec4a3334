import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { finish, temporaryFolder } from '../command.ts';

suite('arvoredo plan', () => {
  test('shows each stage with its tasks, seconds, memory and USD, and a total', async (t) => {
    const { code, stdout, stderr } = await finish(t, ['plan', '--trees', '500', '--workers', '3']);
    assert.equal(code, 0, stderr);
    for (const [part, tasks] of [
      ['generate', 10],
      ['split', 11],
      ['train', 7],
      ['evaluate', 10],
    ]) {
      assert.match(stdout, new RegExp(`^ ${part} +${tasks} +\\d+\\.\\d +[\\d,]+ of [\\d,]+ MiB +0\\.\\d{6}$`, 'm'));
    }
    assert.match(stdout, /^ orchestrator +0\.\d{6}$/m);
    assert.match(stdout, /^ total +38 +\d+\.\d +0\.\d{6}$/m);
    assert.match(stdout, /strategy +trees: about .* shared by 3 workers/);
    assert.match(stdout, /prices +us-east-1, \d{4}-\d\d: https:/);
  });

  test('writes the same as JSON, to standard output or a file', async (t) => {
    const folder = await temporaryFolder(t);
    const json = join(folder, 'plan.json');
    const toOutput = await finish(t, ['plan', '--json', '-']);
    const forecast = JSON.parse(toOutput.stdout);
    assert.deepEqual([forecast.total.tasks, forecast.params.samples, forecast.parts.length], [33, 100_000, 5]);
    const toFile = await finish(t, ['plan', '--quiet', '--json', json]);
    assert.deepEqual(JSON.parse(await readFile(json, 'utf8')), forecast);
    assert.equal(toFile.stdout, `${forecast.total.usd.toFixed(6)}\n`);
  });

  test('a function has cores of its own on AWS, and shares them here', async (t) => {
    const args = ['plan', '--samples', '1e6', '--workers', '1000', '--json', '-'];
    const [here, aws] = await Promise.all(
      ['local', 'aws'].map(async (on) => JSON.parse((await finish(t, [...args, '--on', on])).stdout)),
    );
    assert.ok(aws.total.seconds < here.total.seconds);
    assert.equal(aws.total.usd, here.total.usd);
  });

  const refused: [args: string[], message: RegExp][] = [
    [['--samples', '1e8', '--chunk-size', '1e6'], /training rows 90000000 .*; lower samples to \d+/],
    [['--chunk-size', '1'], /--chunk-size 1 makes 100000 chunks.*raise --chunk-size to 2/],
    [['--run-id', 'x'], /unknown option '--run-id'/],
    [['--json', '/nowhere/x.json'], /--json \/nowhere\/x.json cannot be written: ENOENT/],
    [['surplus'], /too many arguments/],
  ];
  for (const [args, message] of refused) {
    test(`refuses ${args.join(' ')}, and starts nothing`, async (t) => {
      const { code, stdout, stderr } = await finish(t, ['plan', ...args]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
    });
  }

  test('leaves nothing behind', async (t) => {
    const folder = await temporaryFolder(t);
    assert.equal((await finish(t, ['plan'], { HOME: folder })).code, 0);
    await assert.rejects(access(join(folder, '.arvoredo')));
  });
});
