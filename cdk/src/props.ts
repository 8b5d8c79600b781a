// Everything that can be said to the construct. What is wrong with it is found in validate.ts.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
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
   * When polls happen. A rate is from one minute to four hours, and is also what the option `every` is where that is not
   * said; with a cron expression say `every`, the longest pause between two polls.
   *
   * @default ScheduleExpression.rate(Duration.minutes(1))
   */
  readonly schedule?: scheduler.ScheduleExpression;

  /**
   * Whether the schedule runs. With false everything is there, and nothing is polled.
   *
   * @default true
   */
  readonly scheduleEnabled?: boolean;

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
   * After how long without a write an object of more than 16 KiB below `statePrefix` is removed from the bucket that is
   * made, in whole days from 2. It removes states of servers that are polled no longer. Of servers that are polled it
   * removes texts of statements and plans that did not change for so long: texts are read anew, plans are kept again when
   * the server logs them again.
   *
   * @default - nothing is removed
   */
  readonly stateExpiration?: Duration;

  /**
   * A key of yours for the bucket that is made, the queues, the logs, the schedule and the environment. One that is
   * imported has to let the service of CloudWatch Logs use it by its own policy.
   *
   * @default - AWS's own keys encrypt them
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * A code signing configuration that the package must satisfy.
   *
   * @default - none
   */
  readonly codeSigningConfig?: lambda.ICodeSigningConfig;

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
   * Whether the VPC gets endpoints for what a poll needs of AWS: S3, and where they are used Secrets Manager, Parameter
   * Store, STS, RDS, CloudWatch and its logs, and Performance Insights.
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
   * How long a server's message waits for a worker, from one minute to 14 days: a poll that is late is worth nothing, since
   * the next one is due. Only with `discovery`.
   *
   * @default Duration.hours(1)
   */
  readonly messageRetention?: Duration;

  /**
   * How often a server's message is tried before it goes to the dead-letter queue, from 1 to 1,000. Only with `discovery`.
   *
   * @default 3
   */
  readonly maxReceiveCount?: number;

  /**
   * The resource ids of the instances (`db-…`), clusters (`cluster-…`) and proxies (`prx-…`) that a fleet may log in to by
   * IAM in this account. `*` is every one of the regions that are searched, for the named users only. Only with
   * `discovery`.
   *
   * @default ['*']
   */
  readonly resourceIds?: string[];

  /**
   * Whether servers may say in their tag `pgquerylens:aws-logs` that their log is read: the right that it takes is given to
   * who polls. It reads nothing by itself.
   *
   * @default false
   */
  readonly allowAwsLogs?: boolean;

  /**
   * What servers may say in their tag `pgquerylens:aws-metrics` beside the option `awsMetrics`: the rights that it takes
   * are given to who polls. It asks for nothing by itself.
   *
   * @default - nothing
   */
  readonly allowAwsMetrics?: string[];

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
   * Whether there are alarms: on invocations that fail, are refused or do not come, on servers that are not polled,
   * accounts that are not searched and figures that are not delivered, on what was given up, and with `discovery` on lag.
   * Servers and accounts are told by lines of the log, in JSON and of the level warn: with the option `logFormat` `text`
   * there is no such alarm, and with a `logLevel` above warn it never comes.
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
