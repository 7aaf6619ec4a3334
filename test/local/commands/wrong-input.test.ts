// Exit code 2 for wrong input, for each command, in this process: nothing is started.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createProgram } from '../../../local/commands/program.ts';
import { explain, toExitCode } from '../../../local/output/error-text.ts';

const folder = await mkdtemp(join(tmpdir(), 'arvoredo-wrong-'));
const at = (name: string) => join(folder, name);
const NOWHERE = ['--data-dir', at('nowhere')];

const WRONG: [args: string[], message: RegExp][] = [
  [['run', '--trees', '0'], /--trees must be an integer/],
  [['run', '--data', at('t.csv')], /--label must name the column/],
  [['run', '--data', at('none.csv'), '--label', 'b'], /none\.csv: no such file/],
  [['run', '--samples', '9', '--data', at('t.csv'), '--label', 'b'], /--samples cannot be combined with --data/],
  [['run', '--config', at('none.json')], /none\.json cannot be read/],
  [['run', '--chaos', '-1'], /chaos/],
  [['search'], /search needs --grid/],
  [['search', '--grid', 'depth=1'], /--grid depth=1/],
  [['plan', '--data', at('t.csv'), '--label', 'nope'], /"nope" is not a column of .*t\.csv; it has a, b/],
  [['inspect'], /PATH/],
  [['inspect', at('none.csv')], /none\.csv: no such file/],
  [['inspect', at('t.csv'), '--drop', 'nope'], /--drop "nope" is not a column/],
  [['inspect', at('t.csv'), '--rows', '-1'], /rows/],
  [['runs', ...NOWHERE], /there are no runs in/],
  [['runs', '--limit', '0'], /limit/],
  [['status', 'x', ...NOWHERE], /there are no runs in/],
  [['status', '--stack', 'S'], /--stack requires --on aws, got --on local/],
  [['logs', 'x', '--function', 'nope'], /--function must be api, .*, got "nope"/],
  [['report', 'x', ...NOWHERE], /there are no runs in/],
  [['cancel', 'x', ...NOWHERE], /there are no runs in/],
  [['clean'], /name runs, or give --all or --older-than/],
  [['clean', 'x', '--all'], /one of the three/],
  [['export', '--out', at('m.onnx')], /give --run-id or --model/],
  [['export', '--model', at('t.csv'), '--out', at('m.onnx')], /t\.csv cannot be read as a model/],
  [['predict', '--data', at('t.csv'), '--out', at('p.csv')], /model/],
  [['predict', '--model', at('t.csv'), '--data', at('t.csv'), '--out', at('p.csv')], /cannot be read as a model/],
  [['local', '--port', '1'], /port/],
  [['local', '--stack', 'S'], /--stack needs --template/],
  [['dashboard', 'x'], /the page shows all runs of the folder; remove x, or add --on aws/],
  [['dashboard', ...NOWHERE], /there are no runs in/],
  [['smoke', '--on', 'local'], /unknown option '--on'/],
  [['config', 'nope'], /unknown command nope/],
  [['config', 'run', '--nope'], /has no option --nope/],
  [['completions', 'csh'], /SHELL|shell/],
  [['nope'], /unknown command 'nope'/],
];

suite('wrong input ends with exit code 2, and nothing is written', () => {
  before(() => writeFile(at('t.csv'), 'a,b\n1,x\n2,y\n3,x\n'));
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [args, message] of WRONG) {
    test(args.map((arg) => arg.replace(folder, '')).join(' '), async () => {
      const error: unknown = await createProgram()
        .parseAsync(args, { from: 'user' })
        .then(
          () => undefined,
          (cause) => cause,
        );
      assert.equal(toExitCode(error), 2, String(error));
      assert.match(explain(error), message);
      assert.deepEqual(await readdir(folder), ['t.csv']);
    });
  }
});
