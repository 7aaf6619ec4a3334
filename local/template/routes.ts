// The addresses of a template's functions: routes of the API, and function URLs.

import { InputError } from '../../lib/base/errors.ts';
import { covers } from '../iam/evaluate.ts';
import type { TemplateScope } from './expressions.ts';
import type { Stack } from './stack.ts';

export interface TemplateRoute extends HttpRoute {
  /** The function that handles the route. */
  functionName: string;
}

/** A function URL. */
export interface FunctionUrl {
  /** The address in the outputs, replaced once it listens. */
  url: string;
  functionName: string;
  functionArn: string;
  authorization: HttpRoute['authorization'];
  timeoutMs: number;
}

interface PermissionProperties {
  FunctionName: string;
  Principal: string;
  Action: string;
  SourceArn?: string;
}

/** @throws {InputError} at a route whose function API Gateway is not allowed to invoke */
export function readRoutes(stack: Stack, { region, accountId }: Omit<TemplateScope, 'stackName'>): TemplateRoute[] {
  const permissions = stack
    .ofType('AWS::Lambda::Permission')
    .map(([, each]) => stack.resolve<PermissionProperties>(each));
  return stack.ofType('AWS::ApiGatewayV2::Route').map(([, { RouteKey, Target, AuthorizationType = 'NONE' }]) => {
    const [method, path] = RouteKey.split(' ');
    const { IntegrationUri } = stack.properties(stack.text(Target).replace('integrations/', ''));
    const target = stack.text(IntegrationUri);
    const source = `arn:aws:execute-api:${region}:${accountId}:local/$default/${method}${path}`;
    const isAllowed = permissions.some(
      ({ FunctionName, Principal, Action, SourceArn }) =>
        [target, parseFunctionName(target)].includes(FunctionName) &&
        Principal === 'apigateway.amazonaws.com' &&
        Action === 'lambda:InvokeFunction' &&
        (SourceArn === undefined || covers(SourceArn.replace(/\{[^}]+\}/g, '*'), source)),
    );
    if (!isAllowed)
      throw new InputError(
        `route ${RouteKey}: API Gateway is not authorized to invoke ${target}: no permission allows it`,
      );
    return { routeKey: RouteKey, authorization: AuthorizationType, functionName: parseFunctionName(target) };
  });
}

export function readFunctionUrls(stack: Stack, timeoutsMs: ReadonlyMap<string, number>): FunctionUrl[] {
  return stack.ofType('AWS::Lambda::Url').map(([id, { TargetFunctionArn, AuthType }]) => {
    const functionArn = stack.text(TargetFunctionArn);
    const functionName = parseFunctionName(functionArn);
    const timeoutMs = timeoutsMs.get(functionName)!;
    return { url: stack.attributes(id).FunctionUrl, functionName, functionArn, authorization: AuthType, timeoutMs };
  });
}

function parseFunctionName(functionArn: string): string {
  return functionArn.slice(functionArn.lastIndexOf(':') + 1);
}

export interface HttpRoute {
  /** Method and path, as in `GET /runs/{id}`, or `$default` for requests that match no other route. */
  routeKey: string;
  /** AWS_IAM requires a signature, JWT a bearer token. Neither is verified. */
  authorization: 'NONE' | 'AWS_IAM' | 'JWT';
}
