// Calls a function of one's own many times, and takes the answers as they come: npx tsx examples/futures/run.ts

import { asCompleted, Client, LocalCluster, workerFunction } from 'arvoredo';

const pi = workerFunction<{ seed: number; points: number }, { inside: number }>('pi');
const POINTS = 1_000_000;

await using cluster = await LocalCluster.start({ functions: { pi: new URL('./pi.mjs', import.meta.url) } });
await using client = new Client(cluster);
const inputs = Array.from({ length: 16 }, (_, seed) => ({ seed, points: POINTS }));
let inside = 0;
let points = 0;
for await (const future of asCompleted(client.map(pi, inputs))) {
  inside += (await future.result()).inside;
  points += POINTS;
  console.log(`${points.toLocaleString('en-US')} points: pi is about ${((4 * inside) / points).toFixed(4)}`);
}
