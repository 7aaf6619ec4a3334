// The tutorial's job from beginning to end: a process that starts, makes and splits the data, trains, scores and ends.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, runJson } from './peers.ts';

export const STAGES = ['startup', 'generate', 'split', 'train', 'evaluate'] as const;

export interface JobSample {
  /** Seconds from the start of the process to its end. */
  wall: number;
  accuracy: number;
  ceiling?: number;
  /** Seconds of each stage; ours only. */
  stages?: Record<(typeof STAGES)[number], number>;
  sha256?: string;
}

export function ourJobs(samples: number): Contestant<JobSample>[] {
  return [
    { name: 'arvoredo run', run: () => runOurs(samples, []) },
    { name: 'arvoredo run --generator logistic', run: () => runOurs(samples, ['--generator', 'logistic']) },
  ];
}

export function daskJob(python: string, samples: number): Contestant<JobSample> {
  const run = () => {
    const start = performance.now();
    const { accuracy } = runJson<{ accuracy: number }>(python, ['bench/reference/seed_dask.py', String(samples)]);
    return { wall: seconds(start), accuracy };
  };
  return { name: `Dask and scikit-learn (${python})`, run };
}

function runOurs(samples: number, options: string[]): JobSample {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bench-'));
  const json = join(folder, 'result.json');
  const common = ['--samples', String(samples), '--chunk-size', String(samples / 10), '--quiet'];
  const start = performance.now();
  execFileSync(process.execPath, [
    ...['dist/arvoredo.mjs', 'run', ...common, ...options],
    ...['--data-dir', join(folder, 'data'), '--json', json],
  ]);
  const wall = seconds(start);
  const { accuracy, accuracyCeiling, seconds: stages, model } = JSON.parse(readFileSync(json, 'utf8'));
  rmSync(folder, { recursive: true });
  return { wall, accuracy, ceiling: accuracyCeiling, stages, sha256: model.sha256 };
}

const seconds = (start: number) => (performance.now() - start) / 1000;
