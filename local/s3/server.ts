// S3 over HTTP on 127.0.0.1.

import { randomBytes } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { refusalReason } from '../http/request-origin.ts';
import { listen } from '../http/serve.ts';
import { type Authorize, readAccessKey } from '../iam/authorizer.ts';
import { bodyUnder, type FaultOf, strikeAfter, strikeBefore } from './faults.ts';
import { readFileRange } from './file-stream.ts';
import { ObjectStore, type ObjectStoreOptions, openObject } from './object-store.ts';
import { findOperation } from './operations.ts';
import { bucketArn, requiredPermissions } from './permissions.ts';
import { checkPresigned } from './presigned.ts';
import { parseRequest, type S3Reply } from './request.ts';
import { S3Error, toS3Error } from './s3-error.ts';
import { checkDirectoryBucket, createSession } from './sessions.ts';
import { toXml } from './xml.ts';

export interface S3RequestInfo {
  method: string;
  /** S3's name of what was asked, '' when it is none of those that are supported. */
  operation: string;
  bucket: string;
  key?: string;
  /** 0 when the client disconnected before the response. */
  status: number;
  /** Bytes of the bodies. */
  requestBytes: number;
  responseBytes: number;
  ms: number;
  /** Result of a write with If-None-Match: created, or refused with 412 because the key was taken. */
  creation?: 'created' | 'refused';
  /** Application name that the client's SDK sends; for the emulator's sandboxes, the sandbox. */
  app?: string;
  /** Code and message of the error. */
  error?: string;
}

export interface S3ServerOptions extends ObjectStoreOptions {
  /** @default 0, any free port */
  port?: number;
  /** Called before each operation. @default everything is allowed */
  authorize?: Authorize;
  /** Called after each request. */
  onRequest?: (info: S3RequestInfo) => void;
  /** Faults to inject. @default none */
  faultOf?: FaultOf;
}

export interface S3Server {
  url: string;
  port: number;
  /** Incomplete files that were moved to the folder's `damaged/` when it was opened. */
  damaged: string[];
  /** Read an object directly, without a request and its faults; undefined when the object is missing. */
  read(bucket: string, key: string): Buffer | undefined;
  /** Aborts requests in progress; unfinished writes stay invisible. */
  close(): Promise<void>;
}

/**
 * Serve the buckets of a folder, which is made when it does not exist. No signature is checked.
 *
 * @throws {ConflictError} when another process serves the folder
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { port = 0, authorize = () => undefined, onRequest = () => {} } = options;
  const { faultOf = () => undefined } = options;
  const store = new ObjectStore(options);
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const handled = handle({ store, authorize, faultOf }, request, response).then(onRequest);
    running.add(handled);
    handled.finally(() => running.delete(handled));
  });
  server.requestTimeout = 0; // a large body may take longer than the 5 minutes of the default
  let actualPort: number;
  try {
    actualPort = await listen(server, port);
  } catch (error) {
    store.close();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${actualPort}`,
    port: actualPort,
    damaged: store.damaged,
    read: (bucket, key) => readObject(store, bucket, key),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
      store.close();
    },
  };
}

function readObject(store: ObjectStore, name: string, key: string): Buffer | undefined {
  const bucket = store.buckets.get(name);
  const info = bucket?.objects.get(key);
  if (!bucket || !info) return undefined;
  const file = openObject(bucket, key);
  try {
    const bytes = Buffer.alloc(info.size);
    readSync(file, bytes, 0, info.size, 0);
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** What every request needs. */
interface Serving {
  store: ObjectStore;
  authorize: Authorize;
  faultOf: FaultOf;
}

/** Answer one request. Never throws. */
async function handle(
  { store, authorize, faultOf }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<S3RequestInfo> {
  const started = performance.now();
  const { method = '', url = '' } = request;
  const info: S3RequestInfo = {
    method,
    operation: '',
    bucket: '',
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
    ms: 0,
  };
  let isCreation = false;
  const app = /(?:^| )app\/([\w-]+)/.exec(request.headers['user-agent'] ?? '')?.[1];
  if (app) info.app = app;
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  try {
    const refusal = refusalReason(request);
    if (refusal !== undefined) throw new S3Error('AccessDenied', refusal);
    const parsed = parseRequest(url, request.headers);
    info.bucket = parsed.bucket;
    if (parsed.key !== '') info.key = parsed.key;
    const operation = findOperation(method, parsed);
    info.operation = operation.name;
    checkPresigned(parsed, Date.now());
    const { bucket, key, query, headers } = parsed;
    const accessKeyId = readAccessKey(headers);
    const isDirectory = isDirectoryBucket(bucket);
    if (isDirectory) checkDirectoryBucket(operation.name, parsed, accessKeyId, authorize);
    else checkPermissions(operation.name, parsed, accessKeyId, authorize);
    isCreation = headers['if-none-match'] === '*' && method !== 'GET' && method !== 'HEAD';
    const fault = faultOf({ operation: operation.name, bucket, key: key || (query.get('prefix') ?? '') });
    strikeBefore(fault, response);
    const received = counted(request, (numBytes) => {
      info.requestBytes += numBytes;
    });
    const body = bodyUnder(fault, response, received, Number(headers['content-length'] ?? 0));
    const input = { ...parsed, store, body };
    const reply = await (isDirectory && operation.name === 'CreateSession'
      ? createSession(input, accessKeyId, authorize)
      : operation.run(input));
    if (isCreation) info.creation = 'created';
    await strikeAfter(fault, response, reply);
    await send(response, info, reply);
  } catch (error) {
    const failure = hideMissing(toS3Error(error, store.dataDir), info, (resource) =>
      authorize(readAccessKey(request.headers), 's3:ListBucket', resource),
    );
    if (isCreation && failure.code === 'PreconditionFailed') info.creation = 'refused';
    info.error = `${failure.code}: ${failure.message}`;
    await sendError(response, info, failure, requestId).catch(() => response.destroy());
  }
  request.resume(); // read the rest of a rejected body: a client that is still sending would not see the response
  info.ms = performance.now() - started;
  return info;
}

function checkPermissions(
  operation: string,
  request: Parameters<typeof requiredPermissions>[1],
  accessKeyId: string | undefined,
  authorize: Authorize,
): void {
  for (const [action, resource] of requiredPermissions(operation, request)) {
    const denial = authorize(accessKeyId, action, resource);
    if (denial !== undefined) throw new S3Error('AccessDenied', denial);
  }
}

/** As on S3, a caller without s3:ListBucket gets AccessDenied for a missing object. */
function hideMissing(
  failure: S3Error,
  { bucket }: S3RequestInfo,
  refuse: (resource: string) => string | undefined,
): S3Error {
  // a session for a directory bucket may list it
  const isHidden = failure.code === 'NoSuchKey' && !isDirectoryBucket(bucket);
  const denial = isHidden ? refuse(bucketArn(bucket)) : undefined;
  return denial === undefined ? failure : new S3Error('AccessDenied', denial);
}

async function* counted(request: IncomingMessage, count: (numBytes: number) => void): AsyncGenerator<Buffer> {
  // leaving the loop early must not break the connection, over which the answer goes
  for await (const bytes of request.iterator({ destroyOnReturn: false })) {
    count(bytes.length);
    yield bytes;
  }
}

async function send(response: ServerResponse, info: S3RequestInfo, reply: S3Reply): Promise<void> {
  const { status = 200, headers = {}, xml, file } = reply;
  info.status = status;
  if (file) {
    info.responseBytes = file.end - file.start;
    const bytes = readFileRange(file.fd, file.start, file.end);
    try {
      response.writeHead(status, headers);
    } catch (error) {
      bytes.destroy(); // closes the file
      throw error;
    }
    await pipeline(bytes, response);
    return;
  }
  const body = Buffer.from(xml ?? '');
  if (xml !== undefined) headers['content-type'] = 'application/xml';
  // a head states the length of what it does not send; a 204 and a 304 state none
  if (status !== 204 && status !== 304) headers['content-length'] ??= body.length;
  info.responseBytes = body.length;
  response.writeHead(status, headers);
  response.end(body);
  await finished(response);
}

function sendError(response: ServerResponse, info: S3RequestInfo, error: S3Error, requestId: string): Promise<void> {
  const { code, message, status, headers } = error;
  if (response.headersSent || response.destroyed) {
    response.destroy(); // the client is gone, or has half of a body: only a broken connection signals the error
    return Promise.resolve();
  }
  const hasBody = info.method !== 'HEAD' && status !== 304;
  const xml = toXml('Error', {
    Code: code,
    Message: message,
    Resource: `/${info.bucket}/${info.key ?? ''}`,
    RequestId: requestId,
  });
  return send(response, info, { status, headers: { ...headers }, xml: hasBody ? xml : undefined });
}
