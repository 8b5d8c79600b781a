// One function that polls what its schedule names.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { PgQueryLensPackage, PgQueryLensPoller, PgQueryLensTarget } from 'pgquerylens-cdk';

import { SERVER_OPTIONS, ServerOptionRow } from '../lib/server-options';
import { actionsOf, Changes, CONNECTION, direct, resource, statements, zip } from './stacks';

const FUNCTION = 'AWS::Lambda::Function';
const SCHEDULE = 'AWS::Scheduler::Schedule';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf';

test('a function runs bootstrap on Amazon Linux 2023', () => {
  const { template, poller } = direct();
  template.resourceCountIs(FUNCTION, 1);
  template.hasResourceProperties(FUNCTION, {
    Handler: 'bootstrap', Runtime: 'provided.al2023', Architectures: ['x86_64'], MemorySize: 256, Timeout: 60,
  });
  assert.equal(poller.dispatcherFunction, undefined);
  assert.equal(poller.queue, undefined);
});

test('processor, memory, time and retention are what is said', () => {
  const { template } = direct({
    architecture: lambda.Architecture.ARM_64, memorySize: 512, timeout: Duration.minutes(2),
    logRetention: logs.RetentionDays.ONE_WEEK,
  });
  template.hasResourceProperties(FUNCTION, { Architectures: ['arm64'], MemorySize: 512, Timeout: 120 });
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
});

test('the schedule names the targets, and gives up what comes late', () => {
  const { template } = direct({
    targets: [
      PgQueryLensTarget.fromConnection(CONNECTION, { name: 'shop' }),
      PgQueryLensTarget.fromConnection('postgresql://monitor@db2.example.com/orders'),
    ],
    schedule: ScheduleExpression.rate(Duration.minutes(5)),
  });
  const { Properties } = resource(template, SCHEDULE, 'Poller');
  assert.equal(Properties.ScheduleExpression, 'rate(5 minutes)');
  assert.deepEqual(JSON.parse(Properties.Target.Input), {
    targets: [{ connection: CONNECTION, name: 'shop' }, { connection: 'postgresql://monitor@db2.example.com/orders' }],
  });
  assert.deepEqual(Properties.Target.RetryPolicy, { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1 });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0,
  });
});

test('what was given up lies in a queue: invocations that failed, and those that could not be made', () => {
  const { template, poller } = direct();
  template.resourceCountIs('AWS::SQS::Queue', 1);
  assert.ok(poller.deadLetterQueue);
  const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^PollerDeadLetters'), 'Arn'] };
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { DestinationConfig: { OnFailure: { Destination: arn } } });
  template.hasResourceProperties(SCHEDULE, { Target: Match.objectLike({ DeadLetterConfig: { Arn: arn } }) });
  const senders = statements(template).filter(({ Action }) => Action === 'sqs:SendMessage').map(({ owner }) => owner);
  assert.deepEqual(senders.map((owner) => /Poller(Role|Schedule)/.exec(owner.replace('PollerPoller', 'Poller'))?.[1]).sort(), ['Role', 'Schedule']);
});

test('the schedule can rest', () => {
  direct({ scheduleEnabled: false }).template.hasResourceProperties(SCHEDULE, { State: 'DISABLED' });
  direct().template.hasResourceProperties(SCHEDULE, { State: 'ENABLED' });
});

test('the interval is that of a rate, unless it is said', () => {
  const every = (changes: Changes) =>
    resource(direct(changes).template, FUNCTION, 'Poller').Properties.Environment.Variables.PGQUERYLENS_EVERY;
  const rate = { schedule: ScheduleExpression.rate(Duration.minutes(5)) };
  assert.equal(every(rate), '5m');
  assert.equal(every({ schedule: ScheduleExpression.rate(Duration.hours(2)) }), '120m');
  assert.equal(every({ ...rate, options: { every: '15s' } }), '15s');
  assert.equal(every({ schedule: ScheduleExpression.cron({ minute: '0/5' }) }), undefined);
});

test('every key of a server can be said of a target, in the words of the configuration', () => {
  const schema = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'configuration.schema.json'), 'utf8'));
  const keys = Object.keys(schema.$defs.server.properties);
  const values: Record<string, unknown> = { count: 7, flag: true, list: ['a', 'b'], labels: { team: 'shop' } };
  const sample = ({ kind, words }: ServerOptionRow) => values[kind] ?? words?.[0] ?? '7s';
  const { awsRole, ...options } = Object.fromEntries(SERVER_OPTIONS.map((row) => [row.property, sample(row)]));
  const { template } = direct((stack) => ({ targets: [PgQueryLensTarget.fromConnection(CONNECTION, {
    name: 'shop', passwordSecret: secretsmanager.Secret.fromSecretNameV2(stack, 'Shop', 'shop'),
    options: { ...options, awsRole: 'arn:aws:iam::210987654321:role/a', workMem: '8MiB', textBudget: '1MiB' },
  })] }));
  const input = resource(template, SCHEDULE, 'Poller').Properties.Target.Input;
  const text = typeof input === 'string' ? input : input['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'x')).join('');
  const [target] = JSON.parse(text).targets;
  assert.ok(keys.length > 25);
  assert.deepEqual(Object.keys(target).sort(), keys.sort());
  assert.deepEqual([target.top, target['aws-logs'], target.databases, target.labels], [7, true, ['a', 'b'], { team: 'shop' }]);
});

test('a password lies in a secret or a parameter, and takes the place of tokens', () => {
  const { template } = direct((stack) => ({
    vpc: new ec2.Vpc(stack, 'Vpc'), vpcEndpoints: true,
    targets: [
      PgQueryLensTarget.fromConnection(CONNECTION, {
        name: 'a', resourceId: 'db-ABC', passwordSecret: secretsmanager.Secret.fromSecretCompleteArn(stack, 'A', SECRET),
      }),
      PgQueryLensTarget.fromConnection(CONNECTION, {
        name: 'b', passwordParameter: ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'B', { parameterName: '/b' }),
      }),
    ],
  }));
  const { targets } = JSON.parse(resource(template, SCHEDULE, 'Poller').Properties.Target.Input);
  assert.deepEqual(targets, [
    { connection: CONNECTION, name: 'a', auth: 'password', password: { 'aws-secret': SECRET } },
    { connection: CONNECTION, name: 'b', auth: 'password', password: { 'aws-parameter': '/b' } },
  ]);
  const actions = statements(template).flatMap(actionsOf);
  assert.ok(actions.includes('secretsmanager:GetSecretValue') && actions.includes('ssm:GetParameter'));
  assert.ok(!actions.includes('rds-db:connect'));
  const endpoints = Object.keys(template.findResources('AWS::EC2::VPCEndpoint')).join();
  assert.match(endpoints, /PollerSecretsEndpoint/);
  assert.match(endpoints, /PollerParametersEndpoint/);
});

test('a resource id lets the user of the connection log in, in the region of the server', () => {
  const other = CONNECTION.replace('eu-west-1', 'us-east-2');
  const { template } = direct({ targets: [PgQueryLensTarget.fromConnection(other, { resourceId: 'cluster-ABC' })] });
  const connect = statements(template).filter(({ Action }) => Action === 'rds-db:connect');
  assert.equal(connect.length, 1);
  assert.match(JSON.stringify(connect[0].Resource), /:rds-db:us-east-2:123456789012:dbuser:cluster-ABC\/pgquerylens/);
});

test('without a resource id nothing is granted', () => {
  const { template } = direct({ targets: [PgQueryLensTarget.fromConnection(CONNECTION)] });
  assert.deepEqual(statements(template).filter(({ Action }) => Action === 'rds-db:connect'), []);
});

test('options become variables, beside those that are given', () => {
  const { template } = direct({
    options: { auth: 'rds-iam', top: 25, databases: ['shop', 'orders'], statementTimeout: '5s' },
    environment: { RUST_BACKTRACE: '1' },
    statePrefix: 'monitoring/shop',
  });
  const { Variables } = resource(template, FUNCTION, 'Poller').Properties.Environment;
  const { PGQUERYLENS_STATE: state, ...others } = Variables;
  assert.deepEqual(others, {
    PGQUERYLENS_AUTH: 'rds-iam', PGQUERYLENS_TOP: '25', PGQUERYLENS_DATABASE: 'shop,orders',
    PGQUERYLENS_STATEMENT_TIMEOUT: '5s', PGQUERYLENS_EVERY: '1m', RUST_BACKTRACE: '1',
  });
  assert.deepEqual(state['Fn::Join'][1].at(-1), '/monitoring/shop');
});

test('the bucket is private, encrypted, reached by TLS, and outlives the stack', () => {
  const { template } = direct();
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketEncryption: { ServerSideEncryptionConfiguration: [
        { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
      ] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [
        Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' }),
      ] },
    },
  });
  template.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: { Statement: [
      Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ] },
  });
});

test('nothing of the state is removed by its age, unless that is said', () => {
  const rules = (changes: Changes) =>
    resource(direct(changes).template, 'AWS::S3::Bucket', 'Poller').Properties.LifecycleConfiguration.Rules;
  assert.deepEqual(rules({}).map(({ ExpirationInDays }: any) => ExpirationInDays), [undefined]);
  const [, leftBehind] = rules({ stateExpiration: Duration.days(90), statePrefix: 'a/b' });
  assert.deepEqual([leftBehind.ExpirationInDays, leftBehind.Prefix, leftBehind.ObjectSizeGreaterThan], [90, 'a/b/', 16_384]);
});

test('a bucket that is given is used', () => {
  const { template } = direct((stack) => ({ stateBucket: s3.Bucket.fromBucketName(stack, 'States', 'acme-states') }));
  template.resourceCountIs('AWS::S3::Bucket', 0);
  const { Variables } = resource(template, FUNCTION, 'Poller').Properties.Environment;
  assert.equal(Variables.PGQUERYLENS_STATE, 's3://acme-states/pgquerylens');
});

test('the headers stay in their secret', () => {
  const { template } = direct((stack) => ({ otlpHeadersSecret: new secretsmanager.Secret(stack, 'Headers') }));
  const { Variables } = resource(template, FUNCTION, 'Poller').Properties.Environment;
  assert.match(Variables.PGQUERYLENS_OTLP_HEADERS_SECRET.Ref, /^Headers/);
  const reads = statements(template).filter(({ Action }) => JSON.stringify(Action).includes('secretsmanager'));
  assert.deepEqual(reads.map(({ Resource }) => Resource), [Variables.PGQUERYLENS_OTLP_HEADERS_SECRET]);
});

test('a zip in a bucket is held against its hash by the service', () => {
  const sha256 = 'ff'.repeat(32);
  const { template } = direct((stack) => ({
    package: PgQueryLensPackage.fromBucket(s3.Bucket.fromBucketName(stack, 'B', 'releases'), 'a.zip', { sha256 }),
  }));
  template.hasResourceProperties(FUNCTION, { Code: { S3Bucket: 'releases', S3Key: 'a.zip' } });
  template.hasResourceProperties('AWS::Lambda::Version', {
    CodeSha256: Buffer.from(sha256, 'hex').toString('base64'),
  });
  const { Arn } = resource(template, SCHEDULE, 'Poller').Properties.Target;
  assert.match(Arn.Ref, /CurrentVersion/, 'what is invoked is the version that was held against it');
});

test('in a VPC the instance lets the function in', () => {
  const { template } = direct((stack) => {
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const instance = new rds.DatabaseInstance(stack, 'Shop', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }), vpc,
    });
    return { vpc, targets: [PgQueryLensTarget.fromDatabaseInstance(instance, { database: 'my shop', name: 'shop' })] };
  });
  template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('PollerSecurityGroup'), 'GroupId'] },
  });
  template.hasResourceProperties('AWS::RDS::DBInstance', { EnableIAMDatabaseAuthentication: true });
  const input = JSON.stringify(resource(template, SCHEDULE, 'Poller').Properties.Target.Input);
  assert.match(input, /postgresql:\/\/pgquerylens@/);
  assert.match(input, /\/my%20shop/);
  assert.match(input, /Endpoint.Port/);
});

test('of a cluster each instance is polled by its own endpoint', () => {
  const { template } = direct((stack) => {
    const cluster = rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Orders', {
      clusterIdentifier: 'orders', clusterResourceIdentifier: 'cluster-XYZ', port: 5433,
      instanceIdentifiers: ['a', 'b'], instanceEndpointAddresses: ['a.example.com', 'b.example.com'],
      securityGroups: [],
    });
    return { targets: [PgQueryLensTarget.fromDatabaseCluster(cluster, { name: 'orders', user: 'watcher' })] };
  });
  assert.deepEqual(JSON.parse(resource(template, SCHEDULE, 'Poller').Properties.Target.Input), {
    targets: [
      { connection: 'postgresql://watcher@a.example.com:5433/postgres', name: 'orders-1' },
      { connection: 'postgresql://watcher@b.example.com:5433/postgres', name: 'orders-2' },
    ],
  });
  const [connect] = statements(template).filter(({ Action }) => Action === 'rds-db:connect');
  assert.match(JSON.stringify(connect.Resource), /dbuser:cluster-XYZ\/watcher/);
});

test('endpoints are made for what is used, where that is asked for', () => {
  const count = (vpcEndpoints: boolean, withSecret: boolean) => {
    const { template } = direct((stack) => ({
      vpc: new ec2.Vpc(stack, 'Vpc'),
      vpcEndpoints,
      otlpHeadersSecret: withSecret ? new secretsmanager.Secret(stack, 'Headers') : undefined,
    }));
    return Object.keys(template.findResources('AWS::EC2::VPCEndpoint')).length;
  };
  assert.deepEqual([count(false, true), count(true, false), count(true, true)], [0, 1, 2]);
});

test('endpoints are open to the function alone', () => {
  const { template } = direct((stack) => ({
    vpc: new ec2.Vpc(stack, 'Vpc'), vpcEndpoints: true, otlpHeadersSecret: new secretsmanager.Secret(stack, 'Headers'),
  }));
  assert.equal(resource(template, 'AWS::EC2::SecurityGroup', 'PollerSecretsEndpoint').Properties.SecurityGroupIngress, undefined);
  template.resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', {
    FromPort: 443,
    GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('PollerSecretsEndpoint'), 'GroupId'] },
    SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('PollerSecurityGroup'), 'GroupId'] },
  }, 1);
});

test('alarms tell of errors, throttling and silence, and do what they are told', () => {
  const { template, poller } = direct({ alarmActions: [{ bind: () => ({ alarmActionArn: 'arn:aws:sns:x:1:topic' }) }] });
  assert.deepEqual(poller.alarms.map(({ node }) => node.id), [
    'PollerErrors', 'PollerThrottles', 'PollerSilence', 'PollerFailures', 'DeadLettersWaiting',
  ]);
  template.resourceCountIs('AWS::CloudWatch::Alarm', 5);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmActions: ['arn:aws:sns:x:1:topic'], OKActions: ['arn:aws:sns:x:1:topic'],
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'Invocations', ComparisonOperator: 'LessThanThreshold', Period: 600, TreatMissingData: 'breaching',
  });
});

test('lines of the log about single servers become a metric with an alarm', () => {
  const { template } = direct();
  const { Properties } = resource(template, 'AWS::Logs::MetricFilter', 'Poller');
  assert.equal(Properties.FilterPattern,
    '{ ($.message = "poll failed") || ($.message = "delivery in trouble") }');
  assert.match(Properties.LogGroupName.Ref, /^PollerPollerLogs/);
  const [{ MetricName, MetricNamespace }] = Properties.MetricTransformations;
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName, Namespace: MetricNamespace, Period: 300, EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: 1,
    TreatMissingData: 'notBreaching',
  });
  const dashboard = JSON.stringify(resource(template, 'AWS::CloudWatch::Dashboard', 'Poller'));
  assert.ok(dashboard.includes(MetricNamespace), 'the dashboard shows it');
});

test('a log for people is not counted', () => {
  const { template, poller } = direct({ options: { logFormat: 'text' } });
  template.resourceCountIs('AWS::Logs::MetricFilter', 0);
  assert.ok(!poller.alarms.some(({ node }) => node.id === 'PollerFailures'));
});

test('the silence that alarms lasts three intervals, or as long as is said', () => {
  const periods = (changes: Changes) => {
    const { template } = direct(changes);
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
    const ofLambda = alarms.filter(({ Namespace }) => Namespace === 'AWS/Lambda');
    return Object.fromEntries(ofLambda.map(({ MetricName, Period }) => [MetricName, Period]));
  };
  const schedule = ScheduleExpression.rate(Duration.hours(1));
  assert.deepEqual(periods({}), { Errors: 300, Throttles: 300, Invocations: 600 });
  assert.deepEqual(periods({ schedule }), { Errors: 5400, Throttles: 5400, Invocations: 10_800 });
  assert.deepEqual(periods({ schedule, alarmSilence: Duration.hours(2) }), {
    Errors: 3600, Throttles: 3600, Invocations: 7200,
  });
});

test('a rule of a security group stands on the side of the poller, so that no stack needs the other', () => {
  const app = new App();
  const databases = new Stack(app, 'Databases');
  const vpc = new ec2.Vpc(databases, 'Vpc');
  const instance = new rds.DatabaseInstance(databases, 'Shop', {
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_18_1 }), vpc,
  });
  const monitoring = new Stack(app, 'Monitoring');
  new PgQueryLensPoller(monitoring, 'Poller', {
    package: PgQueryLensPackage.fromZip(zip()), targets: [PgQueryLensTarget.fromDatabaseInstance(instance)], vpc,
  });
  Template.fromStack(monitoring).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  const needed = (stack: Stack) => stack.dependencies.map(({ stackName }) => stackName);
  assert.deepEqual([needed(databases), needed(monitoring)], [[], ['Databases']]);
});

test('invocations can be kept free', () => {
  direct({ reservedConcurrency: 1 }).template.hasResourceProperties(FUNCTION, { ReservedConcurrentExecutions: 1 });
});

test('alarms and dashboard can be left out', () => {
  const { template } = direct({ alarms: false, dashboard: false });
  template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  direct().template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
});
