// Decides whether a caller may do something: the roles of a template, identified by the access keys of their sandboxes.

import type { IncomingHttpHeaders } from 'node:http';
import { evaluatePolicies, type Statement } from './evaluate.ts';

/** A role that sandboxes act as. */
export interface Role {
  arn: string;
  statements: Statement[];
}

export interface AuthorizerOptions {
  /** By access key. A caller with any other key is the account's owner, and may do everything. */
  roles: ReadonlyMap<string, Role>;
  /** Statements of the policies of buckets, by the bucket's ARN. */
  bucketPolicies: ReadonlyMap<string, Statement[]>;
  /** Key that a bucket encrypts its objects with, by the bucket's ARN. */
  bucketKeys: ReadonlyMap<string, string>;
}

/** Why the owner of an access key may not do something, as AWS words it; undefined when it may. */
export type Authorize = (
  accessKeyId: string | undefined,
  action: string,
  resource: string,
  /** Values of condition keys of this request, in addition to those of every request. */
  context?: Record<string, string>,
) => string | undefined;

/** On AWS every request comes over TLS; here the loopback stands in for it. */
const CONTEXT = { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.3' };
/** KMS actions that S3 performs with a bucket's key on behalf of the caller. */
const KEY_ACTIONS: Record<string, string> = { 's3:GetObject': 'kms:Decrypt', 's3:PutObject': 'kms:GenerateDataKey' };

export function createAuthorizer({ roles, bucketPolicies, bucketKeys }: AuthorizerOptions): Authorize {
  const check = (
    { arn, statements }: Role,
    action: string,
    resource: string,
    context?: Record<string, string>,
  ): string | undefined => {
    const bucketArn = /^(arn:[\w-]+:s3:::[^/]+)/.exec(resource)?.[1] ?? '';
    const request = { action, resource, principal: arn, context: { ...CONTEXT, ...context } };
    const decision = evaluatePolicies(request, statements, bucketPolicies.get(bucketArn));
    if (!decision.isAllowed) {
      const because = decision.isExplicit
        ? 'with an explicit deny in a policy'
        : `because no identity-based policy allows the ${action} action`;
      return `User: ${toSessionArn(arn)} is not authorized to perform: ${action} on resource: "${resource}" ${because}`;
    }
    const key = bucketKeys.get(bucketArn);
    const keyAction = KEY_ACTIONS[action];
    return key !== undefined && keyAction !== undefined ? check({ arn, statements }, keyAction, key) : undefined;
  };
  return (accessKeyId, action, resource, context) => {
    const role = accessKeyId === undefined ? undefined : roles.get(accessKeyId);
    return role && check(role, action, resource, context);
  };
}

function toSessionArn(roleArn: string): string {
  return `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/local`;
}

/** The access key that a request is signed with, in its header or in a presigned URL. */
export function readAccessKey(headers: IncomingHttpHeaders): string | undefined {
  const credential = headers['x-amz-credential'] ?? /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1];
  return typeof credential === 'string' ? credential.split('/')[0] : undefined;
}
