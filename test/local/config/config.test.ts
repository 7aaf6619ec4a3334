import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../../local/commands/program.ts';
import {
  applySettings,
  groupOptions,
  readSettings,
  unknownVariables,
  variableName,
} from '../../../local/config/config.ts';
import { readConfig } from '../../../local/config/file.ts';
import { temporaryFolder } from '../command.ts';

const file = (values: Record<string, unknown>) => ({ path: 'arvoredo.config.json', values });

function find(name: string): { command: Command; commands: readonly Command[] } {
  const { commands } = createProgram();
  return { command: commands.find((each) => each.name() === name)!, commands };
}

/** What a command has in the end of file, environment and flags. */
function resolve(name: string, values: Record<string, unknown>, env: Record<string, string>, ...flags: string[]) {
  const { command, commands } = find(name);
  applySettings(command, readSettings(command, commands, file(values), env));
  command.parseOptions(flags);
  return (option: string) => [command.getOptionValue(option), command.getOptionValueSource(option)];
}

test('a flag stands above the environment, that above the file, that above the default', () => {
  const all = resolve(
    'run',
    { trees: 1, seed: 1, workers: 1 },
    { ARVOREDO_TREES: '2', ARVOREDO_SEED: '2' },
    '--trees',
    '3',
  );
  assert.deepEqual(
    [all('trees'), all('seed'), all('workers')],
    [
      [3, 'cli'],
      [2, 'env'],
      [1, 'config'],
    ],
  );
  assert.deepEqual(all('on'), ['local', 'default']);
});

test('what stands below the name of a command is for it alone, and goes before', () => {
  const values = { limit: 3, on: 'aws', runs: { limit: 5 }, run: { trees: 9 } };
  assert.deepEqual(resolve('runs', values, {})('limit'), [5, 'config']);
  assert.deepEqual(resolve('runs', values, {})('on'), ['aws', 'config']);
  assert.deepEqual(resolve('run', values, {})('trees'), [9, 'config']);
  assert.deepEqual(resolve('plan', values, {})('trees'), [undefined, undefined]);
  const both = { dashboard: { port: 9000 } };
  assert.deepEqual(resolve('dashboard', both, {})('port'), [9000, 'config']);
  assert.deepEqual(resolve('run', both, {})('dashboard'), [false, 'default']);
  assert.deepEqual(resolve('run', { dashboard: true }, {})('dashboard'), [true, 'config']);
});

test('values are read as the same words of the command line would be', () => {
  const values = {
    ...{ weights: [0.9, 0.1], classWeight: { 1: 5 }, drop: ['a', 'b'], data: ['x.csv', 'y.csv'] },
    ...{ bootstrap: false, quiet: true, chaos: true, chunkSize: '500' },
  };
  const value = resolve('run', values, {
    ARVOREDO_HEADER: '0',
    ARVOREDO_DASHBOARD: 'true',
    ARVOREDO_CHAOS_RATE: '0.5',
  });
  const expected = { ...values, chunkSize: 500, header: false, dashboard: true, chaosRate: 0.5 };
  for (const [name, one] of Object.entries(expected)) assert.deepEqual(value(name)[0], one, name);
  const [none] = resolve('run', { maxDepth: null }, {})('maxDepth');
  assert.deepEqual([none], [resolve('run', {}, {}, '--max-depth', 'none')('maxDepth')[0]]);
});

test('a flag that may be given again takes the place of what the file says, and does not add to it', () => {
  const value = resolve('run', { data: ['x.csv'] }, {}, '--data', 'a', '--data', 'b');
  assert.deepEqual(value('data'), [['a', 'b'], 'cli']);
});

test('a name that nothing has, and a value that its option does not take, are refused', () => {
  const cases: [string, Record<string, unknown>, Record<string, string>, RegExp][] = [
    ['run', { tress: 5 }, {}, /^arvoredo\.config\.json: unknown option "tress"; did you mean trees\?$/],
    ['status', { tress: 5 }, {}, /"tress"/], // whichever command is called
    ['run', { raport: {} }, {}, /did you mean report\?$/],
    ['run', { runs: { limits: 5 } }, {}, /: arvoredo runs has no option "limits"; did you mean limit\?$/],
    ['run', { runs: 5 }, {}, /: runs must be an object of options of arvoredo runs, got 5$/],
    ['runs', { limit: 0 }, {}, /^arvoredo\.config\.json: limit must be an integer from 1 to 1000, got 0$/],
    ['runs', { limit: [1, 2] }, {}, /limit must be .*, got \[1,2\]$/],
    ['runs', { limit: null }, {}, /limit must be a text, a number or a list of them, got null$/],
    ['run', { on: 'moon' }, {}, /on must be local or aws, got "moon"$/],
    ['run', { quiet: 'perhaps' }, {}, /quiet must be true or false, got "perhaps"$/],
    ['run', { drop: ['a,b', 'c'] }, {}, /drop: a comma divides the list; give "a,b" by its number$/],
    ['runs', {}, { ARVOREDO_LIMIT: 'many' }, /^ARVOREDO_LIMIT must be an integer from 1 to 1000, got "many"$/],
  ];
  for (const [name, values, env, message] of cases) {
    const { command, commands } = find(name);
    const settle = () => readSettings(command, commands, file(values), env);
    assert.throws(settle, { name: 'InputError', message }, JSON.stringify(values));
  }
});

test('variables that look like options and are none are told', () => {
  const { commands } = createProgram();
  const env = { ARVOREDO_TRESS: '1', ARVOREDO_TREES: '1', ARVOREDO_CONFIG: 'x', ARVOREDO_DEBUG: '1', HOME: '/' };
  assert.deepEqual(unknownVariables(commands, env), [{ name: 'ARVOREDO_TRESS', nearest: 'ARVOREDO_TREES' }]);
});

test('an option named like a command is a switch; no two options share a variable', () => {
  const { commands } = createProgram();
  const names = [...new Set(commands.flatMap((command) => [...groupOptions(command).keys()]))];
  for (const name of commands.map((command) => command.name()).filter((each) => names.includes(each))) {
    const options = commands.flatMap((command) => groupOptions(command).get(name) ?? []);
    assert.ok(
      options.every((option) => option.isBoolean()),
      name,
    );
  }
  assert.equal(new Set(names.map(variableName)).size, names.length);
});

const CONFIGS: Record<string, string> = {
  'arvoredo.config.json': '{ "trees": 7 }',
  'arvoredo.config.js': 'module.exports = { trees: 7 };',
  'arvoredo.config.mjs': 'export default { trees: 7 };',
  'arvoredo.config.ts': 'enum Size { small = 7 }\nconst trees: number = Size.small;\nexport default { trees };',
  'arvoredo.config.mts': 'export default { trees: 7 satisfies number };',
};

test('the file may be TypeScript, a module or JSON; it is found in the folder, or named', async (t) => {
  for (const [name, text] of Object.entries(CONFIGS)) {
    const folder = await temporaryFolder(t);
    const path = join(folder, name);
    await writeFile(path, text);
    assert.deepEqual({ ...(await readConfig(undefined, folder))?.values }, { trees: 7 }, name);
    assert.equal((await readConfig(path))!.path, path);
  }
  assert.equal(await readConfig(undefined, await temporaryFolder(t)), undefined);
});

test('a file that cannot be read, gives no object, or has another beside it is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'arvoredo.config.json');
  await assert.rejects(readConfig(path), { name: 'InputError', message: /cannot be read: no such file$/ });
  for (const other of ['arvoredo.config.yaml', '.']) {
    await assert.rejects(readConfig(other), { message: /must end in \.ts, \.mts, \.js, \.mjs or \.json$/ });
  }
  for (const [text, message] of [
    ['{ "trees": ', /arvoredo\.config\.json cannot be read: .*JSON/],
    ['[1]', /must give an object of options, .* got \[1\]$/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(readConfig(undefined, folder), { name: 'InputError', message });
  }
  await writeFile(join(folder, 'arvoredo.config.mjs'), 'export default {};');
  await assert.rejects(readConfig(undefined, folder), { message: /mjs and arvoredo\.config\.json are both here/ });
});
