// A forest as one JavaScript file that predicts by itself, in a browser, at the edge or on Node.

import type { Model } from '../forest/model.ts';
import { reencodeModel } from '../forest/model-file.ts';
import { JS_RUNTIME } from './js-runtime.ts';

const HEADER = `// A forest that predicts by itself, written by arvoredo. It has no dependencies.
// import { predict, predictProba, classes } from './model.mjs'; predict([[0.5, null, 3]])`;

/**
 * Write the model as an ES module. Its `predict` and `predictProba` take a list of rows and return the same numbers as
 * ours, to the last bit; `classes` are the labels. A row is a list of numbers with null for a missing value, or an
 * object by `featureNames` with cells as in the table that the model was trained on.
 */
export function toJsModule(model: Model): string {
  const base64 = Buffer.from(reencodeModel(model)).toString('base64');
  return `${HEADER}\n\nconst MODEL = '${base64}';\n${JS_RUNTIME}`;
}
