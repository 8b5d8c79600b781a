// Everything that can be said to the construct. What is wrong with it is found in validate.ts.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

import { PgQueryLensDiscovery } from './discovery';
import { PgQueryLensOptions } from './options';
import { PgQueryLensPackage } from './package';
import { PgQueryLensTarget } from './target';

/**
 * What a poller is made of. Either `targets` or `discovery` says what is polled.
 */
export interface PgQueryLensPollerProps {
  /**
   * The program: a zip with `bootstrap` in it, for `architecture`.
   */
  readonly package: PgQueryLensPackage;

  /**
   * The processor that the package was built for.
   *
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * The servers that are polled, by name. One function polls them all.
   *
   * @default - they are found by `discovery`
   */
  readonly targets?: PgQueryLensTarget[];

  /**
   * How the servers that are polled are found. One function finds them and puts them into a queue, another polls them.
   *
   * @default - they are named by `targets`
   */
  readonly discovery?: PgQueryLensDiscovery;

  /**
   * Options of pgquerylens itself.
   *
   * @default - the function's own defaults
   */
  readonly options?: PgQueryLensOptions;

  /**
   * More variables of the environment of both functions, such as OTEL_RESOURCE_ATTRIBUTES. Whoever may look at the function
   * reads them: they are no place for secrets.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * When polls happen. A rate is from one minute to four hours.
   *
   * @default ScheduleExpression.rate(Duration.minutes(1))
   */
  readonly schedule?: scheduler.ScheduleExpression;

  /**
   * The most time that one invocation may take, from 10 seconds to 10 minutes. A message waits six times as long before
   * it is tried again.
   *
   * @default Duration.seconds(60)
   */
  readonly timeout?: Duration;

  /**
   * The memory of each function in MiB, from 128 to 10,240. The share of a processor grows with it.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * The bucket in which state is kept between polls.
   *
   * @default - one is made, encrypted and private; it stays when the stack is removed
   */
  readonly stateBucket?: s3.IBucket;

  /**
   * Where in the bucket state is kept, without a slash at either end.
   *
   * @default 'pgquerylens'
   */
  readonly statePrefix?: string;

  /**
   * A secret with the headers of OTLP requests, as `name=value` separated by commas. Its ARN is in the environment; its
   * value never is.
   *
   * @default - no headers
   */
  readonly otlpHeadersSecret?: secretsmanager.ISecret;

  /**
   * The VPC in which servers are polled. Who finds them stays outside: it speaks to AWS alone.
   *
   * @default - none
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of the VPC in which servers are polled. The function has no public address in any of them.
   *
   * @default - those with a way out, else the isolated ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the function that polls.
   *
   * @default - one is made
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Whether the VPC gets endpoints for what a poll needs of AWS: S3, and Secrets Manager and STS where they are used.
   * The endpoint for S3 is free, the others are paid by the hour. Leave it where the VPC has them or a NAT.
   *
   * @default false
   */
  readonly vpcEndpoints?: boolean;

  /**
   * How many invocations may poll at the same time, from 2 to 1,000. Only with `discovery`.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;

  /**
   * How many servers one invocation gets, from 1 to 10. Only with `discovery`.
   *
   * @default 5
   */
  readonly batchSize?: number;

  /**
   * How many invocations of the function that polls are kept free for it, from 1 to 1,000: no more run at the same time.
   * With `discovery` at least `maxConcurrency`.
   *
   * @default - it shares what the account has
   */
  readonly reservedConcurrency?: number;

  /**
   * The roles of the databases that a fleet may be logged in as, where tags of instances name others than
   * `discovery.user`. Only with `discovery`.
   *
   * @default - `discovery.user` alone
   */
  readonly databaseUsers?: string[];

  /**
   * How long log lines are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether there are alarms: on errors, throttling, and polls that do not happen; with `discovery` also on messages
   * that nobody could process, and on lag.
   *
   * @default true
   */
  readonly alarms?: boolean;

  /**
   * What alarms do, when they begin and when they end.
   *
   * @default - they only show
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];

  /**
   * How long servers may wait in the queue before there is an alarm, in whole minutes from 1 to 60. Only with `discovery`.
   *
   * @default Duration.minutes(5)
   */
  readonly alarmLag?: Duration;

  /**
   * How long nothing may be invoked before there is an alarm, in whole minutes from 2 to 720: at least two intervals. Say
   * it for a schedule that is no rate.
   *
   * @default - three intervals, at least 10 minutes
   */
  readonly alarmSilence?: Duration;

  /**
   * Whether there is a dashboard in CloudWatch. AWS charges for it by the month from an account's fourth on.
   *
   * @default true
   */
  readonly dashboard?: boolean;
}
