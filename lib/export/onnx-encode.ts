// Writes ONNX files with a protobuf library's wire format. Field numbers are those of onnx.proto.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  ATTRIBUTE_FIELD,
  ATTRIBUTE_TYPE,
  ELEMENT,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './onnx-model.ts';

const IR_VERSION = 8;

/** Encode a model as an ONNX file. Integers may be from -2^31 to 2^53. */
export function encodeOnnx({ producer, opsets, graph, metadata }: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  text(writer, 2, producer);
  message(writer, 7, () => {
    for (const node of graph.nodes) message(writer, 1, () => writeNode(writer, node));
    text(writer, 2, graph.name);
    for (const tensor of graph.initializers) message(writer, 5, () => writeTensor(writer, tensor));
    for (const value of graph.inputs) message(writer, 11, () => writeValue(writer, value));
    for (const value of graph.outputs) message(writer, 12, () => writeValue(writer, value));
  });
  for (const { domain, version } of opsets) {
    message(writer, 8, () => {
      text(writer, 1, domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
  for (const [key, value] of Object.entries(metadata)) {
    message(writer, 14, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeNode(writer: BinaryWriter, { opType, domain, inputs, outputs, attributes }: OnnxNode): void {
  for (const name of inputs) text(writer, 1, name);
  for (const name of outputs) text(writer, 2, name);
  text(writer, 3, opType);
  text(writer, 4, opType);
  for (const [name, attribute] of Object.entries(attributes)) {
    message(writer, 5, () => {
      text(writer, 1, name);
      writeAttribute(writer, attribute);
      writer.tag(20, WireType.Varint).int32(ATTRIBUTE_TYPE[attribute.type]);
    });
  }
  text(writer, 7, domain);
}

function writeAttribute(writer: BinaryWriter, { type, value }: OnnxAttribute): void {
  const field = ATTRIBUTE_FIELD[type];
  if (type === 'int') writer.tag(field, WireType.Varint).int64(value);
  else if (type === 'float') writer.tag(field, WireType.Bit32).float(value);
  else if (type === 'string') text(writer, field, value);
  else if (type === 'tensor') message(writer, field, () => writeTensor(writer, value));
  else if (type === 'floats') bytes(writer, field, Float32Array.from(value));
  else if (type === 'ints') packed(writer, field, value);
  else for (const one of value) text(writer, field, one);
}

function writeTensor(writer: BinaryWriter, { name, dims, values }: OnnxTensor): void {
  packed(writer, 1, dims);
  const elementType =
    values instanceof Float32Array ? ELEMENT.float : values instanceof Float64Array ? ELEMENT.double : ELEMENT.int64;
  writer.tag(2, WireType.Varint).int32(elementType);
  if (name !== undefined) text(writer, 8, name);
  bytes(writer, 9, values);
}

function writeValue(writer: BinaryWriter, { name, elementType, dims }: OnnxValue): void {
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(elementType);
      message(writer, 2, () => {
        for (const dim of dims) {
          message(writer, 1, () => {
            if (dim === null) text(writer, 2, 'N');
            else writer.tag(1, WireType.Varint).int64(dim);
          });
        }
      });
    }),
  );
}

/** Write numbers as they are in memory: all machines that run Node are little-endian. */
function bytes(
  writer: BinaryWriter,
  field: number,
  { buffer, byteOffset, byteLength }: Float32Array | Float64Array | BigInt64Array,
): void {
  writer.tag(field, WireType.LengthDelimited).bytes(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

/** Write integers packed into one field: one field each would add a tag to every number. */
function packed(writer: BinaryWriter, field: number, values: ArrayLike<number>): void {
  message(writer, field, () => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value >= 0 && value <= 0xffff_ffff) writer.uint32(value);
      else writer.int64(value);
    }
  });
}
