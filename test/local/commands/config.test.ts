import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { finish, temporaryFolder } from '../command.ts';

test('config shows each value and where it is from, and plan goes by it', async (t) => {
  const path = join(await temporaryFolder(t), 'mine.ts');
  await writeFile(path, 'export default { trees: 7 as number, chunkSize: 500, on: "aws", plan: { seed: 3 } };\n');
  const env = { ARVOREDO_CHUNK_SIZE: '250', ARVOREDO_TRESS: '1', ARVOREDO_CONFIG: path };
  const call = async (...args: string[]) => {
    const { code, stdout, stderr } = await finish(t, args, env);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const { file, values, unknownVariables } = JSON.parse(
    await call('config', 'run', '--samples', '1000', '--json', '-'),
  );
  const fromOf = (name: string) => {
    const { value, source, by } = values.find((each: { name: string }) => each.name === name);
    return [value, source, by];
  };
  assert.deepEqual(fromOf('samples'), [1000, 'flag', '--samples']);
  assert.deepEqual(fromOf('chunkSize'), [250, 'environment', 'ARVOREDO_CHUNK_SIZE']);
  assert.deepEqual(fromOf('trees'), [7, 'file', path]);
  assert.deepEqual(fromOf('features'), [20, 'default', null]);
  assert.deepEqual([file, unknownVariables], [path, [{ name: 'ARVOREDO_TRESS', nearest: 'ARVOREDO_TREES' }]]);

  const text = await call('config');
  assert.match(text, /^ chunkSize +250 +ARVOREDO_CHUNK_SIZE$/m);
  assert.match(text, /^ seed +0 +default\n plan\.seed +3 +.*mine\.ts, plan$/m);
  assert.match(text, /^ARVOREDO_TRESS is not an option; did you mean ARVOREDO_TREES\?$/m);

  const mixed = await finish(t, ['plan', '--data', 'x.csv', '--label', 'y'], env);
  assert.deepEqual(mixed.stderr, 'error ARVOREDO_CHUNK_SIZE cannot be combined with --data\n');

  const { parts } = JSON.parse(await call('plan', '--samples', '1000', '--json', '-'));
  assert.equal(parts.find(({ part }: { part: string }) => part === 'generate').tasks, 4);
});

test('a file that defines its options by the package is read', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'node_modules'));
  await symlink(resolve('.'), join(folder, 'node_modules', 'arvoredo'));
  const path = join(folder, 'arvoredo.config.ts');
  const text = `import { defineConfig } from 'arvoredo/config';
    export default defineConfig({ trees: 7, maxDepth: null, runs: { limit: 50 } });`;
  await writeFile(path, text);
  const { code, stdout, stderr } = await finish(t, ['config', 'runs', '--config', path]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ limit +50 +.*arvoredo\.config\.ts, runs$/m);
});

test('help is shown whatever the file says, and everything else is refused with its name', async (t) => {
  const path = join(await temporaryFolder(t), 'arvoredo.config.json');
  await writeFile(path, '{ "tress": 1 }');
  const help = await finish(t, ['runs', '--help', '--config', path]);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  const { code, stderr } = await finish(t, ['runs', '--config', path]);
  assert.deepEqual([code, stderr], [2, `error ${path}: unknown option "tress"; did you mean trees?\n`]);
  const refused = async (message: string, args: string[], env = {}) =>
    assert.equal((await finish(t, args, env)).stderr, `error ${message}\n`);
  // a value that is wrong is told with who says it
  const rule = 'must be an integer from 1 to 100000, got "x"';
  await refused(`ARVOREDO_TREES ${rule}`, ['plan'], { ARVOREDO_TREES: 'x' });
  await writeFile(path, '{ "trees": "x" }');
  await refused(`trees of the file of options ${rule}`, ['plan', '--config', path]);
  await refused('unknown command nope; arvoredo --help lists them', ['config', 'nope']);
  await refused('unknown command rns; did you mean runs?', ['config', 'rns']);
  await refused('--trees must follow a command, as in arvoredo config run --trees', ['config', '--trees', '5']);
});
