import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { finish, leftOver, temporaryFolder } from '../command.ts';

const JOB = ['--samples', '600', '--chunk-size', '200', '--trees', '3', '--quiet'];

suite('commands that look at runs', () => {
  test('a run is listed, told and reported, and gone once it is removed', async (t) => {
    const dataDir = await temporaryFolder(t);
    const call = async (...args: string[]) => {
      const { code, stdout, stderr } = await finish(t, [...args, '--data-dir', dataDir]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const result = join(dataDir, 'result.json');
    await call('run', ...JOB, '--run-id', 'first', '--json', result);
    await call('run', ...JOB, '--run-id', 'second', '--seed', '1');
    const { accuracy, model } = JSON.parse(await readFile(result, 'utf8'));

    const listed = JSON.parse(await call('runs', '--json', '-'));
    assert.deepEqual(
      listed.map(({ runId, state, samples, trees }: Record<string, unknown>) => [runId, state, samples, trees]),
      [
        ['second', 'succeeded', 600, 3],
        ['first', 'succeeded', 600, 3],
      ],
    );
    assert.equal(listed[1].accuracy, accuracy);
    assert.equal(JSON.parse(await call('runs', '--limit', '1', '--json', '-')).length, 1);
    assert.match(await call('runs'), new RegExp(`^ first +succeeded .* 600 +20 +3 +${accuracy.toFixed(4)} `, 'm'));

    assert.match(await call('status', 'first'), /run first succeeded\n.*\n generate +done +3 +3 +\d+\.\d\n/);
    assert.match(await call('status'), /run second succeeded/);
    assert.equal(JSON.parse(await call('status', 'first', '--json', '-')).accuracy, accuracy);

    const file = join(dataDir, 'report.json');
    const text = await call('report', 'first', '--json', file);
    assert.match(text, new RegExp(`sha256   ${model.sha256}\n[^]*Accuracy: ${accuracy.toFixed(4)} `));
    assert.equal(JSON.parse(await readFile(file, 'utf8')).model.sha256, model.sha256);

    assert.match(await call('cancel', 'first'), /run first succeeded/); // it has ended, and stays as it is
    const { stderr } = await finish(t, ['cancel', 'first', '--data-dir', dataDir]);
    assert.equal(stderr, 'run first has ended already: nothing was cancelled\n');

    assert.match(await call('clean', '--older-than', '1'), /nothing to remove/);
    assert.match(await call('clean', 'first'), /^removed first, \d\d objects\n$/);
    assert.deepEqual(
      JSON.parse(await call('runs', '--json', '-')).map(({ runId }: { runId: string }) => runId),
      ['second'],
    );
    await assert.rejects(access(join(dataDir, 'runs', 'first')));
    // its id is free again
    const again = join(dataDir, 'again.json');
    await call('run', ...JOB, '--run-id', 'first', '--json', again);
    assert.equal(JSON.parse(await readFile(again, 'utf8')).model.sha256, model.sha256);
    assert.match(await call('clean', '--all'), /^removed second, \d\d objects\nremoved first, \d\d objects\n$/);
    assert.match(await call('runs'), /no runs yet/);
    assert.deepEqual(await leftOver(dataDir), []);
  });

  test('what is not there, or not possible, is said', async (t) => {
    const dataDir = await temporaryFolder(t);
    const refused = async (message: RegExp, ...args: string[]) => {
      const { code, stdout, stderr } = await finish(t, [...args, '--data-dir', dataDir]);
      assert.deepEqual([code, stdout, message.test(stderr)], [2, '', true], stderr);
    };
    await refused(/there are no runs in .*; name another folder/, 'status');
    await finish(t, ['run', ...JOB, '--run-id', 'one', '--data-dir', dataDir]);
    await refused(/run two does not exist/, 'status', 'two');
    await refused(/run two does not exist/, 'cancel', 'two');
    await refused(/run id must be 1 to 59 letters/, 'report', '../one');
    await refused(/one of the three/, 'clean');
    await refused(/one of the three/, 'clean', 'one', '--all');
    await refused(/unknown option '--force'/, 'clean', 'one', '--force');
    await refused(
      /^error --limit must be an integer from 1 to 1000, got "0"\nrun arvoredo runs --help/,
      'runs',
      '--limit',
      '0',
    );
    await refused(/^error RUN_ID is missing\n/, 'cancel');
    await refused(/error --on must be local or aws, got "mars"/, 'runs', '--on', 'mars');
    await refused(/^error --function must be api, .* or trainLarge, got "trainn"/, 'logs', '--function', 'trainn');
    await refused(/^error --token requires --on aws, got --on local/, 'dashboard', '--token', 'x');
    await refused(/^error --data-dir requires --on local, got --on aws/, 'runs', '--on', 'aws');
    const { stderr } = await finish(t, ['run', '--trees']);
    assert.equal(stderr, 'error --trees <N> needs a value\nrun arvoredo run --help for its options\n');
    const left = join(dataDir, 'left.json');
    await refused(/run two does not exist/, 'status', 'two', '--json', left);
    await assert.rejects(access(left), /ENOENT/, 'a command that failed leaves no file of results');
    await refused(/--json .* cannot be written/, 'runs', '--json', join(dataDir, 'no', 'folder.json'));
  });
});
