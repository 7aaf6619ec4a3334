// The formats in which models are exported, and the two that are read.

import { FormatError } from '../base/errors.ts';
import type { Model } from '../forest/model.ts';
import { decodeModel, reencodeModel } from '../forest/model-file.ts';
import { toJsModule } from './js-module.ts';
import { toJsonLines } from './json.ts';
import { toOnnx } from './onnx.ts';
import { fromOnnx } from './onnx-import.ts';

export const MODEL_FORMATS = ['arvo', 'onnx', 'json', 'js'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

/**
 * Write a model as a file, in chunks.
 *
 * @throws {InputError} when the format cannot represent something in the model
 */
export function* writeModel(model: Model, format: ModelFormat): Generator<Uint8Array | string> {
  if (format === 'arvo') yield reencodeModel(model);
  else if (format === 'onnx') yield toOnnx(model);
  else if (format === 'json') yield* toJsonLines(model);
  else yield toJsModule(model);
}

/**
 * Read the model in an .arvo or .onnx file, recognized by its first bytes: everything that is not .arvo is read as
 * ONNX.
 *
 * @throws {FormatError} when the file is damaged, or in another format
 */
export function readModel(bytes: Uint8Array): Model {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith('ARVO')) return decodeModel(bytes);
  const text = start.startsWith('{') ? 'JSON' : start.startsWith('//') ? 'JavaScript' : undefined;
  if (text) throw new FormatError(`${text} exports cannot be read back; use the .arvo or .onnx file of the model`);
  return fromOnnx(bytes);
}
