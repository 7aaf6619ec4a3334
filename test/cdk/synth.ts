// Stacks for tests: with bundles of one line, and the feature flags that are deployed with.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ArvoredoStack, type ArvoredoStackProps } from '../../cdk/stack.ts';
import { BUNDLE_NAMES } from '../../functions/manifest.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON without a type
export type Json = any;

/** A folder of bundles, removed after the tests of the file. */
export function fakeBundles(code = (name: string) => `export const handler = async () => '${name}';`): string {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-cdk-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of BUNDLE_NAMES) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), code(name));
  }
  return folder;
}

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
// `cdk synth` validates the template; here it would take 5 of 7 s
export const newApp = (outdir?: string) => new App({ context, outdir, builtinCloudFormationValidation: false });

export function templateOf(props: ArvoredoStackProps, app = newApp()): Template {
  return Template.fromStack(new ArvoredoStack(app, 'Arvoredo', props));
}

export function propertiesOf(template: Template, type: string): Json[] {
  return Object.values(template.findResources(type)).map(({ Properties }) => Properties);
}
