// Reads objects of S3 for a function that answers people: the SDK's client takes longer to load than the model to answer.

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignatureV4 } from '@smithy/signature-v4';
import { NotFoundError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';

const ATTEMPTS = 4;
const PAUSE_MS = 50; // before the second attempt; doubles
const TIMEOUT_MS = 10_000; // without a byte
/** SHA-256 of nothing: the body of a GET. */
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What Lambda gives a function, or a test. */
export interface S3Access {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Of another S3 than AWS's. */
  endpoint?: string;
}

/** Region and credentials from the environment of a function. */
export function s3AccessFromEnvironment(env: NodeJS.ProcessEnv = process.env): S3Access {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL_S3 } = env;
  return {
    region: AWS_REGION ?? '',
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    ...(AWS_ENDPOINT_URL_S3 && { endpoint: AWS_ENDPOINT_URL_S3 }),
  };
}

/** The SDK's interface for hashes, and those of Node. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: unknown): void {
    this.#hash.update(data as Uint8Array);
  }

  reset(): void {
    throw new Error('a hash is made for one text');
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

/** @param getAccess region and credentials; called for each object, as credentials may change */
export function s3Reader(bucket: string, getAccess: () => S3Access = s3AccessFromEnvironment): Pick<Store, 'get'> {
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) };
  const signers = new Map<string, SignatureV4>(); // each keeps the key that it derives, for a day

  function createSigner({ region, accessKeyId, secretAccessKey, sessionToken }: S3Access): SignatureV4 {
    const known = signers.get(accessKeyId);
    if (known) return known;
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    const signer = new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false });
    signers.clear();
    signers.set(accessKeyId, signer);
    return signer;
  }

  async function ask(key: string): Promise<{ status: number; bytes: Buffer }> {
    const access = getAccess();
    const url = objectUrl(access, bucket, key);
    const { protocol, hostname, host, pathname } = url;
    const { headers } = await createSigner(access).sign({
      method: 'GET',
      protocol,
      hostname,
      path: pathname,
      headers: { host, 'x-amz-content-sha256': NO_BODY },
    });
    const isHttps = protocol === 'https:';
    return new Promise((resolve, reject) => {
      const options = { headers, agent: agents[isHttps ? 'https:' : 'http:'], timeout: TIMEOUT_MS };
      const onAnswer = (response: IncomingMessage) => {
        const pieces: Buffer[] = [];
        response
          .on('data', (piece: Buffer) => pieces.push(piece))
          .on('end', () => resolve({ status: response.statusCode!, bytes: Buffer.concat(pieces) }))
          .on('error', reject);
      };
      const outgoing = isHttps ? httpsRequest(url, options, onAnswer) : httpRequest(url, options, onAnswer);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      outgoing.on('error', reject).end();
    });
  }

  return {
    async get(key) {
      for (let attempt = 1; ; attempt++) {
        const answer = await ask(key).catch((error: Error) => error);
        const isLast = attempt === ATTEMPTS;
        if (answer instanceof Error) {
          if (isLast) throw new Error(`reading ${key}: ${answer.message}`, { cause: answer });
        } else {
          const { status, bytes } = answer;
          if (status === 200) return bytes;
          if (status === 404) throw new NotFoundError(`no object ${key} in bucket ${bucket}`);
          if (isLast || (status < 500 && status !== 429))
            throw new Error(`reading ${key}: ${status} ${bytes.toString('utf8', 0, 500)}`);
        }
        await sleep(Math.random() * PAUSE_MS * 2 ** attempt);
      }
    },
  };
}

/** Where an object is: below the bucket's own name on AWS, below its path elsewhere. */
function objectUrl({ region, endpoint }: S3Access, bucket: string, key: string): URL {
  const path = key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
  if (endpoint) return new URL(`${endpoint.replace(/\/$/, '')}/${bucket}/${path}`);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return new URL(`https://${bucket}.s3.${region}.${domain}/${path}`);
}
