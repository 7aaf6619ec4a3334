// A forest as one JavaScript file that predicts by itself, in a browser, at the edge or on Node.

import { FormatError } from '../base/errors.ts';
import { decodeModel, type Model, reencodeModel } from '../forest/model.ts';
import { JS_RUNTIME } from './js-runtime.ts';

const FIRST_LINE = '// A forest that predicts by itself, written by arvoredo. It has no dependencies.';
const USE = "// import { predict, predictProba, classes } from './model.mjs'; predict([[0.5, null, 3]])";
const BEFORE_MODEL = "const MODEL = '";
const AFTER_MODEL = "';";

/**
 * An ES module of the model. Its `predict` and `predictProba` take a list of rows, each a list of numbers with null for a
 * missing value, or an object by `featureNames` with cells as in the table that the model was trained on; they give the same numbers as ours to the last bit; `classes` are the labels.
 */
export function toJsModule(model: Model): string {
  const base64 = Buffer.from(reencodeModel(model)).toString('base64');
  return `${FIRST_LINE}\n${USE}\n\n${BEFORE_MODEL}${base64}${AFTER_MODEL}\n${JS_RUNTIME}`;
}

/**
 * The model in a module that `toJsModule` wrote; nothing of the module is run.
 *
 * @throws {FormatError} when there is none
 */
export function fromJsModule(text: string): Model {
  const start = text.indexOf(BEFORE_MODEL) + BEFORE_MODEL.length;
  const end = text.indexOf(AFTER_MODEL, start);
  if (!text.startsWith(FIRST_LINE) || start < BEFORE_MODEL.length || end < 0) {
    throw new FormatError('js: not a module that arvoredo wrote');
  }
  return decodeModel(new Uint8Array(Buffer.from(text.slice(start, end), 'base64')));
}
