// The attributes of an ONNX operator, by name and type.

import { FormatError } from '../base/errors.ts';
import type { OnnxAttribute } from './onnx-model.ts';

export function fail(what: string): never {
  throw new FormatError(`onnx: ${what}`);
}

/** The attributes of an operator; one that is missing or of another type is treated as absent. */
export class Attributes {
  readonly #byName: Record<string, OnnxAttribute>;

  constructor(byName: Record<string, OnnxAttribute>) {
    this.#byName = byName;
  }

  text(name: string, fallback: string): string {
    const attribute = this.#byName[name];
    return attribute?.type === 'string' ? attribute.value : fallback;
  }

  texts(name: string): readonly string[] {
    const attribute = this.#byName[name];
    return attribute?.type === 'strings' ? attribute.value : [];
  }

  integer(name: string, fallback: number): number {
    const attribute = this.#byName[name];
    return attribute?.type === 'int' ? attribute.value : fallback;
  }

  integers(name: string): ArrayLike<number> {
    const attribute = this.#byName[name];
    return attribute?.type === 'ints' ? attribute.value : [];
  }

  /** Numbers: a list of float32, or a tensor of float32 or float64. */
  numbers(name: string): ArrayLike<number> {
    const list = this.#byName[name];
    if (list?.type === 'floats') return list.value;
    const tensor = this.#byName[`${name}_as_tensor`];
    if (tensor?.type !== 'tensor') return [];
    const { values } = tensor.value;
    return values instanceof BigInt64Array ? fail(`${name} must be floating-point numbers, got integers`) : values;
  }
}
