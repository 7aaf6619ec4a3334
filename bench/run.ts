// All measurements of speed in one run, contestants taking turns: forests on the same rows, then the tutorial's job.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createGenerator } from '../lib/datasets/generator.ts';
import { decodeModel, encodeModel } from '../lib/forest/model-file.ts';
import { bin, growAll, type Job, npmForest, OURS, ourForests, timed } from './forests.ts';
import { type Contestant, findPeers, type Peers, type Sample } from './peers.ts';
import { writeRows } from './rows-file.ts';
import { daskJob, type JobSample, ourJobs, STAGES } from './seed-job.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '90000' },
    'test-rows': { type: 'string', default: '100000' },
    features: { type: 'string', default: '20' },
    informative: { type: 'string', default: '2' },
    classes: { type: 'string', default: '2' },
    trees: { type: 'string', default: '100' },
    seed: { type: 'string', default: '0' },
    samples: { type: 'string', default: '100000' },
    repeats: { type: 'string', default: '5' },
    'peer-repeats': { type: 'string', default: '1' },
    skip: { type: 'string', multiple: true, default: [] },
    python: { type: 'string', multiple: true, default: ['python3'] },
  },
});
const DEBIAN_PYTHON = '/usr/bin/python3'; // has its own scikit-learn, XGBoost and Dask where they are installed
const SMALL_ROWS = 1000; // what npm's package does in seconds
const SMALL_TREES = 10;

function makeJob(numRows: number, numTestRows: number, numTrees: number): Job {
  const [numClasses, seed] = [Number(values.classes), Number(values.seed)];
  const generator = createGenerator({
    generator: 'hypercube',
    samples: numRows + numTestRows,
    features: Number(values.features),
    informative: Number(values.informative),
    classes: numClasses,
    clustersPerClass: numClasses > 2 ? 1 : 2,
    seed,
  });
  const test = generator.generate(numRows, numRows + numTestRows);
  return { train: generator.generate(0, numRows), test, numClasses, numTrees, seed };
}

/** Samples of each contestant, in turns: all of them once, then again; a peer at most `--peer-repeats` times. */
async function inTurns<Result>(contestants: Contestant<Result>[], isOurs: (name: string) => boolean) {
  const samples = new Map<string, Result[]>();
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    for (const { name, run } of contestants) {
      if (values.skip.some((part) => name.includes(part))) continue;
      if (!isOurs(name) && repeat >= Number(values['peer-repeats'])) continue;
      process.stderr.write(`${name} …\n`);
      try {
        samples.set(name, [...(samples.get(name) ?? []), await run()]);
      } catch (error) {
        console.log(`${name}: failed, ${(error as Error).message.trim().split('\n').at(-1)}`);
      }
    }
  }
  return samples;
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const isOurs = (name: string) => name.startsWith('arvoredo');

function medianBy<Result>(samples: Result[], pick: (sample: Result) => number): number {
  return median(samples.map(pick));
}

/** @param base the contestant that times are divided by */
function printForests(samples: Map<string, Sample[]>, base: string): void {
  const rows = [...samples].map(([name, all]) => {
    const of = (field: keyof Sample) => medianBy(all, (sample) => sample[field]);
    const ratio = (field: keyof Sample) => {
      const own = samples.get(base);
      return own ? (of(field) / medianBy(own, (sample) => sample[field])).toFixed(1) : '';
    };
    return {
      forest: name,
      runs: all.length,
      'fit s': of('fit').toFixed(2),
      'fit CPU s': of('fitCpu').toFixed(2),
      'fit × ours': ratio('fit'),
      'predict s': of('predict').toFixed(2),
      'predict CPU s': of('predictCpu').toFixed(2),
      'predict × ours': ratio('predict'),
      accuracy: of('accuracy').toFixed(4),
    };
  });
  console.table(rows);
}

async function compareForests(job: Job, peers: Peers): Promise<void> {
  const title = (one: Job) =>
    `${one.train.numRows} rows × ${values.features}, ${one.numClasses} classes, ${one.numTrees} trees`;
  console.log(
    `\nFit, binning included, on ${title(job)}; predict ${job.test.numRows} rows. Medians; × ours is by ${OURS}`,
  );
  printForests(await inTurns([...ourForests(job), ...peers.forests], isOurs), OURS);
  const small = makeJob(SMALL_ROWS, SMALL_ROWS, SMALL_TREES);
  console.log(`\nThe same on ${title(small)}: as many as npm's package does in seconds`);
  const [single] = ourForests(small);
  printForests(await inTurns([single, npmForest(small)], isOurs), single.name);
}

async function describeModel(job: Job): Promise<void> {
  const binned = await timed(() => bin(job));
  const trees = await growAll(job, binned.result, 2);
  const encoded = await timed(() =>
    encodeModel({ trees, edges: binned.result.info.edges, numClasses: job.numClasses }),
  );
  const decoded = await timed(() => decodeModel(encoded.result));
  const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const milliseconds = ({ wall }: { wall: number }) => `${(wall * 1000).toFixed(0)} ms`;
  console.log(
    `\nModel: ${numNodes} nodes, ${(encoded.result.length / numNodes).toFixed(2)} bytes each; ` +
      `written in ${milliseconds(encoded)}, read in ${milliseconds(decoded)}. Binning: ${milliseconds(binned)}`,
  );
}

async function compareJobs({ daskPythons }: Peers): Promise<void> {
  const samples = Number(values.samples);
  console.log(
    `\nThe tutorial's job end to end, ${samples} rows × 20, 100 trees, process start and end included. Medians`,
  );
  const jobs = [...ourJobs(samples), ...daskPythons.map((python) => daskJob(python, samples))];
  const found = await inTurns<JobSample>(jobs, isOurs);
  const wallOf = (name: string) => medianBy(found.get(name) ?? [], ({ wall }) => wall);
  const rows = [...found].map(([name, all]) => ({
    job: name,
    runs: all.length,
    seconds: wallOf(name).toFixed(2),
    ...Object.fromEntries(
      jobs.slice(0, 2).map((own) => [`× ${own.name}`, (wallOf(name) / wallOf(own.name)).toFixed(1)]),
    ),
    accuracy: all[0].accuracy.toFixed(4),
    ceiling: all[0].ceiling?.toFixed(4) ?? '',
  }));
  console.table(rows);
  for (const [name, all] of found) {
    if (!all[0].stages) continue;
    const parts = STAGES.map((stage) => `${stage} ${medianBy(all, ({ stages }) => stages![stage]).toFixed(2)}`);
    console.log(`${name}: ${parts.join(', ')} s; sha256 ${all[0].sha256}`);
  }
}

console.log(`${cpus().length} × ${cpus()[0]?.model} (${availableParallelism()} to use), Node ${process.version}`);
const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bench-'));
const job = makeJob(Number(values.rows), Number(values['test-rows']), Number(values.trees));
writeRows(folder, job.train, job.test, job.numClasses);
const peers = findPeers([...values.python, DEBIAN_PYTHON], [folder, values.trees, values.seed]);
if (peers.missing.length > 0)
  console.log(`not installed: ${peers.missing.join(', ')}; name another Python with --python`);
if (values.skip.length > 0) console.log(`skipped: ${values.skip.join(', ')}`);
await compareForests(job, peers);
await describeModel(job);
await compareJobs(peers);
rmSync(folder, { recursive: true });
console.log(`load average ${loadavg()[0].toFixed(1)}`);
