// Entry of `cdk synth` and `cdk deploy`: npx cdk deploy --app "npx tsx examples/word-count/app.ts"

import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { bundle } from './bundle.ts';
import { WordCountStack } from './stack.ts';

const code = await bundle(fileURLToPath(new URL('../../dist/word-count', import.meta.url)));
new WordCountStack(new App(), 'WordCount', code);
