// What a poll needs of AWS inside a VPC, as endpoints there.

import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import { Network } from './function';
import { askedBy, servicesOf } from './metrics';
import { PgQueryLensPollerProps } from './props';

/** Returns where the function that polls stands, if it stands in a VPC. */
export function networkOf({ vpc, vpcSubnets, securityGroups }: PgQueryLensPollerProps): Network | undefined {
  return vpc && { vpc, vpcSubnets: vpcSubnets ?? defaultSubnets(vpc), securityGroups };
}

function defaultSubnets(vpc: ec2.IVpc): ec2.SubnetSelection {
  const type = vpc.privateSubnets.length > 0
    ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED;
  return { subnetType: type };
}

/** Makes an endpoint for each service that this poller uses, open to the function alone. */
export function makeEndpoints(
  scope: Construct, { vpc, vpcSubnets }: Network, poller: lambda.Function, props: PgQueryLensPollerProps,
): void {
  new ec2.GatewayVpcEndpoint(scope, 'S3Endpoint', {
    vpc, service: ec2.GatewayVpcEndpointAwsService.S3, subnets: vpcSubnets && [vpcSubnets],
  });
  const targets = (props.targets ?? []).map((target) => target._facts());
  const readsSecrets = props.otlpHeadersSecret !== undefined || targets.some(({ passwordSecret }) => passwordSecret !== undefined);
  const readsParameters = targets.some(({ passwordParameter }) => passwordParameter !== undefined);
  const takesRoles = (props.discovery?.roleArns ?? []).length > 0 || targets.some(({ options }) => options.awsRole !== undefined);
  const services: [string, boolean, ec2.InterfaceVpcEndpointAwsService][] = [
    ['SecretsEndpoint', readsSecrets, ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
    ['ParametersEndpoint', readsParameters, ec2.InterfaceVpcEndpointAwsService.SSM],
    ['StsEndpoint', takesRoles, ec2.InterfaceVpcEndpointAwsService.STS],
  ];
  const asked = servicesOf(askedBy(props)).map((name): [string, ec2.InterfaceVpcEndpointAwsService] =>
    [`${name}Endpoint`, new ec2.InterfaceVpcEndpointAwsService(name)]);
  const used = services.filter(([, isUsed]) => isUsed).map(([id, , service]): [string, ec2.InterfaceVpcEndpointAwsService] =>
    [id, service]);
  for (const [id, service] of [...used, ...asked]) {
    const endpoint = new ec2.InterfaceVpcEndpoint(scope, id, { vpc, service, subnets: vpcSubnets, open: false });
    endpoint.connections.allowDefaultPortFrom(poller, 'pgquerylens');
  }
}
