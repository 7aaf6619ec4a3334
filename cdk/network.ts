// An optional network for the functions: no way to the internet, S3 through a gateway, Lambda through an interface.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './findings.ts';

export interface ArvoredoNetworkProps {
  /** A network of yours, with isolated subnets and its own ways to S3 and Lambda. @default a new one, two zones wide */
  vpc?: ec2.IVpc;
  /** How long the log of refused connections of a new one is kept. @default one month */
  logRetention?: RetentionDays;
  /** Whether a new one has a way to S3 Express One Zone, too; the gateway costs nothing. @default false */
  hasExpress?: boolean;
}

/**
 * Functions in it reach S3 and Lambda, and nothing else. The gateway to S3 costs nothing; the interface to Lambda, which
 * the orchestrator and the API need, costs by the hour and zone, idle or not.
 */
export class ArvoredoNetwork extends Construct {
  readonly vpc: ec2.IVpc;
  readonly securityGroup: ec2.SecurityGroup;
  #lambda?: ec2.InterfaceVpcEndpoint;

  constructor(scope: Construct, id: string, props: ArvoredoNetworkProps = {}) {
    super(scope, id);
    this.vpc = props.vpc ?? this.#createVpc(props);
    this.securityGroup = new ec2.SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'arvoredo functions: HTTPS out, nothing in',
      allowAllOutbound: false,
    });
    this.#lambda?.connections.allowDefaultPortFrom(this.securityGroup);
    // to S3 by its public addresses, which the gateway takes
    this.securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'S3 and Lambda');
  }

  /** What a function's props need. */
  get placement(): { vpc: ec2.IVpc; vpcSubnets: ec2.SubnetSelection; securityGroups: ec2.ISecurityGroup[] } {
    return {
      vpc: this.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [this.securityGroup],
    };
  }

  /** Let Lambda attach the functions of a role: the interfaces do not exist yet, so these actions can name none. */
  grant(role: iam.IRole): void {
    const actions = [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ];
    role.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources: ['*'] }));
    acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', 'interfaces that do not exist yet; denied to the code itself');
    // Lambda does that, never the code: calls of a function carry its ARN
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        effect: iam.Effect.DENY,
        actions,
        resources: ['*'],
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    );
  }

  #createVpc({ logRetention = RetentionDays.ONE_MONTH, hasExpress }: ArvoredoNetworkProps): ec2.Vpc {
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'functions', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        ...(hasExpress && { S3Express: { service: ec2.GatewayVpcEndpointAwsService.S3_EXPRESS } }),
      },
      // without a custom resource: nothing here uses the default group
      restrictDefaultSecurityGroup: false,
    });
    this.#lambda = vpc.addInterfaceEndpoint('Lambda', {
      service: ec2.InterfaceVpcEndpointAwsService.LAMBDA,
      open: false, // to the functions only, see the constructor
    });
    vpc.addFlowLog('Flows', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'FlowLogs', { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY }),
      ),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
    return vpc;
  }
}
