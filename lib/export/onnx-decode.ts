// Reads ONNX files with a protobuf library's wire format. Field numbers are those of onnx.proto.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { FormatError } from '../base/errors.ts';
import {
  ATTRIBUTE_TYPE,
  ELEMENT,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './onnx-model.ts';

/**
 * Decode a file; fields that `OnnxModel` does not have are ignored.
 *
 * @throws {FormatError} when the bytes are not an ONNX model
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  try {
    return readModel(bytes);
  } catch (cause) {
    throw new FormatError(`onnx: not an ONNX model: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Reads one field, or returns false and leaves it unread, so that it is skipped. */
type ReadField = (field: number, wireType: WireType, reader: BinaryReader) => boolean;

function readFields(bytes: Uint8Array, read: ReadField): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.StartGroup) throw new RangeError('it has a group'); // nested without an end
    if (!read(field, wireType, reader)) reader.skip(wireType, field);
  }
}

function readModel(bytes: Uint8Array): OnnxModel {
  const model: OnnxModel = {
    producer: '',
    opsets: [],
    graph: { name: '', nodes: [], initializers: [], inputs: [], outputs: [] },
    metadata: {},
  };
  let hasGraph = false;
  readFields(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 2) model.producer = reader.string();
    else if (field === 7) {
      readGraph(reader.bytes(), model.graph);
      hasGraph = true;
    } else if (field === 8) model.opsets.push(readOpset(reader.bytes()));
    else if (field === 14) {
      const [key, value] = readTexts(reader.bytes());
      model.metadata[key] = value;
    } else return false;
    return true;
  });
  if (!hasGraph) throw new RangeError('it has no graph');
  return model;
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  readFields(bytes, (field, _wireType, reader) => {
    if (field === 1) opset.domain = reader.string();
    else if (field === 2) opset.version = Number(reader.int64());
    else return false;
    return true;
  });
  return opset;
}

function readTexts(bytes: Uint8Array): [first: string, second: string] {
  const texts: [string, string] = ['', ''];
  readFields(bytes, (field, _wireType, reader) => {
    if (field !== 1 && field !== 2) return false;
    texts[field - 1] = reader.string();
    return true;
  });
  return texts;
}

function readGraph(bytes: Uint8Array, graph: OnnxModel['graph']): void {
  readFields(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) graph.nodes.push(readNode(reader.bytes()));
    else if (field === 2) graph.name = reader.string();
    else if (field === 5) graph.initializers.push(readTensor(reader.bytes()));
    else if (field === 11) graph.inputs.push(readValue(reader.bytes()));
    else if (field === 12) graph.outputs.push(readValue(reader.bytes()));
    else return false;
    return true;
  });
}

function readNode(bytes: Uint8Array): OnnxNode {
  const node: OnnxNode = { opType: '', domain: '', inputs: [], outputs: [], attributes: {} };
  readFields(bytes, (field, wireType, reader) => {
    if (wireType !== WireType.LengthDelimited) return false;
    if (field === 1) node.inputs.push(reader.string());
    else if (field === 2) node.outputs.push(reader.string());
    else if (field === 4) node.opType = reader.string();
    else if (field === 5) Object.assign(node.attributes, readAttribute(reader.bytes()));
    else if (field === 7) node.domain = reader.string();
    else return false;
    return true;
  });
  return node;
}

/** The attribute by its name; empty if its type is not supported. */
function readAttribute(bytes: Uint8Array): Record<string, OnnxAttribute> {
  let name = '';
  let typeNumber = 0;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const one: Partial<Record<'int' | 'float', number>> & { string?: string; tensor?: OnnxTensor } = {};
  readFields(bytes, (field, wireType, reader) => {
    if (field === 1) name = reader.string();
    else if (field === 2) one.float = reader.float();
    else if (field === 3) one.int = Number(reader.int64());
    else if (field === 4) one.string = reader.string();
    else if (field === 5) one.tensor = readTensor(reader.bytes());
    else if (field === 7) readRepeated(wireType, reader, () => floats.push(reader.float()));
    else if (field === 8) readRepeated(wireType, reader, () => ints.push(Number(reader.int64())));
    else if (field === 9) strings.push(reader.string());
    else if (field === 20) typeNumber = reader.int32();
    else return false;
    return true;
  });
  switch (typeNumber) {
    case ATTRIBUTE_TYPE.float:
      return { [name]: { type: 'float', value: one.float ?? 0 } };
    case ATTRIBUTE_TYPE.int:
      return { [name]: { type: 'int', value: one.int ?? 0 } };
    case ATTRIBUTE_TYPE.string:
      return { [name]: { type: 'string', value: one.string ?? '' } };
    case ATTRIBUTE_TYPE.tensor:
      return one.tensor ? { [name]: { type: 'tensor', value: one.tensor } } : {};
    case ATTRIBUTE_TYPE.floats:
      return { [name]: { type: 'floats', value: floats } };
    case ATTRIBUTE_TYPE.ints:
      return { [name]: { type: 'ints', value: ints } };
    case ATTRIBUTE_TYPE.strings:
      return { [name]: { type: 'strings', value: strings } };
    default:
      return {};
  }
}

/** Read a repeated number: packed into one field, or one field each. */
function readRepeated(wireType: WireType, reader: BinaryReader, read: () => void): void {
  if (wireType !== WireType.LengthDelimited) {
    read();
    return;
  }
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('it is cut short');
  while (reader.pos < end) read();
}

function readTensor(bytes: Uint8Array): OnnxTensor {
  const dims: number[] = [];
  let name: string | undefined;
  let elementType = 0;
  let raw: Uint8Array | undefined;
  const numbers: number[] = [];
  const integers: bigint[] = [];
  readFields(bytes, (field, wireType, reader) => {
    if (field === 1) readRepeated(wireType, reader, () => dims.push(Number(reader.int64())));
    else if (field === 2) elementType = reader.int32();
    else if (field === 4) readRepeated(wireType, reader, () => numbers.push(reader.float()));
    else if (field === 7) readRepeated(wireType, reader, () => integers.push(BigInt(reader.int64())));
    else if (field === 8) name = reader.string();
    else if (field === 9) raw = reader.bytes();
    else if (field === 10) readRepeated(wireType, reader, () => numbers.push(reader.double()));
    else return false;
    return true;
  });
  const values = raw ? viewRaw(raw, elementType) : toValues(elementType, numbers, integers);
  return { name, dims, values };
}

function viewRaw(raw: Uint8Array, elementType: number): OnnxTensor['values'] {
  const { buffer } = new Uint8Array(raw); // a copy is aligned; a Buffer's own slice is none
  if (elementType === ELEMENT.double) return new Float64Array(buffer);
  return elementType === ELEMENT.int64 ? new BigInt64Array(buffer) : new Float32Array(buffer);
}

function toValues(elementType: number, numbers: number[], integers: bigint[]): OnnxTensor['values'] {
  if (elementType === ELEMENT.double) return Float64Array.from(numbers);
  return elementType === ELEMENT.int64 ? BigInt64Array.from(integers) : Float32Array.from(numbers);
}

function readValue(bytes: Uint8Array): OnnxValue {
  const value: OnnxValue = { name: '', elementType: 0, dims: [] };
  const readDim = (dim: Uint8Array) => {
    let length: number | null = null;
    readFields(dim, (field, _wireType, reader) => {
      if (field !== 1) return false;
      length = Number(reader.int64());
      return true;
    });
    value.dims.push(length);
  };
  readFields(bytes, (field, _wireType, reader) => {
    if (field === 1) value.name = reader.string();
    else if (field === 2) {
      const type = reader.bytes();
      within(type, 1, (tensor) => {
        readFields(tensor, (inner, _innerType, tensorReader) => {
          if (inner === 1) value.elementType = tensorReader.int32();
          else if (inner === 2) within(tensorReader.bytes(), 1, readDim);
          else return false;
          return true;
        });
      });
    } else return false;
    return true;
  });
  return value;
}

/** Visit each message in the field `wanted`. */
function within(bytes: Uint8Array, wanted: number, visit: (inner: Uint8Array) => void): void {
  readFields(bytes, (field, _wireType, reader) => {
    if (field !== wanted) return false;
    visit(reader.bytes());
    return true;
  });
}
