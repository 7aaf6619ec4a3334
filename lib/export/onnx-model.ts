// ONNX models in memory: the part of onnx.proto that a forest needs.
// Source: onnx/onnx.proto of the ONNX project, IR version 8.

/** Element types of a tensor in a file. */
export const ELEMENT = { float: 1, int64: 7, string: 8, double: 11 } as const;

export interface OnnxTensor {
  name?: string;
  dims: number[];
  values: Float32Array | Float64Array | BigInt64Array;
}

export type OnnxAttribute =
  | { type: 'int'; value: number }
  | { type: 'float'; value: number }
  | { type: 'string'; value: string }
  | { type: 'tensor'; value: OnnxTensor }
  | { type: 'floats'; value: ArrayLike<number> }
  | { type: 'ints'; value: ArrayLike<number> }
  | { type: 'strings'; value: readonly string[] };

export interface OnnxNode {
  opType: string;
  /** Empty for operators of ONNX itself. */
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, OnnxAttribute>;
}

/** An input or output of the graph; null is a dimension of any length. */
export interface OnnxValue {
  name: string;
  elementType: number;
  dims: (number | null)[];
}

export interface OnnxModel {
  producer: string;
  opsets: { domain: string; version: number }[];
  graph: {
    name: string;
    nodes: OnnxNode[];
    initializers: OnnxTensor[];
    inputs: OnnxValue[];
    outputs: OnnxValue[];
  };
  metadata: Record<string, string>;
}

/** Numbers of the attribute types in a file. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;
/** Field of an attribute's value in a file, by its type. */
export const ATTRIBUTE_FIELD = { float: 2, int: 3, string: 4, tensor: 5, floats: 7, ints: 8, strings: 9 } as const;
