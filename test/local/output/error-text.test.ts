import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../local/output/error-text.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

const DENIED =
  'User: arn:aws:iam::1:user/ana is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:1:function:o:live because no identity-based policy allows the lambda:InvokeFunction action';

test('what AWS refuses is told with who asked, what for, and what to do', () => {
  const cases: [Error, RegExp][] = [
    [
      named('AccessDeniedException', DENIED),
      /^arn:aws:iam::1:user\/ana is not authorized to perform lambda:InvokeFunction on arn:\S+:live, because no identity-based .*; ask for it .* --profile/,
    ],
    [
      named('AccessDenied', 'User: arn:a is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k"'),
      /^arn:a is not authorized to perform s3:GetObject on arn:aws:s3:::b\/k; ask/,
    ],
    [named('AccessDenied', 'Access Denied'), /^Access Denied: AWS does not say of what; ask for it/],
    [
      named('Error', `task train-0-50 failed 3 times; last: AccessDenied: ${DENIED}`),
      /^task train-0-50 failed 3 times; .* that is the role of a function: deploy the stack again/,
    ],
  ];
  for (const [error, message] of cases) assert.match(explain(error, {}), message);
});

test('missing, expired and wrong credentials, regions and hosts are told with the next step', () => {
  const cases: [Error, RegExp][] = [
    [named('CredentialsProviderError', 'Could not load credentials from any providers'), /; give --profile, set AWS_P/],
    [named('ExpiredToken', 'the token has expired'), /^the token has expired; log in again/],
    [named('InvalidClientTokenId', 'The security token is invalid.'), /^AWS does not know these credentials: The sec/],
    [named('Error', 'Region is missing'), /^no AWS region is set; give --region/],
    [named('PermanentRedirect', 'moved'), /check --region$/],
    [Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), /no such host; check the region/],
  ];
  for (const [error, message] of cases) assert.match(explain(error, {}), message);
  const none = named('CredentialsProviderError', 'Could not load credentials');
  assert.match(explain(none, { AWS_PROFILE: 'grove' }), /; check the profile grove, or log in with the aws CLI$/);
});
