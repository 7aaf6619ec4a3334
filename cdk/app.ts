// Entry of `cdk synth` and `cdk deploy`. Context: -c stack=NAME, -c env=dev|prod, and any option by its name, such as
// -c removal=destroy or -c 'alarms={"email":"ops@example.org"}'.

import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { InputError } from '../lib/base/errors.ts';
import { optionsOfContext } from './context.ts';
import { ArvoredoStack } from './stack.ts';

const app = new App();
try {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const get = (key: string): unknown => app.node.tryGetContext(key);
  new ArvoredoStack(app, String(get('stack') ?? 'Arvoredo'), optionsOfContext(get));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exit(1);
}
