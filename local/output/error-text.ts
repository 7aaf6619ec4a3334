// The text of an error for a user: the cause and the next step.

import { CommanderError } from 'commander';
import { CancelledError, ConflictError, InputError, NotFoundError } from '../../lib/base/errors.ts';

/** Exit codes: 1 a run failed, 2 the input was wrong or names something that does not exist, 130 cancelled. */
export function toExitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // 0 for --help and --version
  if (error instanceof CancelledError) return 130;
  return error instanceof InputError || error instanceof NotFoundError || error instanceof ConflictError ? 2 : 1;
}

/** The words of AWS where it says what is not allowed; S3 and others do not always. */
const DENIED = /User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^\s"]+))?/;
const DENIALS = ['AccessDenied', 'AccessDeniedError', 'AccessDeniedException', 'UnauthorizedOperation'];
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'TokenProviderError', 'RequestExpired'];
const UNKNOWN_KEYS = [
  ...['InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidAccessKeyId'],
  ...['SignatureDoesNotMatch', 'InvalidSignatureException', 'AuthFailure'],
];

/** The message of an error; those of the SDK and the system get what to do about them. */
export function explain(error: unknown, { AWS_PROFILE } = process.env): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  if (code === 'ECONNREFUSED') {
    return `cannot reach ${address}:${port}: nothing listens there; is the emulator running, and is AWS_ENDPOINT_URL correct?`;
  }
  if (code === 'ENOTFOUND') return `${message}: no such host; check the region and AWS_ENDPOINT_URL`;
  if (DENIALS.includes(name)) return explainDenial(message);
  if (DENIED.test(message)) return `${message}; ${HINT_FOR_ROLES}`;
  if (name === 'CredentialsProviderError') {
    const next = AWS_PROFILE ? `check the profile ${AWS_PROFILE}` : 'give --profile, set AWS_PROFILE';
    return `${message}; ${next}, or log in with the aws CLI`;
  }
  if (EXPIRED.includes(name)) return `${message}; log in again, as with: aws sso login`;
  if (UNKNOWN_KEYS.includes(name)) {
    return `AWS does not know these credentials: ${message}; check --profile, AWS_PROFILE and AWS_ACCESS_KEY_ID`;
  }
  if (/^Region is missing/.test(message)) {
    return 'no AWS region is set; give --region, set AWS_REGION, or a region in the profile';
  }
  if (name === 'PermanentRedirect') return `${message}; the bucket is in another region: check --region`;
  return message;
}

/** The message of a run that failed has what one of its functions was denied. */
const HINT_FOR_ROLES =
  "that is the role of a function: deploy the stack again, or look for what else denies it: a bucket's policy, a key's, one of the organization";
const HINT_FOR_CALLERS =
  'ask for it where the account is looked after, or give another --profile; docs/aws.md lists what commands need';

/** @param message of what this command itself was denied */
function explainDenial(message: string): string {
  const [, caller, action, resource] = DENIED.exec(message) ?? [];
  if (!caller) return `${message}${/denied \(/.test(message) ? '' : ': AWS does not say of what'}; ${HINT_FOR_CALLERS}`;
  const because = /because [^;)]*/.exec(message)?.[0];
  const where = resource === undefined ? '' : ` on ${resource}`;
  return `${caller} is not authorized to perform ${action}${where}${because ? `, ${because}` : ''}; ${HINT_FOR_CALLERS}`;
}
