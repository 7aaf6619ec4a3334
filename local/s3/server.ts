// S3 over HTTP on 127.0.0.1.

import { randomBytes } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { refusalReason } from '../http/request-origin.ts';
import { listen } from '../http/serve.ts';
import { type Authorize, accessKeyOf } from '../iam/authorizer.ts';
import { bodyUnder, type FaultOf, strikeAfter, strikeBefore } from './faults.ts';
import { readFileRange } from './file-stream.ts';
import { ObjectStore, type ObjectStoreOptions, openObject } from './object-store.ts';
import { findOperation } from './operations.ts';
import { bucketArn, permissionsOf } from './permissions.ts';
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
  /** 0 when the client went away before it could be answered. */
  status: number;
  /** Bytes of the bodies. */
  requestBytes: number;
  responseBytes: number;
  ms: number;
  /** What became of a write that asks for a free key: an object, or 412, since the key was taken. */
  creation?: 'created' | 'refused';
  /** What the client's SDK names as its application: in the emulator's sandboxes, the sandbox. */
  app?: string;
  /** Code and message of what went wrong. */
  error?: string;
}

export interface S3ServerOptions extends ObjectStoreOptions {
  /** @default 0, any free port */
  port?: number;
  /** Asked before each operation. @default all is allowed */
  authorize?: Authorize;
  /** Called after each request. */
  onRequest?: (info: S3RequestInfo) => void;
  /** Faults to inject. @default none */
  faultOf?: FaultOf;
}

export interface S3Server {
  url: string;
  port: number;
  /** Files that were not whole when the folder was opened and were moved to its `damaged/`. */
  damaged: string[];
  /** The bytes of an object, past all requests and faults; undefined where there is none. */
  read(bucket: string, key: string): Buffer | undefined;
  /** Breaks off what is in progress, which leaves nothing visible. */
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

/** What requests are answered from, and what may keep them from it. */
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
    const accessKeyId = accessKeyOf(headers);
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
    const asked = { ...parsed, store, body };
    const reply = await (isDirectory && operation.name === 'CreateSession'
      ? createSession(asked, accessKeyId, authorize)
      : operation.run(asked));
    if (isCreation) info.creation = 'created';
    await strikeAfter(fault, response, reply);
    await send(response, info, reply);
  } catch (error) {
    const failure = hideMissing(toS3Error(error, store.dataDir), info, (resource) =>
      authorize(accessKeyOf(request.headers), 's3:ListBucket', resource),
    );
    if (isCreation && failure.code === 'PreconditionFailed') info.creation = 'refused';
    info.error = `${failure.code}: ${failure.message}`;
    await sendError(response, info, failure, requestId).catch(() => response.destroy());
  }
  request.resume(); // what is left of a refused body: a client that is still sending would not see the answer
  info.ms = performance.now() - started;
  return info;
}

function checkPermissions(
  operation: string,
  request: Parameters<typeof permissionsOf>[1],
  accessKeyId: string | undefined,
  authorize: Authorize,
): void {
  for (const [action, resource] of permissionsOf(operation, request)) {
    const denial = authorize(accessKeyId, action, resource);
    if (denial !== undefined) throw new S3Error('AccessDenied', denial);
  }
}

/** Whoever may not list a bucket is not told either that an object is missing. */
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
    response.destroy(); // the client is gone, or has half of a body: only a broken connection tells it
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
