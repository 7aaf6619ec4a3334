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
  [['run', '--tree', '5'], /unknown option '--tree'.*--trees/s],
  [['run', '--samples', '-5'], /--samples must be an integer from 1 to 4294967295, got -5/],
  [['run', '--trees', '0'], /--trees must be an integer from 1 to 100000, got 0/],
  [['run', '--samples', 'many'], /--samples must be .*, got "many"/],
  [['run', '--samples', 'NaN'], /--samples must be .*, got "NaN"/],
  [['run', '--flip-y', 'Infinity'], /--flip-y must be a share from 0 to 1, got Infinity/],
  [['run', '--informative', '21'], /--informative must be .*20/],
  [['run', '--samples', '10', '--test-size', '10'], /--test-size 10 of 10 rows leaves/],
  [['run', '--chunk-size', '1'], /--chunk-size 1 makes 100000 chunks, .* raise --chunk-size/],
  [['run', '--test-size', '1.5'], /--test-size must be .*, got 1.5/],
  [['run', '--test-size', '100000'], /leaves the training side empty/],
  [['run', '--classes', '1'], /--classes must be .*, got 1/],
  [['run', '--max-depth', '0'], /--max-depth must be an integer ≥ 1, or none, got 0/],
  [['run', '--weights', 'x'], /--weights must be a list of shares, or equal, got/],
  [['run', '--generator', 'blobs'], /--generator must be hypercube, logistic, regression or friedman1, got "blobs"/],
  [
    ['run', '--generator', 'logistic', '--no-hypercube'],
    /--no-hypercube does not apply to .*, which takes --informative, --scale, /,
  ],
  [['run', '--stack', 'Grove'], /--stack requires --on aws, got --on local; change --on/],
  [['run', '--run-id', '../x'], /run id must be/],
  [['run', '--engine', 'ml-random-forest'], /would need about \d+ hours in one function.*use the engine arvoredo/],
  [['run', '--json', '/nowhere/x.json'], /--json \/nowhere\/x.json cannot be written: ENOENT/],
  [['run', 'surplus'], /too many arguments/],
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
        .parseAsync(args[0] === 'run' ? [...args, ...NOWHERE] : args, { from: 'user' })
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
