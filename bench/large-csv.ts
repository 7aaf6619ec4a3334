// A CSV file of 1 GB through inspect and through a run: seconds, and the most memory that any process took.
// npx tsx bench/large-csv.ts [BYTES]; needs npm run build, and three times the bytes on the disk.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '../lib/base/random.ts';

const BYTES = Number(process.argv[2] ?? 1e9);
const NUM_NUMBERS = 12;
const COLOURS = ['red', 'green', 'blue', 'light grey, "warm"', ''];
const MIB = 1024 ** 2;

const folder = await mkdtemp(join(tmpdir(), 'arvoredo-csv-'));
try {
  const file = join(folder, 'large.csv');
  const numRows = await writeTable(file);
  const { size } = await stat(file);
  console.log(
    `${(size / 1e9).toFixed(2)} GB, ${numRows.toLocaleString('en-US')} rows × ${NUM_NUMBERS + 3} columns, quoted texts with line feeds`,
  );
  console.log(`${availableParallelism()} × ${cpus()[0].model}, Node ${process.version}`);
  await measure('inspect', ['inspect', file, '--json', join(folder, 'inspect.json')]);
  const report = join(folder, 'report.json');
  const forest = ['--trees', '4', '--max-depth', '8', '--drop', 'note'];
  await measure('run', [
    'run',
    '--data',
    file,
    '--label',
    'y',
    '--data-dir',
    join(folder, 'emulator'),
    '--json',
    report,
    ...forest,
  ]);
  const { accuracy, seconds, tasks, rows } = JSON.parse(await readFile(report, 'utf8'));
  console.log(JSON.stringify({ accuracy, rows, tasks: tasks.total, seconds }));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Numbers, a colour, a quoted note of two lines, and a label that follows from two numbers. */
async function writeTable(path: string): Promise<number> {
  const out = createWriteStream(path, { highWaterMark: MIB });
  const names = Array.from({ length: NUM_NUMBERS }, (_, j) => `x${j}`);
  out.write(`${names.join(',')},colour,note,y\n`);
  let bytes = 0;
  let row = 0;
  while (bytes < BYTES) {
    const lines: string[] = [];
    for (let i = 0; i < 5000; i++, row++) {
      const random = new RandomStream(0, 1, row);
      const values = names.map(() => (random.nextUnit() * 200 - 100).toFixed(4));
      const colour = COLOURS[row % COLOURS.length];
      const isYes = Number(values[0]) > 0 !== Number(values[1]) > 50;
      lines.push(`${values.join(',')},"${colour.replaceAll('"', '""')}","note\n${row}",${isYes ? 'yes' : 'no'}\n`);
    }
    const text = lines.join('');
    bytes += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return row;
}

/** Run the command; returns the seconds and the peak resident memory of the command and of the largest of its processes. */
async function measure(name: string, args: string[]): Promise<void> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['dist/arvoredo.mjs', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const peaks = new Map<number, number>();
  const timer = setInterval(() => void note(child.pid!, peaks), 200);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  const own = peaks.get(child.pid!) ?? 0;
  peaks.delete(child.pid!);
  const others = Math.max(0, ...peaks.values());
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${name}: ${seconds} s, peak ${own} MiB, largest of its ${peaks.size} processes ${others} MiB`);
}

/** Peak resident memory of a process and all below it, in MiB; what has ended keeps what it had. */
async function note(pid: number, peaks: Map<number, number>): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  if (peak) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, Math.round(Number(peak) / 1024)));
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter(Boolean)) await note(Number(child), peaks);
}
