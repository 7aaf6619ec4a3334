// What a person is told about an error: the cause and the next step.

import { CancelledError, ConflictError, InputError, NotFoundError } from '../lib/errors.ts';

/** Exit codes: 1 the run failed, 2 the command was wrong, 130 cancelled. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CancelledError) return 130;
  return error instanceof InputError || error instanceof NotFoundError || error instanceof ConflictError ? 2 : 1;
}

/** The message of an error; those of the SDK and the system get what to do about them. */
export function explain(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'ECONNREFUSED') {
    return `cannot reach ${address}:${port}: nothing listens there; is the emulator up, or AWS_ENDPOINT_URL set wrongly?`;
  }
  if (code === 'ENOTFOUND') return `${message}: no such host; check the region and AWS_ENDPOINT_URL`;
  if (name === 'CredentialsProviderError') return `${message}; set AWS_PROFILE, or log in with the aws CLI`;
  if (/^Region is missing/.test(message)) return 'no AWS region is set; set AWS_REGION, or a region in the profile';
  if (name === 'AccessDenied' || name === 'AccessDeniedException') return `${message}; ask for this permission`;
  return message;
}
