// Entry of `cdk synth` and `cdk deploy`. Context: -c stack=NAME, -c removal=destroy.

import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { InputError } from '../lib/errors.ts';
import { ArvoredoStack } from './stack.ts';

const app = new App();
try {
  new ArvoredoStack(app, app.node.tryGetContext('stack') ?? 'Arvoredo', {
    bundleDir: fileURLToPath(new URL('../dist/functions', import.meta.url)),
    removal: app.node.tryGetContext('removal'),
  });
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exit(1);
}
