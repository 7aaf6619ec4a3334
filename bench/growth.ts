// How the time and the memory of a fit grow with the rows: one thread, fully grown trees, the reference job's distribution.

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createGenerator } from '../lib/datasets/generator.ts';
import { encodeColumn, quantileEdges } from '../lib/forest/bins.ts';
import { growForestInThreads } from '../lib/forest/grow-forest.ts';
import { FOREST_DEFAULTS } from '../lib/forest/params.ts';
import { tableOfRows } from '../lib/forest/training-table.ts';
import type { ClassRows } from '../lib/partition/rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000,30000,100000,300000,1000000,5000000' },
    features: { type: 'string', default: '20' },
    repeats: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
  },
});
const numFeatures = Number(values.features);
const CHUNK_ROWS = 100_000;
const SAMPLE_ROWS = 16_384;

/** Binned as the rows come, so that the values never lie in memory together. */
function generateBinned(numRows: number): { rows: ClassRows; edges: Float32Array[] } {
  const generator = createGenerator({ generator: 'hypercube', samples: numRows, features: numFeatures, seed: 0 });
  const labels = new Uint16Array(numRows);
  const columns = Array.from({ length: numFeatures }, () => new Uint8Array(numRows));
  let edges: Float32Array[] = [];
  for (let start = 0; start < numRows; start += CHUNK_ROWS) {
    const end = Math.min(start + CHUNK_ROWS, numRows);
    const chunk = generator.generate(start, end);
    if (start === 0) edges = chunk.columns.map((column) => quantileEdges(column.subarray(0, SAMPLE_ROWS)));
    labels.set(chunk.labels, start);
    for (const [feature, column] of chunk.columns.entries()) {
      encodeColumn(column, edges[feature], columns[feature].subarray(start, end));
    }
  }
  return { rows: { numRows, rowIndex: new Uint32Array(0), labels, columns }, edges };
}

/** Resident bytes of this process now, or their peak since `forgetPeak`; Linux only. */
function residentBytes(field: 'VmRSS' | 'VmHWM'): number {
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
}

function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5'); // https://docs.kernel.org/filesystems/proc.html
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
console.log(`${cpus().length} × ${cpus()[0]?.model} (${availableParallelism()} to use), Node ${process.version}`);
const table = [];
for (const numRows of values.rows.split(',').map(Number)) {
  const { rows, edges } = generateBinned(numRows);
  const numTrees = Math.max(4, Math.min(20, Math.round(10_000_000 / numRows)));
  const params = { ...FOREST_DEFAULTS, numTrees, seed: 0 };
  globalThis.gc?.();
  forgetPeak();
  const before = residentBytes('VmRSS');
  const cpuMs: number[] = [];
  let numNodes = 0;
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    const cpu = process.cpuUsage();
    const trees = await growForestInThreads({
      table: tableOfRows(rows, edges, 2),
      params,
      treeStart: 0,
      treeEnd: numTrees,
      numThreads: Number(values.threads),
    });
    const { user, system } = process.cpuUsage(cpu);
    cpuMs.push((user + system) / 1000 / numTrees);
    numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0) / numTrees;
  }
  const ms = median(cpuMs);
  table.push({
    rows: numRows,
    trees: numTrees,
    'CPU ms a tree': ms.toFixed(1),
    'ns per row · log2(rows)': ((ms * 1e6) / (numRows * Math.log2(numRows))).toFixed(2),
    'nodes a row': (numNodes / numRows).toFixed(3),
    'bytes a row without the columns': ((residentBytes('VmHWM') - before) / numRows).toFixed(0),
  });
}
console.table(table);
console.log(`load average ${loadavg()[0].toFixed(1)}`);
