// One function of the two kinds, with a role and a log group of its own. What it may do beyond writing its log lines and
// standing in a VPC is granted by whoever makes it.

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { letLogsUse, letUse } from './key';
import { PgQueryLensPollerProps } from './props';

/** How long an invocation may take, where nothing else is said. */
export const DEFAULT_TIMEOUT = Duration.seconds(60);

const DEFAULT_MEMORY_MIB = 256;

/** Where a function stands. */
export interface Network {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** A function, and what of it is invoked: the function itself, or the one version that was held against its hash. */
export interface Made {
  readonly handler: lambda.Function;
  readonly invoked: lambda.IFunction;
  readonly logGroup: logs.ILogGroup;
}

/** Makes a function that runs the package with these variables. */
export function makeFunction(
  scope: Construct, id: string, props: PgQueryLensPollerProps,
  what: {
    description: string; environment: Record<string, string>; network?: Network; reservedConcurrency?: number;
  },
): Made {
  letLogsUse(props.encryptionKey, scope);
  const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
    encryptionKey: props.encryptionKey,
    retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // A role of our own: the one that would be made takes AWS's policies, which allow log groups of any name.
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: what.description,
  });
  logGroup.grant(role, 'logs:CreateLogStream', 'logs:PutLogEvents');
  letUse(props.encryptionKey, role);
  const standing = what.network ? networkStatements(Stack.of(scope)) : [];
  standing.forEach((statement) => role.addToPolicy(statement));

  const promised = props.package._promised;
  const handler = new lambda.Function(scope, id, {
    // A new hash is a new description, and with it a new version that is held against the hash.
    description: promised === undefined ? what.description : `${what.description} (${promised.slice(0, 12)})`,
    code: props.package._code(),
    runtime: lambda.Runtime.PROVIDED_AL2023,
    handler: 'bootstrap',
    architecture: props.architecture ?? lambda.Architecture.X86_64,
    memorySize: props.memorySize ?? DEFAULT_MEMORY_MIB,
    timeout: props.timeout ?? DEFAULT_TIMEOUT,
    environment: { ...props.environment, ...what.environment },
    environmentEncryption: props.encryptionKey,
    codeSigningConfig: props.codeSigningConfig,
    reservedConcurrentExecutions: what.reservedConcurrency,
    role,
    logGroup,
    ...what.network,
    currentVersionOptions: promised === undefined ? undefined : { codeSha256: base64(promised) },
  });
  return { handler, invoked: promised === undefined ? handler : handler.currentVersion, logGroup };
}

function base64(hexadecimal: string): string {
  return Buffer.from(hexadecimal, 'hex').toString('base64');
}

/** Returns what the service needs to put the function into a VPC, and forbids the function itself to do the same. */
function networkStatements(stack: Stack): iam.PolicyStatement[] {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const ourselves = stack.formatArn({ service: 'lambda', resource: 'function:*' });
  return [
    // The interfaces do not exist yet, so there is no name to put here.
    new iam.PolicyStatement({ sid: 'StandInVpc', actions, resources: ['*'] }),
    new iam.PolicyStatement({
      sid: 'NotByTheFunction',
      effect: iam.Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnLike: { 'lambda:SourceFunctionArn': ourselves } },
    }),
  ];
}
