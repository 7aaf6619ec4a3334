// What cdk-nag thinks of the stack, with nothing and with everything chosen.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { ArvoredoStack, type ArvoredoStackProps } from '../../cdk/stack.ts';
import { fakeBundles, type Json, newApp } from './synth.ts';

const bundleDir = fakeBundles();
const email = 'ops@example.org';
const EVERYTHING: ArvoredoStackProps = {
  environment: 'prod',
  ownKey: true,
  functionUrl: true,
  privateNetwork: true,
  reservedConcurrency: { orchestrator: 5, workers: 20 },
  alarms: { email },
  budget: { monthlyUsd: 5, email },
  costAnomalies: { email },
  metrics: true,
  maxMemoryMiB: 3008,
  corsOrigins: ['https://grove.example.org'],
  dataBuckets: ['my-tables'],
  schedule: { expression: 'rate(1 day)' },
  uploads: { params: { label: 'sold' } },
  notifications: { email },
};

/** Findings that nobody has answered, as `rule: construct`. */
function findings(props: ArvoredoStackProps, spoil: (stack: ArvoredoStack) => void = () => {}): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'arvoredo-nag-'));
  const { error } = console;
  console.error = () => {}; // the report is read from its file
  try {
    const app = newApp(outdir);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
    spoil(new ArvoredoStack(app, 'Arvoredo', { ...props, bundleDir }));
    try {
      app.synth();
    } catch (failure) {
      if ((failure as Error).name !== 'ValidationFailed') throw failure;
    }
    const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
    return pluginReports.flatMap(({ violations }: Json) =>
      violations.flatMap(({ ruleName, violatingConstructs }: Json) =>
        violatingConstructs.map(({ constructPath }: Json) => `${ruleName}: ${constructPath}`),
      ),
    );
  } finally {
    console.error = error;
    rmSync(outdir, { recursive: true, force: true });
  }
}

for (const [name, props] of Object.entries({
  'the defaults': {},
  dev: { environment: 'dev' },
  everything: EVERYTHING,
  'a zone for partitions': { partitionsZone: 'use1-az4', privateNetwork: true },
  'an API that takes tokens': { jwt: { issuer: 'https://login.example.org', audience: ['grove'] } },
})) {
  test(`AwsSolutions and Serverless find nothing that is not answered in ${name}`, () => {
    assert.deepEqual(findings(props as ArvoredoStackProps), []);
  });
}

test('a fault is found, so that the tests above mean something', () => {
  const found = findings({}, (stack) => new Bucket(stack, 'Open'));
  assert.ok(
    found.some((finding) => /AwsSolutions-S10: Arvoredo\/Open/.test(finding)),
    found.join('\n'),
  );
  assert.ok(
    found.every((finding) => finding.includes('Arvoredo/Open')),
    found.join('\n'),
  );
});
