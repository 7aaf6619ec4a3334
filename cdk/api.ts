// The HTTP API in front of the functions api and predict.

import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionOfRoute, ROUTES } from './routes.ts';

// requests per second: a person or a script that polls, not the public
const THROTTLE = { rateLimit: 20, burstLimit: 40 };

// names of context variables: $context.requestId and so on
const ACCESS_LOG_FIELDS = [
  'requestId',
  'requestTimeEpoch',
  'identity.sourceIp',
  'routeKey',
  'path',
  'status',
  'responseLength',
  'integrationLatency',
  'integrationErrorMessage',
];

export class Api extends Construct {
  readonly url: string;

  /** @param handlers answer the routes; they take payload format 2.0 */
  constructor(scope: Construct, id: string, handlers: Record<'api' | 'predict', IFunction>) {
    super(scope, id);
    const api = new apigateway.HttpApi(this, 'HttpApi', {
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const integrations = {
      api: new HttpLambdaIntegration('Integration', handlers.api),
      predict: new HttpLambdaIntegration('PredictIntegration', handlers.predict),
    };
    for (const route of ROUTES) {
      const [method, path] = route.split(' ') as [apigateway.HttpMethod, string];
      api.addRoutes({ path, methods: [method], integration: integrations[functionOfRoute(route)] });
    }
    const logGroup = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const fields = ACCESS_LOG_FIELDS.map((name) => [name, `$context.${name}`]);
    const stage = api.addStage('Stage', {
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(Object.fromEntries(fields))),
      },
    });
    this.url = stage.url;
  }
}
