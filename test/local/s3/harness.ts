// A server in a folder of its own, an SDK client of it, and plain HTTP for what no SDK would send.

import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { type S3Server, type S3ServerOptions, startS3Server } from '../../../local/s3/server.ts';

export const BUCKET = 'data';

export interface Harness {
  server: S3Server;
  client: S3Client;
  dataDir: string;
  put(
    key: string,
    body: string | Uint8Array,
    options?: Partial<PutObjectCommandInput>,
  ): Promise<PutObjectCommandOutput>;
  get(key: string, options?: Partial<GetObjectCommandInput>): Promise<GetObjectCommandOutput>;
  head(key: string, options?: Partial<HeadObjectCommandInput>): Promise<HeadObjectCommandOutput>;
  text(key: string, options?: Partial<GetObjectCommandInput>): Promise<string>;
  stop(): Promise<void>;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'arvoredo-s3-'));
}

export function clientOf(url: string, config: S3ClientConfig = {}): S3Client {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new S3Client({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1, ...config });
}

/** Start a server in a new folder, which `stop` removes, with the bucket `data`. */
export async function startHarness(options: Partial<S3ServerOptions> = {}): Promise<Harness> {
  const s3 = await openHarness({ dataDir: temporaryFolder(), ...options });
  await s3.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return s3;
}

/** Stop the server of a harness and start another in its folder. */
export async function restartHarness(s3: Harness): Promise<Harness> {
  s3.client.destroy();
  await s3.server.close();
  return openHarness({ dataDir: s3.dataDir });
}

async function openHarness(options: S3ServerOptions): Promise<Harness> {
  const { dataDir } = options;
  const server = await startS3Server(options);
  const client = clientOf(server.url);
  const get: Harness['get'] = (key, more) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, ...more }));
  return {
    server,
    client,
    dataDir,
    put: (key, body, more) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...more })),
    get,
    head: (key, more) => client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ...more })),
    text: async (key, more) => (await get(key, more)).Body!.transformToString(),
    async stop() {
      client.destroy();
      await server.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** Name of the error that a promise rejects with, 'none' when it resolves. */
export async function errorName(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: Error) => error.name,
  );
}

export interface PlainReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The text of the first <Code>. */
  code?: string;
}

/** One HTTP request without an SDK. */
export function plain(
  url: string,
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<PlainReply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url); // the path goes as it is, `..` and all
    const outgoing = request({ hostname, port, path, method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const piece of response.setEncoding('utf8')) text += piece;
      const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1];
      resolve({ status: response.statusCode!, headers: response.headers, body: text, code });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
