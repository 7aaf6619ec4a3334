// The app as `cdk synth` runs it, options and all.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Json } from './synth.ts';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-app-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function synthesize(context: Record<string, string>) {
  const env = {
    ...process.env,
    CDK_OUTDIR: folder,
    CDK_CONTEXT_JSON: JSON.stringify({ ...JSON.parse(readFileSync('cdk.json', 'utf8')).context, ...context }),
  };
  return spawnSync(process.execPath, ['--import', 'tsx', 'cdk/app.ts'], { env, encoding: 'utf8' });
}

test('the command line names the stack, its environment and options; cdk-nag and the CDK find nothing', () => {
  const { status, stderr, stdout } = synthesize({
    stack: 'Grove',
    env: 'prod',
    dashboard: 'false',
    expireAfterDays: '7',
  });
  assert.equal(status, 0, `${stderr}${stdout}`);
  const resources: Json[] = Object.values(
    JSON.parse(readFileSync(join(folder, 'Grove.template.json'), 'utf8')).Resources,
  );
  assert.ok(resources.some(({ Type }) => Type === 'AWS::CloudWatch::Alarm'));
  assert.ok(!resources.some(({ Type }) => Type === 'AWS::CloudWatch::Dashboard'));
  assert.match(JSON.stringify(resources), /"ExpirationInDays":7,"Id":"expire-runs"/);
  const { pluginReports } = JSON.parse(readFileSync(join(folder, 'validation-report.json'), 'utf8'));
  assert.deepEqual(pluginReports, []);
});

test('a wrong option is told in one line', () => {
  const { status, stderr } = synthesize({ env: 'test' });
  assert.deepEqual([status, stderr], [1, 'environment must be dev or prod, got test\n']);
});
