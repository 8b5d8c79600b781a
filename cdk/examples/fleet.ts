// Every PostgreSQL instance of the region with a tag, in this account and a second one, found anew every minute. The zip
// lies in a bucket, alarms go to a topic, and the headers of the OTLP receiver lie in a secret. Endpoints of the VPC are of
// one region: another region is best polled by a stack there.

import { App, Duration, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { PgQueryLensPackage, PgQueryLensPoller } from 'pgquerylens-cdk';

const stack = new Stack(new App(), 'Fleet');
const releases = s3.Bucket.fromBucketName(stack, 'Releases', 'acme-releases');

new PgQueryLensPoller(stack, 'Poller', {
  package: PgQueryLensPackage.fromBucket(releases, 'pgquerylens/0.1.0/arm64.zip', {
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  }),
  architecture: lambda.Architecture.ARM_64,
  discovery: {
    tags: { monitoring: 'pgquerylens' },
    roleArns: ['arn:aws:iam::210987654321:role/pgquerylens'],
    externalId: 'acme-monitoring',
    exclude: ['*-scratch'],
  },
  options: { otlpEndpoint: 'https://otlp.example.com:4318', top: 100, logFormat: 'json' },
  otlpHeadersSecret: secretsmanager.Secret.fromSecretNameV2(stack, 'Headers', 'otlp-headers'),
  vpc: new ec2.Vpc(stack, 'Vpc'),
  vpcEndpoints: true,
  schedule: ScheduleExpression.rate(Duration.minutes(1)),
  maxConcurrency: 50,
  logRetention: logs.RetentionDays.TWO_WEEKS,
  alarmLag: Duration.minutes(10),
  alarmActions: [new SnsAction(new sns.Topic(stack, 'Alarms', { enforceSSL: true }))],
});
