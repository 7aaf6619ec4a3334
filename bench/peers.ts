// Peers in other languages: which of them are installed, and how they are run.

import { execFileSync } from 'node:child_process';

/** Seconds of a forest, and its accuracy. */
export interface Sample {
  /** Seconds. */
  fit: number;
  fitCpu: number;
  predict: number;
  predictCpu: number;
  accuracy: number;
}

export interface Contestant<Result> {
  name: string;
  run: () => Result | Promise<Result>;
}

export interface Peers {
  forests: Contestant<Sample>[];
  /** The Pythons that can run the tutorial's script. */
  daskPythons: string[];
  /** Names of the peers that are nowhere to be found. */
  missing: string[];
}

const FORESTS = [
  { module: 'sklearn', name: 'scikit-learn', variants: { 'n_jobs=1': 'sklearn:1', 'n_jobs=2': 'sklearn:2' } },
  {
    module: 'xgboost',
    name: 'XGBoost',
    variants: { 'hist, any depth, 2 threads': 'xgboost:0', 'hist, depth 16, 2 threads': 'xgboost:16' },
  },
  { module: 'lightgbm', name: 'LightGBM', variants: { 'rf, 2 threads': 'lightgbm' } },
];

/**
 * Find the peers.
 *
 * @param pythons searched in this order; a version found twice counts once
 * @param args of every forest: folder of the rows, trees, seed
 */
export function findPeers(pythons: string[], args: string[]): Peers {
  const forests = new Map<string, Contestant<Sample>>();
  const daskPythons = new Map<string, string>();
  for (const python of pythons) {
    const versions = tryJson<Record<string, string>>(python, ['bench/reference/installed.py']) ?? {};
    if (versions.distributed && versions.sklearn) daskPythons.set(versions.distributed, python);
    for (const { module, name, variants } of FORESTS) {
      if (!versions[module]) continue;
      for (const [variant, peer] of Object.entries(variants)) {
        const full = `${name} ${versions[module]}, ${variant}`;
        const run = () => runJson<Sample>(python, ['bench/reference/forest_peer.py', peer, ...args]);
        if (!forests.has(full)) forests.set(full, { name: full, run });
      }
    }
  }
  const ranger = tryJson<string>('Rscript', ['-e', 'cat(shQuote(packageVersion("ranger"), "cmd"))']);
  if (ranger) {
    const run = () => runJson<Sample>('Rscript', ['bench/reference/forest_peer.R', '2', ...args]);
    forests.set('ranger', { name: `ranger ${ranger}, 2 threads`, run });
  }
  const found = [...forests.values()];
  const missing = FORESTS.map(({ name }) => name).filter((name) => !found.some((peer) => peer.name.startsWith(name)));
  if (!ranger) missing.push('ranger');
  if (daskPythons.size === 0) missing.push('Dask');
  return { forests: found, daskPythons: [...daskPythons.values()], missing };
}

/** @throws when the command fails */
export function runJson<Result>(command: string, args: string[]): Result {
  return JSON.parse(String(execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 })));
}

function tryJson<Result>(command: string, args: string[]): Result | undefined {
  try {
    return runJson(command, args);
  } catch {
    return undefined;
  }
}
