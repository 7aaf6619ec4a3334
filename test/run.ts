// Runs every *.test.ts below this folder, or the named files. All are compiled first, in about a second: loading them
// through tsx takes 0.7 s of CPU more for each file, half the time of the tests of lib.

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const OUT_DIR = '.test-build';
/** One more than two processors: tests often wait for pauses and processes. */
const CONCURRENCY = 3;
/** Limit of one file, for a busy machine. */
const TIMEOUT_MS = 300_000;

/** Keep `import.meta.url` and `dirname` those of the source, from which tests find fixtures and scripts. */
const sourceUrl: Plugin = {
  name: 'source-url',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      const meta = `const sourceUrl = ${url}, sourceDirname = ${JSON.stringify(dirname(path))};`;
      return { contents: text.includes('import.meta.') ? `${meta}${text}` : text, loader: 'ts' };
    });
  },
};

const named = process.argv.slice(2);
const all = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
const files = named.length > 0 ? named : all.sort().map((file) => join('test', file));
const reporter = join('test', 'reporter.ts');

rmSync(OUT_DIR, { recursive: true, force: true });
await build({
  entryPoints: [...files, reporter],
  outdir: OUT_DIR,
  outbase: '.',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true, // modules that tests share stay single instances
  keepNames: true, // classes have their names in messages
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  define: { 'import.meta.url': 'sourceUrl', 'import.meta.dirname': 'sourceDirname' },
  plugins: [sourceUrl],
  logLevel: 'warning',
});

const compiled = (file: string) => join(OUT_DIR, file).replace(/\.ts$/, '.mjs');
const options = [
  '--enable-source-maps',
  '--test',
  `--test-concurrency=${CONCURRENCY}`,
  `--test-timeout=${TIMEOUT_MS}`,
  `--test-reporter=./${compiled(reporter)}`,
  '--test-reporter-destination=stdout',
];
const { status } = spawnSync(process.execPath, [...options, ...files.map(compiled)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
