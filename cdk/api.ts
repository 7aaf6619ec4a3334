// The HTTP API in front of the functions api and predict.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionOfRoute, ROUTES } from '../functions/routes.ts';
import { InputError } from '../lib/base/errors.ts';

/** Who issues the tokens that callers bring. */
export interface JwtOptions {
  /** Address of the issuer, https. */
  issuer: string;
  /** Whom a token must be meant for: one of these. */
  audience: string[];
}

export interface ArvoredoApiProps {
  /** Answer the routes, each its own: see `functionOfRoute`. They take payload format 2.0. */
  handlers: Record<'api' | 'predict', IFunction>;
  /** Take tokens of an issuer instead of requests that are signed with AWS credentials. @default IAM */
  jwt?: JwtOptions;
  /** Requests per second, over all callers, and how many at once above that. @default 20 and 40: people and scripts */
  throttle?: { rateLimit: number; burstLimit: number };
  /** Origins of pages whose scripts may call, as in `https://example.org`. @default none */
  corsOrigins?: string[];
  /** How long access logs are kept. @default one month */
  logRetention?: RetentionDays;
}

const THROTTLE = { rateLimit: 20, burstLimit: 40 };

/** What a signed request of a page brings. */
const SIGNATURE_HEADERS = ['authorization', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];

// names of context variables: $context.requestId and so on
const ACCESS_LOG_FIELDS = [
  'requestId',
  'requestTimeEpoch',
  'identity.sourceIp',
  'identity.userArn', // who signed
  'authorizer.claims.sub', // whose token it is
  'routeKey',
  'path',
  'status',
  'responseLength',
  'integrationLatency',
  'integrationErrorMessage',
  'error.message', // why API Gateway itself refused it
];

/** Starts runs, shows their status, cancels them, and predicts with their models. Every route has an authorizer. */
export class ArvoredoApi extends Construct {
  readonly url: string;
  readonly httpApi: apigateway.HttpApi;
  readonly #routes: apigateway.HttpRoute[];

  /** @throws {InputError} when a value is not allowed */
  constructor(scope: Construct, id: string, props: ArvoredoApiProps) {
    super(scope, id);
    const { handlers, jwt, throttle = THROTTLE, corsOrigins = [], logRetention = RetentionDays.ONE_MONTH } = props;
    checkOptions(props);
    this.httpApi = new apigateway.HttpApi(this, 'HttpApi', {
      createDefaultStage: false,
      defaultAuthorizer: jwt
        ? new HttpJwtAuthorizer('Jwt', jwt.issuer, { jwtAudience: jwt.audience })
        : new HttpIamAuthorizer(),
      ...(corsOrigins.length > 0 && {
        corsPreflight: {
          allowOrigins: corsOrigins,
          allowMethods: [...new Set(ROUTES.map((route) => parseMethod(route) as unknown as apigateway.CorsHttpMethod))],
          allowHeaders: ['content-type', 'idempotency-key', ...(jwt ? ['authorization'] : SIGNATURE_HEADERS)],
          maxAge: Duration.hours(1),
        },
      }),
    });
    const integrations = {
      api: new HttpLambdaIntegration('Integration', handlers.api),
      predict: new HttpLambdaIntegration('PredictIntegration', handlers.predict),
    };
    this.#routes = ROUTES.flatMap((route) => {
      const integration = integrations[functionOfRoute(route)];
      return this.httpApi.addRoutes({ path: route.split(' ')[1], methods: [parseMethod(route)], integration });
    });
    const logGroup = new LogGroup(this, 'AccessLogs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const fields = ACCESS_LOG_FIELDS.map((name) => [name, `$context.${name}`]);
    const stage = this.httpApi.addStage('Stage', {
      stageName: '$default',
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(Object.fromEntries(fields))),
      },
    });
    this.url = stage.url;
  }

  /** Let a role or user call every route with signed requests; not with `jwt`. */
  grantCall(grantee: IGrantable): void {
    for (const route of this.#routes) route.grantInvoke(grantee);
  }
}

function parseMethod(route: string): apigateway.HttpMethod {
  return route.split(' ')[0] as apigateway.HttpMethod;
}

function checkOptions({ jwt, corsOrigins = [] }: ArvoredoApiProps): void {
  if (jwt && (!jwt.issuer?.startsWith('https://') || !(jwt.audience?.length > 0))) {
    throw new InputError(`jwt must have an https issuer and at least one audience, got ${JSON.stringify(jwt)}`);
  }
  for (const origin of corsOrigins) {
    if (!/^https?:\/\/[^/*]+$/.test(origin)) {
      throw new InputError(`corsOrigins must be like https://example.org, without * or a path, got ${origin}`);
    }
  }
}
