// The reference job for every number of workers, chunk size and strategy: one model. Prints a row per run; fails if two differ.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-same-bytes-'));
const seen = new Set<string>();
for (const strategy of ['gather', 'trees']) {
  for (const chunkSize of [1000, 10_000, 33_333, 100_000]) {
    for (const workers of [1, 2, 4, 8]) {
      const json = join(folder, 'result.json');
      const flags = { strategy, 'chunk-size': chunkSize, workers, 'data-dir': join(folder, 'data'), json };
      execFileSync(process.execPath, [
        'dist/arvoredo.mjs',
        'run',
        '--quiet',
        ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ]);
      const { model, accuracy, seconds } = JSON.parse(readFileSync(json, 'utf8'));
      seen.add(model.sha256);
      console.log(
        `${strategy.padEnd(6)}  chunk ${String(chunkSize).padStart(6)}  workers ${workers}  ${seconds.total.toFixed(1).padStart(5)} s  ${accuracy}  ${model.sha256}`,
      );
      rmSync(join(folder, 'data'), { recursive: true });
    }
  }
}
rmSync(folder, { recursive: true });
console.log(`${seen.size} model${seen.size === 1 ? '' : 's'}`);
if (seen.size !== 1) process.exitCode = 1;
