import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../../../local/commands/program.ts';
import { bashCompletions } from '../../../local/completions/bash.ts';
import { describeCommand } from '../../../local/completions/completable.ts';
import { fishCompletions } from '../../../local/completions/fish.ts';
import { zshCompletions } from '../../../local/completions/zsh.ts';
import { temporaryFolder } from '../command.ts';

const program = describeCommand(createProgram());
const bash = bashCompletions(program);

/** What bash offers for the last of some words, in a folder. */
function complete(folder: string, ...words: string[]): string[] {
  const script = `${bash}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _arvoredo
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script, 'bash', 'arvoredo', ...words], { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

test('bash completes commands, options, values, files and ids of runs', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, '.arvoredo', 'runs', 'first'), { recursive: true });
  await writeFile(join(folder, 'a b.csv'), '');
  const cases: [string[], string[]][] = [
    [['ru'], ['run', 'runs']],
    [['runs', '--li'], ['--limit']],
    [
      ['run', '--on', ''],
      ['local', 'aws'],
    ],
    [['run', '--on', '=', 'a'], ['aws']], // as bash divides --on=a
    [
      ['run', '--on', '='],
      ['local', 'aws'],
    ],
    [['run', '--data', 'a'], ['a b.csv']],
    [['run', '--trees', ''], []],
    [['run', '--chaos', '--chaos-r'], ['--chaos-rate']],
    [['status', ''], ['first']],
    [['status', '--js'], ['--json']],
    [['--config', 'a'], ['a b.csv']],
    [['run', '--conf'], ['--config']],
    [
      ['completions', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['config', 'pre'], ['predict']],
    [['inspect', 'a'], ['a b.csv']],
  ];
  for (const [words, offered] of cases) assert.deepEqual(complete(folder, ...words), offered, words.join(' '));
});

test('each shell is told of every command and option', () => {
  const zsh = zshCompletions(program);
  const fish = fishCompletions(program);
  assert.ok(program.commands.length >= 10);
  for (const { name, options } of program.commands) {
    assert.ok(zsh.includes(`      ${name}) _arguments `) && fish.includes(` -a ${name} `), name);
    for (const { flags } of options.filter(({ flags }) => !flags.includes('--help'))) {
      const [long] = flags;
      assert.ok(bash.includes(long) && zsh.includes(`'*${long}`), long);
      assert.ok(fish.includes(`'__fish_seen_subcommand_from ${name}' -l ${long.slice(2)} `), long);
    }
  }
});

test('what has a meaning for a shell is quoted', () => {
  const odd = { flags: ['--odd'], description: "it's [1:2]", value: 'X', takes: { kind: 'unknown' as const } };
  const one = { name: 'p', options: [odd], commands: [] };
  assert.ok(zshCompletions(one).includes(String.raw`'*--odd=[it'\''s \[1\:2\]]:X: '`));
  assert.ok(fishCompletions(one).includes(String.raw`-l odd -x -d 'it\'s [1:2]'`));
});
