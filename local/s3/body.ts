// Receives a body: takes it out of its framing, checks its length and every checksum that came with it.

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decodeAwsChunked } from './aws-chunked.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, checksumHeader, startChecksum } from './checksums.ts';
import type { StoredChecksum } from './object-file.ts';
import { S3Error } from './s3-error.ts';

export interface ReceivedBody {
  size: number; // bytes
  md5: string; // hex
  checksum?: StoredChecksum;
}

const MAX_TEXT_BYTES = 16 << 20; // 10,000 parts or 1,000 keys of full length take less

/** Whether a body comes in aws-chunked framing. */
const isFramed = (headers: IncomingHttpHeaders) =>
  /\baws-chunked\b/.test(headers['content-encoding'] ?? '') ||
  String(headers['x-amz-content-sha256']).startsWith('STREAMING-');

/** Content-Encoding of the object itself, undefined for none. */
export function ownEncoding(headers: IncomingHttpHeaders): string | undefined {
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim());
  return encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked').join(',') || undefined;
}

/** The one checksum that a request names, and its value unless that comes as a trailer. */
function announcedChecksum(headers: IncomingHttpHeaders): { algorithm: ChecksumAlgorithm; value?: string } | undefined {
  const trailers = String(headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/);
  const announced = CHECKSUM_ALGORITHMS.filter(
    (algorithm) => headers[checksumHeader(algorithm)] !== undefined || trailers.includes(checksumHeader(algorithm)),
  );
  if (announced.length > 1)
    throw new S3Error('InvalidRequest', `one checksum per request, got ${announced.map(checksumHeader).join(' and ')}`);
  const algorithm = announced[0];
  return algorithm && { algorithm, value: headers[checksumHeader(algorithm)] as string | undefined };
}

/**
 * Pass a body on, piece by piece, and check it at its end. The caller must not make the pieces visible before
 * this returns.
 *
 * @param algorithm checksum to compute when the request brings none
 * @throws {S3Error} BadDigest, IncompleteBody and their like
 */
export async function receiveBody(
  headers: IncomingHttpHeaders,
  body: AsyncIterable<Buffer>,
  write: (bytes: Buffer) => Promise<void>,
  algorithm?: ChecksumAlgorithm,
): Promise<ReceivedBody> {
  const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] !== undefined)
    throw new S3Error('NotImplemented', 'Transfer-Encoding requires x-amz-decoded-content-length');
  const announced = announcedChecksum(headers);
  const trailers = new Map<string, string>();
  const computed = announced?.algorithm ?? algorithm;
  const checksum = computed && startChecksum(computed);
  const md5 = createHash('md5');
  let size = 0;
  for await (const bytes of isFramed(headers) ? decodeAwsChunked(body, trailers) : body) {
    size += bytes.length;
    md5.update(bytes);
    checksum?.update(bytes);
    await write(bytes);
  }
  if (size !== Number(length ?? 0))
    throw new S3Error('IncompleteBody', `got ${size} bytes, the request announced ${length}`);
  const digest = md5.digest();
  const contentMd5 = headers['content-md5'];
  if (contentMd5 !== undefined) compare('Content-MD5', String(contentMd5), digest);
  if (!computed || !checksum) return { size, md5: digest.toString('hex') };
  const header = checksumHeader(computed);
  const value = checksum.digest();
  if (announced) {
    const sent = announced.value ?? trailers.get(header);
    if (sent === undefined) throw new S3Error('MalformedTrailerError', `x-amz-trailer announces ${header}, none came`);
    compare(header, sent, value);
  }
  const stored: StoredChecksum = { algorithm: computed, value: value.toString('base64'), type: 'FULL_OBJECT' };
  return { size, md5: digest.toString('hex'), checksum: stored };
}

function compare(header: string, sent: string, computed: Buffer): void {
  if (Buffer.from(sent, 'base64').length !== computed.length)
    throw new S3Error(
      header === 'Content-MD5' ? 'InvalidDigest' : 'InvalidRequest',
      `${header} must be ${computed.length} bytes in base64, got ${sent}`,
    );
  if (sent !== computed.toString('base64'))
    throw new S3Error(
      'BadDigest',
      `${header} ${sent} does not match the body, which has ${computed.toString('base64')}`,
    );
}

/** Read a small body as text. */
export async function receiveText(headers: IncomingHttpHeaders, body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let numBytes = 0;
  await receiveBody(headers, body, async (bytes) => {
    numBytes += bytes.length;
    if (numBytes > MAX_TEXT_BYTES)
      throw new S3Error('InvalidRequest', `a request's XML may have ${MAX_TEXT_BYTES} bytes at most`);
    pieces.push(bytes);
  });
  return Buffer.concat(pieces).toString();
}
