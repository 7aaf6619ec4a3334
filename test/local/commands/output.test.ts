import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { chooseAccount } from '../../../local/commands/backend-options.ts';
import { createProgram } from '../../../local/commands/program.ts';
import { finish, temporaryFolder } from '../command.ts';

const { commands } = createProgram();
const flagsOf = (name: string) => commands.find((command) => command.name() === name)!.options.map(({ long }) => long);

test('every command gives JSON, and every one that goes to AWS takes stack, region and profile', () => {
  for (const command of commands) {
    const name = command.name();
    assert.equal(flagsOf(name).includes('--json'), name !== 'completions', name); // that prints a script
    if (flagsOf(name).includes('--stack') && name !== 'local') {
      assert.ok(flagsOf(name).includes('--region') && flagsOf(name).includes('--profile'), name);
    }
  }
});

test('region and profile become those of the default chain, before keys that lie about', () => {
  const env: NodeJS.ProcessEnv = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'us-east-1' };
  chooseAccount({}, env);
  assert.equal(env.AWS_ACCESS_KEY_ID, 'k');
  chooseAccount({ region: 'eu-west-1' }, env);
  assert.deepEqual(env, { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'eu-west-1' });
  chooseAccount({ profile: 'grove' }, env);
  assert.deepEqual(env, { AWS_PROFILE: 'grove', AWS_REGION: 'eu-west-1' });
});

test('with --json - standard output has the JSON alone', async (t) => {
  const folder = await temporaryFolder(t);
  const place = ['--data-dir', folder];
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await finish(t, [...args, '--json', '-']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const job = ['--samples', '600', '--chunk-size', '200', '--trees', '3'];
  const { accuracy } = await json('run', ...job, '--run-id', 'one', ...place);
  const view = await json('status', ...place);
  assert.deepEqual([view.accuracy, view.params.trees, view.state], [accuracy, 3, 'succeeded']);
  // what the environment says are defaults, and no demand on a run that exists; a flag is one
  const again = await finish(t, ['run', '--run-id', 'one', '--json', '-', ...place], { ARVOREDO_TREES: '5' });
  assert.equal(JSON.parse(again.stdout).params.trees, 3);
  const other = await finish(t, ['run', '--run-id', 'one', '--trees', '5', ...place]);
  assert.match(other.stderr, /^error run one exists with trees 3, got 5; /);
  const out = join(folder, 'model.onnx');
  const { bytes, format } = await json('export', '--run-id', 'one', '--format', 'onnx', '--out', out, ...place);
  assert.deepEqual([bytes, format], [(await readFile(out)).length, 'onnx']);
  const rows = join(folder, 'rows.csv');
  await writeFile(rows, `${Array.from({ length: 20 }, (_, i) => `f${i}`)}\n${new Array(20).fill(0.5)}\n`);
  const predicted = await json('predict', '--model', out, '--data', rows, '--out', join(folder, 'p.csv'));
  assert.equal(predicted.numRows, 1);
  const [line] = await json('logs', 'one', '--task', 'merge', ...place);
  assert.deepEqual([line.function, line.taskId, line.level], ['train', 'merge', 'INFO']);
  assert.equal((await json('logs', '--tail', '3', ...place)).length, 3);
  const { runs } = await json('clean', 'one', ...place);
  assert.equal(runs[0].runId, 'one');
});
