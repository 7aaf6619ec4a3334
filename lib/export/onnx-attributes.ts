// The attributes of an ONNX operator, by name and type.

import { FormatError } from '../base/errors.ts';
import type { OnnxAttribute } from './onnx-model.ts';

export function fail(what: string): never {
  throw new FormatError(`onnx: ${what}`);
}

/** The attributes of the operator, checked as they are asked for. */
export class Attributes {
  readonly #byName: Record<string, OnnxAttribute>;

  constructor(byName: Record<string, OnnxAttribute>) {
    this.#byName = byName;
  }

  text(name: string, preset: string): string {
    const attribute = this.#byName[name];
    return attribute?.type === 'string' ? attribute.value : preset;
  }

  texts(name: string): readonly string[] {
    const attribute = this.#byName[name];
    return attribute?.type === 'strings' ? attribute.value : [];
  }

  whole(name: string, preset: number): number {
    const attribute = this.#byName[name];
    return attribute?.type === 'int' ? attribute.value : preset;
  }

  wholes(name: string): ArrayLike<number> {
    const attribute = this.#byName[name];
    return attribute?.type === 'ints' ? attribute.value : [];
  }

  /** Numbers, of float32 or as a tensor of either precision. */
  numbers(name: string): ArrayLike<number> {
    const list = this.#byName[name];
    if (list?.type === 'floats') return list.value;
    const tensor = this.#byName[`${name}_as_tensor`];
    if (tensor?.type !== 'tensor') return [];
    const { values } = tensor.value;
    return values instanceof BigInt64Array ? fail(`${name} of whole numbers`) : values;
  }
}
