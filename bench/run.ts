// The seed's job end to end, several times, and scikit-learn's fit beside it where a Python with scikit-learn is found.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { repeats: { type: 'string', default: '5' }, python: { type: 'string', default: 'python3' } },
});
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`);
const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bench-'));
const runs = Array.from({ length: Number(values.repeats) }, () => {
  const json = join(folder, 'result.json');
  execFileSync(process.execPath, [
    'dist/arvoredo.mjs',
    'run',
    '--quiet',
    '--data-dir',
    join(folder, 'data'),
    '--json',
    json,
  ]);
  return JSON.parse(readFileSync(json, 'utf8'));
});
rmSync(folder, { recursive: true });
for (const part of ['startup', 'generate', 'split', 'train', 'evaluate', 'total']) {
  const seconds = runs.map((run) => run.seconds[part] as number);
  console.log(`${part.padEnd(9)} median ${median(seconds).toFixed(2)} s, least ${Math.min(...seconds).toFixed(2)} s`);
}
console.log(`accuracy  ${runs[0].accuracy}, ceiling ${runs[0].accuracyCeiling}, sha256 ${runs[0].model.sha256}`);
try {
  const { fit_seconds, accuracy } = JSON.parse(
    String(execFileSync(values.python, ['bench/reference/forest.py'], { stdio: ['ignore', 'pipe', 'ignore'] })),
  );
  console.log(
    `scikit-learn, n_jobs=2: fit alone ${fit_seconds} s, accuracy ${accuracy} on its own data of the same parameters`,
  );
} catch (error) {
  console.log(
    `scikit-learn: bench/reference/forest.py did not run (${(error as Error).message.split('\n')[0]}); name another Python with --python`,
  );
}
