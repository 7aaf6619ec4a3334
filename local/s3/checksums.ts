// The five checksums that S3 clients send along with a body.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface RunningChecksum {
  update(bytes: Uint8Array): unknown;
  /** The checksum of all that was passed to `update`, big-endian. */
  digest(): Buffer;
}

/** The header that carries a checksum, `x-amz-checksum-crc32` for example. */
export const checksumHeader = (algorithm: ChecksumAlgorithm) => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** The XML element that carries a checksum, `ChecksumCRC32` for example. */
export const checksumElement = (algorithm: ChecksumAlgorithm) => `Checksum${algorithm}` as const;

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'CRC32': {
      let value = 0;
      return {
        update(bytes) {
          value = crc32(bytes, value);
        },
        digest: () => uint32(value),
      };
    }
    case 'CRC32C':
      return startCrc32c();
    case 'CRC64NVME':
      return startCrc64Nvme();
    case 'SHA1':
      return createHash('sha1');
    case 'SHA256':
      return createHash('sha256');
  }
}

/**
 * The checksum of a multipart object made from those of its parts.
 *
 * @param parts base64 checksums of the parts, in order
 */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: string[]): string {
  const checksum = startChecksum(algorithm);
  for (const part of parts) checksum.update(Buffer.from(part, 'base64'));
  return `${checksum.digest().toString('base64')}-${parts.length}`;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

// Castagnoli's polynomial 0x1edc6f41, bits reversed. Source: RFC 3720, appendix B.4.
const CRC32C_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

function startCrc32c(): RunningChecksum {
  let state = -1;
  return {
    update(bytes) {
      let value = state;
      for (let i = 0; i < bytes.length; i++) value = CRC32C_TABLE[(value ^ bytes[i]) & 0xff] ^ (value >>> 8);
      state = value;
    },
    digest: () => uint32(~state),
  };
}

// The polynomial of the NVM Express command set specification, 0xad93d23594c93659, bits reversed; in halves of 32 bits.
const CRC64_LOW = new Int32Array(256);
const CRC64_HIGH = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = low & 1;
    low = ((low >>> 1) | (high << 31)) ^ (isOdd ? 0xac4bc9b5 : 0);
    high = (high >>> 1) ^ (isOdd ? 0x9a6c9329 : 0);
  }
  CRC64_LOW[byte] = low;
  CRC64_HIGH[byte] = high;
}

function startCrc64Nvme(): RunningChecksum {
  let stateLow = -1;
  let stateHigh = -1;
  return {
    update(bytes) {
      let low = stateLow;
      let high = stateHigh;
      for (let i = 0; i < bytes.length; i++) {
        const entry = (low ^ bytes[i]) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ CRC64_LOW[entry];
        high = (high >>> 8) ^ CRC64_HIGH[entry];
      }
      stateLow = low;
      stateHigh = high;
    },
    digest: () => Buffer.concat([uint32(~stateHigh), uint32(~stateLow)]),
  };
}
