// Compile the forest kernel to WebAssembly and bundle the thread that runs it, both into one file of strings: tests and
// bundles import it, and nothing is read from a disk at run time.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = join('lib', 'forest', 'wasm');
const GENERATED = join(FOLDER, 'generated.ts');

function compileKernel(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-kernel-'));
  try {
    const file = join(folder, 'kernel.wasm');
    // the compiler as a program: its types as a library change those of `console`
    execFileSync(process.execPath, [
      'node_modules/assemblyscript/bin/asc.js',
      `${FOLDER}/kernel/index.ts`,
      `--outFile=${file}`,
      '-O3',
      '--noAssert',
      '--uncheckedBehavior=always',
      '--runtime=stub',
      '--enable=threads,simd,bulk-memory',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory=1',
      '--maximumMemory=65536',
    ]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundleThread(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['lib/forest/thread.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs', // what an evaluated worker runs as
    minify: true,
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** Whether the strings were made from the sources as they are: compiling takes seconds. */
function isUpToDate(): boolean {
  if (!existsSync(GENERATED)) return false;
  const sources = readdirSync('lib', { recursive: true, encoding: 'utf8' }).map((file) => join('lib', file));
  const madeAtMs = statSync(GENERATED).mtimeMs;
  return [...sources, 'build-kernel.ts', 'package-lock.json'].every(
    (file) => file === GENERATED || statSync(file).isDirectory() || statSync(file).mtimeMs < madeAtMs,
  );
}

if (!isUpToDate()) {
  writeFileSync(
    GENERATED,
    `// Made by build-kernel.ts.

export const KERNEL_BASE64 = ${JSON.stringify(compileKernel().toString('base64'))};
export const THREAD_SOURCE = ${JSON.stringify(await bundleThread())};
`,
  );
}
