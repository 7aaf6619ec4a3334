import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers, evaluatePolicies, type Statement } from '../../../local/iam/evaluate.ts';

const BUCKET = 'arn:aws:s3:::b';
const ROLE = 'arn:aws:iam::000000000000:role/train';
const allow = (
  Action: string | string[],
  Resource: string | string[],
  Condition?: Statement['Condition'],
): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});
const deny = (Action: string, Resource: string, Condition?: Statement['Condition']): Statement => ({
  Effect: 'Deny',
  Action,
  Resource,
  Condition,
});
const READ = allow('s3:GetObject', `${BUCKET}/runs/*/train/*`);

/** What each comes to: a request for `s3:GetObject` of an object, unless told otherwise. */
const TABLE: [
  what: string,
  statements: Statement[],
  expected: 'allowed' | 'refused' | 'denied',
  action?: string,
  key?: string,
][] = [
  ['nothing said', [], 'refused'],
  ['said', [READ], 'allowed'],
  ['another action', [READ], 'refused', 's3:PutObject'],
  ['another folder', [READ], 'refused', 's3:GetObject', 'runs/r/test/part'],
  ['a folder that begins alike', [READ], 'refused', 's3:GetObject', 'runs/r/training/part'],
  ['a * stands for slashes too', [READ], 'allowed', 's3:GetObject', 'runs/a/b/train/c/d'],
  ['an action has no case', [allow('S3:getobject', '*')], 'allowed'],
  ['a resource has', [allow('s3:GetObject', `${BUCKET}/RUNS/*`)], 'refused'],
  ['a family of actions', [allow('s3:Get*', '*')], 'allowed'],
  ['one of several', [allow(['s3:PutObject', 's3:GetObject'], [`${BUCKET}/x`, `${BUCKET}/runs/*`])], 'allowed'],
  ['a ? stands for one', [allow('s3:GetObject', `${BUCKET}/runs/?/train/part`)], 'allowed'],
  ['and not for two', [allow('s3:GetObject', `${BUCKET}/runs/?/part`)], 'refused'],
  ['a dot is a dot', [allow('s3:GetObject', `${BUCKET}/runs/r/train.part`)], 'refused'],
  ['a Deny wins over any Allow', [READ, deny('s3:*', '*'), READ], 'denied'],
  ['a Deny of something else does not', [READ, deny('s3:PutObject', '*')], 'allowed'],
  ['NotAction allows the others', [{ Effect: 'Allow', NotAction: 's3:PutObject', Resource: '*' }], 'allowed'],
  ['NotAction leaves its own out', [{ Effect: 'Allow', NotAction: 's3:Get*', Resource: '*' }], 'refused'],
  ['NotResource leaves its own out', [{ Effect: 'Allow', Action: '*', NotResource: `${BUCKET}/runs/*` }], 'refused'],
  ['a condition that holds', [allow('s3:*', '*', { Bool: { 'aws:SecureTransport': 'true' } })], 'allowed'],
  ['one that does not', [allow('s3:*', '*', { Bool: { 'aws:SecureTransport': 'false' } })], 'refused'],
  ['a key has no case', [allow('s3:*', '*', { Bool: { 'AWS:securetransport': true } })], 'allowed'],
  ['numbers', [READ, deny('s3:*', '*', { NumericLessThan: { 's3:TlsVersion': 1.2 } })], 'allowed'],
  ['numbers the other way', [READ, deny('s3:*', '*', { NumericLessThan: { 's3:TlsVersion': '1.4' } })], 'denied'],
  ['one of several values', [allow('s3:*', '*', { StringEquals: { 'aws:PrincipalTag/run': ['q', 'r'] } })], 'allowed'],
  [
    'all operators and keys must hold',
    [allow('s3:*', '*', { StringLike: { 'aws:PrincipalTag/run': 'r*', x: '*' } })],
    'refused',
  ],
  ['a key that the request has not', [allow('s3:*', '*', { StringEquals: { 'aws:SourceIp': '1' } })], 'refused'],
  ['IfExists lets it be missing', [allow('s3:*', '*', { StringEqualsIfExists: { 'aws:SourceIp': '1' } })], 'allowed'],
  ['Null asks for it to be missing', [allow('s3:*', '*', { Null: { 'lambda:SourceFunctionArn': 'true' } })], 'allowed'],
  ['or to be there', [READ, deny('s3:*', '*', { Null: { 'lambda:SourceFunctionArn': 'false' } })], 'allowed'],
  [
    'what is not known allows nothing',
    [allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
    'refused',
  ],
  ['and denies', [READ, deny('s3:*', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })], 'denied'],
  ['toString is no operator', [allow('s3:*', '*', { toString: { 'aws:SourceIp': '1' } })], 'refused'],
];
const context = { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.3', 'aws:PrincipalTag/run': 'r' };
for (const [what, statements, expected, action = 's3:GetObject', key = 'runs/r/train/part'] of TABLE) {
  test(`a request is ${expected}: ${what}`, () => {
    const decision = evaluatePolicies({ action, resource: `${BUCKET}/${key}`, principal: ROLE, context }, statements);
    assert.equal(decision.isAllowed ? 'allowed' : decision.isExplicit ? 'denied' : 'refused', expected);
  });
}

test('the policy of a resource adds to that of the role, for those whom it names', () => {
  const request = { action: 's3:GetObject', resource: `${BUCKET}/k`, principal: ROLE, context };
  const by = (Principal: Statement['Principal'], Effect: Statement['Effect'] = 'Allow'): Statement[] => [
    { Effect, Action: 's3:*', Resource: '*', Principal },
  ];
  assert.ok(evaluatePolicies(request, [], by('*')).isAllowed);
  assert.ok(evaluatePolicies(request, [], by({ AWS: ['x', ROLE] })).isAllowed);
  assert.ok(!evaluatePolicies(request, [], by({ AWS: 'arn:aws:iam::000000000000:role/other' })).isAllowed);
  assert.ok(!evaluatePolicies(request, [], by({ Service: 'lambda.amazonaws.com' })).isAllowed);
  assert.ok(!evaluatePolicies(request, [], by(undefined)).isAllowed);
  assert.deepEqual(evaluatePolicies(request, by('*'), by({ AWS: '*' }, 'Deny')), {
    isAllowed: false,
    isExplicit: true,
  });
});

test('covers takes all else in a pattern as it is', () => {
  assert.ok(covers('a+(b)[c]{d}|^$\\.*', 'a+(b)[c]{d}|^$\\.anything\nat all'));
  assert.ok(!covers('a+', 'aa'));
});
