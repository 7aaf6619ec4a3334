// Faults of requests: rejected, or cut off before, in the middle or after. An object is stored whole or not at all.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { readFileRange } from './file-stream.ts';
import type { S3Reply } from './request.ts';
import { S3Error } from './s3-error.ts';

export interface S3Fault {
  /** `lostWrite` breaks the connection once the write is done, `torn…` in the middle of the body. */
  kind: 'slowDown' | 'droppedConnection' | 'tornUpload' | 'lostWrite' | 'tornDownload';
  /** Where a body is cut, from 0 to 1 (exclusive) of it. */
  fraction: number;
  /** Called when the fault has struck. */
  strike(): void;
}

/** The operation and target of a request. */
export interface S3Question {
  /** S3's name, such as PutObject. */
  operation: string;
  bucket: string;
  /** Key of the object, or the prefix of a list. */
  key: string;
}

/** The fault that a request meets, if any. */
export type FaultOf = (question: S3Question) => S3Fault | undefined;

/** @throws {S3Error} for a fault that strikes before anything is done */
export function strikeBefore(fault: S3Fault | undefined, response: ServerResponse): void {
  if (fault?.kind === 'slowDown') {
    fault.strike();
    throw new S3Error('SlowDown', 'Please reduce your request rate.');
  }
  if (fault?.kind === 'droppedConnection') throw breakOff(fault, response);
}

/** The body as it arrives; with `tornUpload`, only the first part of it. */
export async function* bodyUnder(
  fault: S3Fault | undefined,
  response: ServerResponse,
  body: AsyncIterable<Buffer>,
  numBytes: number,
): AsyncGenerator<Buffer> {
  if (fault?.kind !== 'tornUpload') {
    yield* body;
    return;
  }
  let left = Math.floor(fault.fraction * numBytes);
  for await (const bytes of body) {
    if (bytes.length > left) {
      yield bytes.subarray(0, left);
      break;
    }
    left -= bytes.length;
    yield bytes;
  }
  throw breakOff(fault, response);
}

/** Strike once the request is done: nothing of the answer is sent, or a part of the file. */
export async function strikeAfter(fault: S3Fault | undefined, response: ServerResponse, reply: S3Reply): Promise<void> {
  if (fault?.kind === 'lostWrite') throw breakOff(fault, response);
  const { file, status = 200, headers } = reply;
  if (fault?.kind !== 'tornDownload' || !file || file.start === file.end) return;
  const end = file.start + Math.floor(fault.fraction * (file.end - file.start));
  response.writeHead(status, headers);
  await pipeline(readFileRange(file.fd, file.start, end), response, { end: false });
  throw breakOff(fault, response);
}

function breakOff(fault: S3Fault, response: ServerResponse): S3Error {
  fault.strike();
  response.destroy();
  return new S3Error('InternalError', `a fault: ${fault.kind}`);
}
