// Bundle the functions, the command line, the client and the constructs into dist/: what `npm start` runs, what
// `npm run deploy` uploads, and what other programs import as `arvoredo`, `arvoredo/cdk` and `arvoredo/config`.

import { copyFile, cp, rm } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';
import './build-kernel.ts'; // first: the bundles hold the kernel

// CommonJS packages inside an ES module still ask for `require`
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

// not before the kernel is there, which it leads to: a checkout has none yet
const { BUNDLE_NAMES } = await import('./functions/manifest.ts');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  mainFields: ['module', 'main'], // the SDK's ES modules: unused code falls away
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

function buildFunctions(names: string[], external: string[]) {
  return build({
    ...common,
    entryPoints: names.map((name) => ({ in: `functions/${name}.ts`, out: `functions/${name}/index` })),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    banner: { js: REQUIRE },
    external,
  });
}

await rm('dist', { recursive: true, force: true });
await Promise.all([
  buildFunctions(['train'], []),
  // the others ask the second engine about parameters only, for which it needs no package
  buildFunctions(
    BUNDLE_NAMES.filter((name) => name !== 'train'),
    ['ml-random-forest'],
  ),
  build({
    ...common,
    entryPoints: ['local/arvoredo.ts'],
    // it loads its own parts by their paths, and only for a file of options in TypeScript
    external: ['jiti'],
    outfile: 'dist/arvoredo.mjs',
    banner: { js: `#!/usr/bin/env node\n${REQUIRE}` },
  }),
  build({ ...common, entryPoints: ['local/config/define.ts'], outfile: 'dist/config.mjs' }),
  build({
    ...common,
    entryPoints: ['local/index.ts'],
    outfile: 'dist/index.mjs',
    banner: { js: REQUIRE },
    minify: false, // names of classes are read in a REPL, in messages and in stack traces
    keepNames: true,
  }),
  build({
    ...common,
    entryPoints: ['cdk/index.ts'],
    outfile: 'dist/cdk.mjs',
    // the app's own: two copies of the CDK do not know each other's constructs
    external: ['aws-cdk-lib', 'constructs'],
    minify: false,
  }),
]);
await copyFile('local/lambda/runtime.mjs', 'dist/runtime.mjs');
// the dashboard's page is served as it is; the bundle is for exported pages, which are one file
await cp('local/dashboard/page', 'dist/dashboard', { recursive: true });
await build({
  entryPoints: ['local/dashboard/page/app.js'],
  outfile: 'dist/dashboard/bundle.js',
  bundle: true,
  format: 'iife',
  target: 'es2022',
  minify: true,
  logLevel: 'warning',
});
