// An app of somebody else that adds a grove, through what the package exports.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { FUNCTION_NAMES } from '../../functions/manifest.ts';
import type { Json } from './synth.ts';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-app-'));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const [name, target] of [
  ['arvoredo', '.'],
  ['aws-cdk-lib', 'node_modules/aws-cdk-lib'],
  ['constructs', 'node_modules/constructs'],
] as const) {
  mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
  symlinkSync(resolve(target), join(folder, 'node_modules', name));
}

/** Run an app as `cdk synth` does; gives the resources of its stack. */
function synthesize(source: string): Record<string, Json> {
  writeFileSync(join(folder, 'app.mjs'), source);
  const env = { ...process.env, CDK_OUTDIR: join(folder, 'cdk.out') };
  const { status, stderr } = spawnSync(process.execPath, ['app.mjs'], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(readFileSync(join(folder, 'cdk.out', 'Ours.template.json'), 'utf8')).Resources;
}

test('an app of its own gets a whole grove in five lines, with the bundles of the package', () => {
  const resources = synthesize(`
    import { App } from 'aws-cdk-lib';
    import { ArvoredoStack } from 'arvoredo/cdk';
    const app = new App({ builtinCloudFormationValidation: false });
    new ArvoredoStack(app, 'Ours', { environment: 'prod' });
    app.synth();
  `);
  const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  assert.equal(functions.length, FUNCTION_NAMES.length);
});

test('or adds the constructs to a stack of its own, and lets a function of its own call the API', () => {
  const resources = synthesize(`
    import { App, Stack } from 'aws-cdk-lib';
    import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
    import { ArvoredoApi, ArvoredoEngine, ArvoredoStore } from 'arvoredo/cdk';
    const app = new App({ builtinCloudFormationValidation: false });
    const stack = new Stack(app, 'Ours');
    const store = new ArvoredoStore(stack, 'Store', { expireAfterDays: 3 });
    const engine = new ArvoredoEngine(stack, 'Engine', { store });
    const api = new ArvoredoApi(stack, 'Api', { handlers: engine.functions });
    api.grantCall(new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
    app.synth();
  `);
  const ofCaller = Object.values(resources).find(
    ({ Type, Properties }) => Type === 'AWS::IAM::Policy' && /^Caller/.test(Properties.Roles[0].Ref),
  );
  const [{ Action, Resource }] = ofCaller.Properties.PolicyDocument.Statement;
  assert.equal(Action, 'execute-api:Invoke');
  assert.match(JSON.stringify(Resource), /POST\/runs/);
});
