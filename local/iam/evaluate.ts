// Evaluates policies by the rules of IAM within one account: a matching Deny wins, then a matching Allow; without either
// the request is denied. A condition that is not supported denies: an Allow then does not match, and a Deny does.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

/** A statement of a policy, its expressions resolved. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  /** Only in a resource's policy. */
  Principal?: '*' | Record<string, string | string[]>;
  Condition?: Record<string, Record<string, string | number | boolean | (string | number)[]>>;
  Sid?: string;
}

export interface AccessRequest {
  /** As in `s3:GetObject`. */
  action: string;
  /** ARN. */
  resource: string;
  /** ARN of the calling role. */
  principal: string;
  /** Values of condition keys; a key without a value is omitted. */
  context: Record<string, string>;
}

export type Decision = { isAllowed: true } | { isAllowed: false; isExplicit: boolean };

/**
 * Decide whether a request is allowed.
 *
 * @param identity statements of the role's policies
 * @param ofResource statements of the resource's own policy
 */
export function evaluatePolicies(
  request: AccessRequest,
  identity: readonly Statement[],
  ofResource: readonly Statement[] = [],
): Decision {
  const statements = [...identity, ...ofResource.filter((statement) => meets(statement.Principal, request.principal))];
  const fits = (effect: Statement['Effect']) =>
    statements.some(
      (statement) => statement.Effect === effect && isAbout(statement, request) && holds(statement, request),
    );
  if (fits('Deny')) return { isAllowed: false, isExplicit: true };
  return fits('Allow') ? { isAllowed: true } : { isAllowed: false, isExplicit: false };
}

/** Whether a pattern covers a text: `*` stands for any characters, `?` for one. */
export function covers(pattern: string, text: string): boolean {
  const parts = pattern
    .split(/([*?])/)
    .map((part) => ({ '*': '.*', '?': '.' })[part] ?? part.replace(/[.\\+^$()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
}

function meets(principal: Statement['Principal'], role: string): boolean {
  const named = principal === '*' ? ['*'] : list(principal?.AWS);
  return named.some((name) => name === '*' || name === role);
}

function isAbout(
  { Action, NotAction, Resource, NotResource }: Statement,
  { action, resource }: AccessRequest,
): boolean {
  const namesAction = (patterns: string[]) =>
    patterns.some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase()));
  const namesResource = (patterns: string[]) => patterns.some((pattern) => covers(pattern, resource));
  const isAction = NotAction === undefined ? namesAction(list(Action)) : !namesAction(list(NotAction));
  return isAction && (NotResource === undefined ? namesResource(list(Resource)) : !namesResource(list(NotResource)));
}

/** Whether all conditions are met. One that is not supported counts against the request. */
function holds({ Effect, Condition = {} }: Statement, { context }: AccessRequest): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(
      ([key, wanted]) => test(operator, list(wanted).map(String), contextValue(context, key)) ?? Effect === 'Deny',
    ),
  );
}

/** Condition keys are case-insensitive. */
function contextValue(context: Record<string, string>, key: string): string | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

type Test = (wanted: string, value: string) => boolean;

const TESTS: Record<string, Test> = {
  StringEquals: (wanted, value) => wanted === value,
  StringLike: covers,
  ArnEquals: covers,
  ArnLike: covers,
  Bool: (wanted, value) => wanted.toLowerCase() === value.toLowerCase(),
  NumericEquals: (wanted, value) => Number(value) === Number(wanted),
  NumericLessThan: (wanted, value) => Number(value) < Number(wanted),
  NumericGreaterThan: (wanted, value) => Number(value) > Number(wanted),
};

/** Undefined when the operator is not supported. */
function test(operator: string, wanted: string[], value: string | undefined): boolean | undefined {
  if (operator === 'Null') return wanted.includes(String(value === undefined));
  const [, name, ifExists] = /^(.*?)(IfExists)?$/.exec(operator)!;
  const known = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (!known) return undefined;
  if (value === undefined) return ifExists !== undefined;
  return wanted.some((each) => known(each, value));
}

function list<T>(value: T | T[] | undefined): T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
