import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { App } from 'aws-cdk-lib';
import { ArvoredoStack } from '../../cdk/stack.ts';
import { bundleOf, FUNCTION_NAMES, type FunctionName } from '../../functions/manifest.ts';
import { parseRunParams } from '../../lib/params.ts';
import { getReport, startRun, viewRun } from '../../lib/run.ts';
import { startEmulator } from '../../local/emulator.ts';
import { localTarget } from '../../local/target.ts';
import { runInMemory } from '../helpers.ts';

interface FunctionResource {
  Type: string;
  Properties: { Description: string; Code: { S3Key: string } };
}

/** Synthesize the stack from the real bundles; gives its functions by name. */
function synthesize(outdir: string): Map<string, FunctionResource> {
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  const { artifactId } = new ArvoredoStack(app, 'Arvoredo', { bundleDir: resolve('dist/functions') });
  const { template } = app.synth().getStackArtifact(artifactId);
  const functions = (Object.values(template.Resources) as FunctionResource[]).filter(
    ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Description?.startsWith('arvoredo '),
  );
  return new Map(functions.map((resource) => [resource.Properties.Description.slice('arvoredo '.length), resource]));
}

test('the very bundles that synth packages do a whole run in the emulator', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-bundles-'));
  const outdir = join(folder, 'cdk.out');
  const functions = synthesize(outdir);
  assert.deepEqual([...functions.keys()].sort(), [...FUNCTION_NAMES].sort());

  const distDir = join(folder, 'dist');
  mkdirSync(join(distDir, 'functions'), { recursive: true });
  copyFileSync('dist/runtime.mjs', join(distDir, 'runtime.mjs'));
  for (const [name, { Properties }] of functions) {
    const asset = join(outdir, `asset.${Properties.Code.S3Key.replace('.zip', '')}`);
    assert.deepEqual(
      readFileSync(join(asset, 'index.mjs')),
      readFileSync(`dist/functions/${bundleOf(name as FunctionName)}/index.mjs`),
    );
    const link = join(distDir, 'functions', bundleOf(name as FunctionName));
    if (!existsSync(link)) symlinkSync(asset, link);
  }

  const emulator = await startEmulator({ dataDir: join(folder, 'data'), workers: 2, distDir });
  t.after(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true });
  });
  const { store, orchestrator } = localTarget(emulator);
  const job = { samples: 600, chunkSize: 100, features: 5, trees: 6, workers: 2 };
  await startRun(store, orchestrator, 'r', parseRunParams(job));
  while (['queued', 'running'].includes((await viewRun(store, 'r')).state)) await sleep(50);
  assert.equal((await getReport(store, 'r')).model.sha256, (await runInMemory(job)).result.sha256);
});
