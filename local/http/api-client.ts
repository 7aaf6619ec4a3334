// The HTTP API of a deployed stack, with requests that are signed with the credentials of the SDK's default chain.

import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SignatureV4 } from '@smithy/signature-v4';

export interface ApiAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON without a type
  body: any;
}

export type ApiClient = (method: string, path: string, body?: object) => Promise<ApiAnswer>;

/**
 * @param url of the stage, with or without a slash at its end
 * @param token bearer token, for an API that takes those instead of signatures
 * @param service whom signatures are for: `lambda` for a function URL
 */
export function apiClient(url: string, token?: string, service: 'execute-api' | 'lambda' = 'execute-api'): ApiClient {
  const sign = token === undefined ? signer(service) : undefined;
  return async (method, path, body) => {
    const { protocol, hostname, host, pathname, origin } = new URL(`${url.replace(/\/$/, '')}${path}`);
    const text = body && JSON.stringify(body);
    const headers = { host, ...(text !== undefined && { 'content-type': 'application/json' }) };
    const request = { method, protocol, hostname, path: pathname, headers, body: text };
    const signed = sign ? await sign(request) : { ...headers, authorization: `Bearer ${token}` };
    return answerOf(await fetch(`${origin}${pathname}`, { method, headers: signed, body: text }));
  };
}

/** The same client, which asks again when the API says that it is asked too often: a stack may be throttled to a request a second. */
export function patient(api: ApiClient, pauseMs = 1000, tries = 30): ApiClient {
  return async (...request) => {
    for (let n = 1; ; n++) {
      const answer = await api(...request);
      if (answer.status !== 429 || n === tries) return answer;
      await sleep(pauseMs);
    }
  };
}

/** What a caller needs who is answered 401 or 403: an API says no more than that. */
export const CALLER_NEEDS = {
  'execute-api': 'the caller needs execute-api:Invoke on it (docs/aws.md), or give --token for an API that takes those',
  lambda: 'the caller needs lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function api (docs/aws.md)',
} as const;

export function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

/** What the API says to somebody whom it does not know. */
export async function askUnsigned(url: string): Promise<ApiAnswer> {
  return answerOf(await fetch(`${url.replace(/\/$/, '')}/runs`));
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}

type SignableRequest = Parameters<SignatureV4['sign']>[0];

function signer(service: string): (request: SignableRequest) => Promise<Record<string, string>> {
  // any client knows region and credentials; which service they are for is said here
  const { region, credentials, sha256 } = new CloudFormationClient({}).config;
  const signature = new SignatureV4({ service, region, credentials, sha256 });
  return async (request) => (await signature.sign(request)).headers;
}
