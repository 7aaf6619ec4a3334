// Accuracy compared with scikit-learn's on the same rows: mean over seeds, and the standard error of the paired difference.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/base/random.ts';
import { createGenerator } from '../lib/datasets/generator.ts';
import { RandomForestClassifier } from '../lib/forest/classifier.ts';
import { type Rows, readRows, writeRows } from './rows-file.ts';

const TARGET = 0.002; // most that the mean may be below scikit-learn's
const FOLDS = 5;
const FOLD_STREAM = 1;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    trees: { type: 'string', default: '100' },
    rows: { type: 'string', default: '10000' },
    'test-rows': { type: 'string', default: '20000' },
    table: { type: 'string', multiple: true },
    // bins of our forest, to see what they cost
    bins: { type: 'string', default: '255' },
    exact: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
  },
});
const numTrees = Number(values.trees);
const numSeeds = Number(values.seeds);

interface Split {
  train: Rows;
  test: Rows;
}

interface Table {
  /** Forests per split: more where the test rows are few. */
  numForests: number;
  numClasses: number;
  /** The splits of a seed; its accuracy is their mean. */
  splits: (seed: number) => Split[];
}

function hypercube(informative: number, classes: number): Table {
  const [numTrain, numTest] = [Number(values.rows), Number(values['test-rows'])];
  const clustersPerClass = classes > 2 ? 1 : 2;
  const common = { generator: 'hypercube', samples: numTrain + numTest, features: 20 } as const;
  return {
    numForests: 1,
    numClasses: classes,
    splits: (seed) => {
      const generator = createGenerator({ ...common, informative, classes, clustersPerClass, seed });
      return [{ train: generator.generate(0, numTrain), test: generator.generate(numTrain, numTrain + numTest) }];
    },
  };
}

/** Stratified folds: the rows of each class in random order, dealt out in turn. */
function shipped(folder: string, name: string): Table {
  const all = readRows(join(folder, name), 'all');
  const numClasses = Math.max(...all.labels) + 1;
  const splits = (seed: number): Split[] => {
    const random = new RandomStream(seed, FOLD_STREAM);
    const order = Array.from(all.labels, (label, row) => ({ label, row, key: random.nextUint32() }));
    order.sort((a, b) => a.label - b.label || a.key - b.key);
    const foldOf = new Uint8Array(order.length);
    for (const [i, { row }] of order.entries()) foldOf[row] = i % FOLDS;
    return Array.from({ length: FOLDS }, (_, fold) => ({
      train: take(all, (row) => foldOf[row] !== fold),
      test: take(all, (row) => foldOf[row] === fold),
    }));
  };
  return { numForests: 4, numClasses, splits };
}

function take({ columns, labels }: Rows, isTaken: (row: number) => boolean): Rows {
  return {
    columns: columns.map((column) => column.filter((_, row) => isTaken(row))),
    labels: labels.filter((_, row) => isTaken(row)),
  };
}

async function ours({ train, test }: Split, seed: number): Promise<number> {
  const options = { numTrees, maxBins: Number(values.bins), exact: values.exact, seed };
  const forest = await new RandomForestClassifier(options).fitInThreads(train.columns, train.labels, {}, 1);
  const predicted = forest.predict(test.columns);
  return mean(predicted.map((label, row) => Number(label === test.labels[row])));
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** Mean accuracy of each seed, ours and scikit-learn's. */
async function compare({ numForests, numClasses, splits }: Table, folder: string) {
  const own: number[] = [];
  const folders: string[] = [];
  for (let seed = 0; seed < numSeeds; seed++) {
    const accuracies: number[] = [];
    for (const [i, split] of splits(seed).entries()) {
      folders.push(join(folder, `${seed}-${i}`));
      writeRows(folders.at(-1)!, split.train, split.test, numClasses);
      for (let forest = 0; forest < numForests; forest++)
        accuracies.push(await ours(split, seed * numForests + forest));
    }
    own.push(mean(accuracies));
  }
  const args = ['bench/reference/forest_accuracy.py', String(numTrees), String(numForests), ...folders];
  const found: number[][] = JSON.parse(String(execFileSync(values.python, args)));
  rmSync(folder, { recursive: true });
  const perSeed = folders.length / numSeeds;
  const theirs = own.map((_, seed) => mean(found.slice(seed * perSeed, (seed + 1) * perSeed).flat()));
  return { own, theirs };
}

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-accuracy-'));
try {
  execFileSync(values.python, ['bench/reference/shipped_tables.py', folder]);
} catch {
  console.error(`scikit-learn: not found by ${values.python}; name another Python with --python`);
  process.exit(2);
}
const tables: Record<string, () => Table> = {
  'hypercube, 2 informative': () => hypercube(2, 2),
  'hypercube, 10 informative': () => hypercube(10, 2),
  '3 classes, 3 informative': () => hypercube(3, 3),
  '10 classes, 10 informative': () => hypercube(10, 10),
  digits: () => shipped(folder, 'digits'),
  'breast cancer': () => shipped(folder, 'breast cancer'),
  wine: () => shipped(folder, 'wine'),
};
const chosen = Object.keys(tables).filter((name) => values.table?.some((part) => name.includes(part)) ?? true);
const rows = [];
for (const name of chosen) {
  const { own, theirs } = await compare(tables[name](), join(folder, 'splits'));
  const differences = own.map((accuracy, seed) => accuracy - theirs[seed]);
  const difference = mean(differences);
  const variance = differences.reduce((sum, x) => sum + (x - difference) ** 2, 0) / (numSeeds - 1);
  rows.push({
    table: name,
    ours: mean(own).toFixed(4),
    'scikit-learn': mean(theirs).toFixed(4),
    difference: difference.toFixed(4),
    '± its standard error': Math.sqrt(variance / numSeeds).toFixed(4),
    'within 0.002, or better': difference >= -TARGET ? 'yes' : 'no',
  });
  console.error(`${name}: ${difference.toFixed(4)}`);
}
rmSync(folder, { recursive: true });
console.log(
  `${numSeeds} seeds, ${numTrees} trees; hypercubes: ${values.rows} rows to train, ${values['test-rows']} to test`,
);
console.table(rows);
