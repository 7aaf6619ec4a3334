// Fit and predict, side by side with other forests on the same rows, in one run.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createGenerator } from '../lib/datasets/generator.ts';
import { encodeColumns, quantileEdges } from '../lib/forest/bins.ts';
import { growTrees } from '../lib/forest/grow.ts';
import { decodeModel, encodeModel } from '../lib/forest/model.ts';
import { FOREST_DEFAULTS } from '../lib/forest/params.ts';
import type { Forest } from '../lib/forest/predict.ts';
import { growInThreads } from '../lib/forest/wasm/grow-in-threads.ts';
import { predictProbaInThreads } from '../lib/forest/wasm/predict-in-threads.ts';
import type { RawRows } from '../lib/partition/rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '90000' },
    'test-rows': { type: 'string', default: '100000' },
    features: { type: 'string', default: '20' },
    informative: { type: 'string', default: '2' },
    classes: { type: 'string', default: '2' },
    trees: { type: 'string', default: '100' },
    seed: { type: 'string', default: '0' },
    repeats: { type: 'string', default: '5' },
    'peer-repeats': { type: 'string', default: '1' },
    // lightgbm too, which takes minutes a forest of full depth
    peer: { type: 'string', multiple: true, default: ['sklearn:1', 'sklearn:2', 'xgboost:0', 'xgboost:16'] },
    python: { type: 'string', multiple: true, default: ['python3'] },
  },
});
const numRows = Number(values.rows);
const numTestRows = Number(values['test-rows']);
const numTrees = Number(values.trees);
const seed = Number(values.seed);
const numClasses = Number(values.classes);
const params = { ...FOREST_DEFAULTS, numTrees, seed };

interface Sample {
  fit: number;
  fitCpu: number;
  predict: number;
  predictCpu: number;
  accuracy: number;
}

function generate(): { train: RawRows; test: RawRows } {
  const generator = createGenerator({
    generator: 'hypercube',
    samples: numRows + numTestRows,
    features: Number(values.features),
    informative: Number(values.informative),
    classes: numClasses,
    clustersPerClass: numClasses > 2 ? 1 : 2,
    seed,
  });
  return { train: generator.generate(0, numRows), test: generator.generate(numRows, numRows + numTestRows) };
}

async function timed<Result>(call: () => Promise<Result> | Result) {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = await call();
  const { user, system } = process.cpuUsage(cpu);
  return { result, wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
}

function bin({ columns, ...rest }: RawRows) {
  const edges = columns.map((column) => quantileEdges(column.subarray(0, 65_536))); // the rows come in random order
  return { rows: { ...rest, columns: encodeColumns(columns, edges) }, info: { numClasses, edges } };
}

async function ours(train: RawRows, test: RawRows, numThreads: number | 'twin'): Promise<Sample> {
  const fit = await timed(async (): Promise<Forest> => {
    const { rows, info } = bin(train);
    const trees =
      numThreads === 'twin'
        ? growTrees(rows, info, params, 0, numTrees)
        : await growInThreads(rows, info, params, 0, numTrees, numThreads);
    return { ...info, trees };
  });
  const threads = numThreads === 'twin' ? 1 : numThreads;
  const predict = await timed(() => predictProbaInThreads(fit.result, test.columns, threads));
  return {
    fit: fit.wall,
    fitCpu: fit.cpu,
    predict: predict.wall,
    predictCpu: predict.cpu,
    accuracy: accuracyOf(predict.result, test.labels),
  };
}

function accuracyOf(probabilities: Float64Array, labels: Uint16Array): number {
  let numRight = 0;
  for (const [row, label] of labels.entries()) {
    const own = probabilities.subarray(row * numClasses, (row + 1) * numClasses);
    if (own.indexOf(Math.max(...own)) === label) numRight++;
  }
  return numRight / labels.length;
}

function writeRows(folder: string, part: string, { columns, labels }: RawRows): void {
  writeFileSync(join(folder, `${part}.f32`), Buffer.concat(columns.map(bytesOf)));
  writeFileSync(join(folder, `${part}.u16`), bytesOf(labels));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What a peer prints; nothing where it isn't installed. */
function peer(command: string, ...args: string[]): Sample | undefined {
  try {
    const out = String(execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })).trim();
    return out ? JSON.parse(out) : undefined;
  } catch {
    return undefined;
  }
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

const { train, test } = generate();
const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bench-'));
writeFileSync(join(folder, 'shape.json'), JSON.stringify({ numFeatures: train.columns.length, numClasses }));
writeRows(folder, 'train', train);
writeRows(folder, 'test', test);
const common = [folder, String(numTrees), String(seed)];
const contestants: [name: string, run: () => Promise<Sample | undefined>][] = [
  ['arvoredo, 1 thread', () => ours(train, test, 1)],
  ['arvoredo, 2 threads', () => ours(train, test, 2)],
  ['arvoredo, TypeScript twin', () => ours(train, test, 'twin')],
  ...values.python.flatMap((python) =>
    values.peer.map((name): (typeof contestants)[number] => [
      `${name} (${python})`,
      async () => peer(python, 'bench/reference/forest_peer.py', name, ...common),
    ]),
  ),
  ['ranger, 2 threads', async () => peer('Rscript', 'bench/reference/forest_peer.R', '2', ...common)],
];

console.log(
  `${cpus().length} × ${cpus()[0]?.model} (${availableParallelism()} to use), Node ${process.version}; ` +
    `${numRows} rows × ${values.features}, ${numClasses} classes, ${numTrees} trees; predicted: ${numTestRows} rows`,
);
const samples = new Map<string, Sample[]>(contestants.map(([name]) => [name, []]));
for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
  for (const [name, run] of contestants) {
    const isPeer = !name.startsWith('arvoredo');
    if (isPeer && repeat >= Number(values['peer-repeats'])) continue;
    const sample = await run();
    if (sample) samples.get(name)!.push(sample);
  }
}
rmSync(folder, { recursive: true });

const best = samples.get('arvoredo, 2 threads')!;
const table = [...samples].flatMap(([name, all]) => {
  if (all.length === 0) return [];
  const of = (field: keyof Sample) => median(all.map((sample) => sample[field]));
  return {
    forest: name,
    'fit s': of('fit').toFixed(2),
    'fit CPU s': of('fitCpu').toFixed(2),
    '× ours': (of('fit') / median(best.map(({ fit }) => fit))).toFixed(1),
    'predict s': of('predict').toFixed(2),
    'predict CPU s': of('predictCpu').toFixed(2),
    '× ours ': (of('predict') / median(best.map(({ predict }) => predict))).toFixed(1),
    accuracy: of('accuracy').toFixed(4),
  };
});
console.table(table);

const { rows, info } = bin(train);
const trees = await growInThreads(rows, info, params, 0, numTrees);
const encoded = await timed(() => encodeModel(trees, info.edges, numClasses));
const decoded = await timed(() => decodeModel(encoded.result));
const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
console.log(
  `model: ${numNodes} nodes, ${(encoded.result.length / numNodes).toFixed(2)} bytes each; ` +
    `written in ${(encoded.wall * 1000).toFixed(0)} ms, read in ${(decoded.wall * 1000).toFixed(0)} ms`,
);
const binned = await timed(() => bin(train));
console.log(`binning: ${(binned.wall * 1000).toFixed(0)} ms, CPU ${(binned.cpu * 1000).toFixed(0)} ms`);
console.log(`load average ${loadavg()[0]!.toFixed(1)}`);
