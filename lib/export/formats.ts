// The formats that models leave in and come back from.

import { decodeModel, type Model, reencodeModel } from '../forest/model.ts';
import { fromJsModule, toJsModule } from './js-module.ts';
import { toJsonLines } from './json.ts';
import { fromJson } from './json-read.ts';
import { toOnnx } from './onnx.ts';
import { fromOnnx } from './onnx-import.ts';

export const MODEL_FORMATS = ['arvo', 'onnx', 'json', 'js'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

/**
 * A model as a file, in pieces.
 *
 * @throws {InputError} when the format has no room for something in it
 */
export function* writeModel(model: Model, format: ModelFormat): Generator<Uint8Array | string> {
  if (format === 'arvo') yield reencodeModel(model);
  else if (format === 'onnx') yield toOnnx(model);
  else if (format === 'json') yield* toJsonLines(model);
  else yield toJsModule(model);
}

/** Which of the formats a file is in, from its first bytes; what is none of the others is taken for ONNX. */
export function formatOfModel(bytes: Uint8Array): ModelFormat {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (start.startsWith('ARVO')) return 'arvo';
  if (start.startsWith('{')) return 'json';
  return start.startsWith('//') ? 'js' : 'onnx';
}

/**
 * The model in a file of any of the formats.
 *
 * @throws {FormatError} when it is damaged, or none of them
 */
export function readModel(bytes: Uint8Array): Model {
  switch (formatOfModel(bytes)) {
    case 'arvo':
      return decodeModel(bytes);
    case 'json':
      return fromJson(new TextDecoder().decode(bytes));
    case 'js':
      return fromJsModule(new TextDecoder().decode(bytes));
    case 'onnx':
      return fromOnnx(bytes);
  }
}
