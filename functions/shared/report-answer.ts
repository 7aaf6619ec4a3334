// A report as an answer of the API: packed where it is large.

import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors.ts';
import type { Report } from '../../lib/report/report.ts';
import { answer } from './http.ts';

/** Lambda's answers have 6 MB at most, and a timeline of many tasks has more; packed it has a tenth. */
const MAX_BYTES = 5 * 1024 * 1024;

/** @throws {InputError} when it is too large for a caller that takes no gzip */
export function answerReport(
  { headers }: Pick<APIGatewayProxyEventV2, 'headers'>,
  report: Report,
): APIGatewayProxyStructuredResultV2 {
  const plain = answer(200, report);
  const bytes = Buffer.byteLength(plain.body!);
  if (bytes <= MAX_BYTES) return plain;
  if (!/\bgzip\b/.test(headers['accept-encoding'] ?? '')) {
    throw new InputError(`the report has ${bytes} bytes, more than an answer holds; send accept-encoding: gzip`);
  }
  return {
    ...plain,
    headers: { ...plain.headers, 'content-encoding': 'gzip' },
    body: gzipSync(plain.body!).toString('base64'),
    isBase64Encoded: true,
  };
}
