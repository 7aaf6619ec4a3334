// Bundles the two functions, for the emulator and for `cdk deploy` alike.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const FUNCTIONS = ['orchestrator', 'worker'] as const;

/** @returns folders by function, each with an `index.mjs` that exports `handler` */
export async function bundle(outDir: string): Promise<Record<(typeof FUNCTIONS)[number], string>> {
  await build({
    entryPoints: FUNCTIONS.map((name) => ({
      in: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
      out: `${name}/index`,
    })),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return { orchestrator: join(outDir, 'orchestrator'), worker: join(outDir, 'worker') };
}
