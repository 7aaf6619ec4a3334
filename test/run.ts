// Runs every *.test.ts below this folder, or those named: Node 20's runner takes no pattern.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const named = process.argv.slice(2);
const all = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
const files = named.length > 0 ? named : all.sort().map((file) => join('test', file));
// one more than two processors: tests wait for pauses and processes much of the time
const options = ['--import', 'tsx', '--test', '--test-concurrency=3', '--test-timeout=180000'];
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
process.exitCode = status ?? 1;
