import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  compositeChecksum,
  startChecksum,
} from '../../../local/s3/checksums.ts';

// Check values of "123456789": the CRC catalogue of Greg Cook (CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME); sha1sum, sha256sum.
const KNOWN: Record<ChecksumAlgorithm, string> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};

for (const algorithm of CHECKSUM_ALGORITHMS)
  test(`${algorithm} gives its published check value, in one piece and in two`, () => {
    for (const cut of [0, 1, 4, 9]) {
      const checksum = startChecksum(algorithm);
      checksum.update(Buffer.from('123456789'.slice(0, cut)));
      checksum.update(Buffer.from('123456789'.slice(cut)));
      assert.equal(checksum.digest().toString('hex'), KNOWN[algorithm]);
    }
  });

test('a composite checksum is that of the checksums of the parts, and their number', () => {
  const sumOf = (bytes: Buffer) => startChecksum('SHA256').update(bytes) as ReturnType<typeof startChecksum>;
  const parts = [sumOf(Buffer.from('a')).digest(), sumOf(Buffer.from('b')).digest()];
  const expected = sumOf(Buffer.concat(parts)).digest().toString('base64');
  assert.equal(
    compositeChecksum(
      'SHA256',
      parts.map((part) => part.toString('base64')),
    ),
    `${expected}-2`,
  );
});
