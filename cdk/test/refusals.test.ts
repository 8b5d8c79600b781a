// What is refused, all at once, and what to write instead.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Duration, Lazy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import {
  PgQueryLensConnectionOptions, PgQueryLensPackage, PgQueryLensPoller, PgQueryLensPollerProps, PgQueryLensTarget,
} from 'pgquerylens-cdk';

import { validate } from '../lib/validate';
import { aStack, CONNECTION, zip } from './stacks';

const GOOD = PgQueryLensPackage.fromZip(zip());
const TARGETS = [PgQueryLensTarget.fromConnection(CONNECTION)];
const SHA256_OF_A_ZIP = '0f9c1ba38ee1cbc5d7a5ab4c3c4ac4d5b8d8d8a9b8b7e9b8b5f6f0b3d3f2b0a1';

const rate = (minutes: number) => ScheduleExpression.rate(Duration.minutes(minutes));

/** Holds the mistakes of a direct poller against these, each by how it begins. */
function check(changes: Partial<PgQueryLensPollerProps>, ...starts: string[]) {
  const mistakes = validate({ package: GOOD, targets: TARGETS, ...changes });
  assert.equal(mistakes.length, starts.length, mistakes.join('\n'));
  starts.forEach((start, index) => assert.ok(mistakes[index].startsWith(start), `${mistakes[index]}\n${start}`));
}

/** The same of a fleet. */
function checkFleet(discovery: object, ...starts: string[]) {
  check({ targets: undefined, discovery }, ...starts);
}

function checkConnection(connection: string, ...starts: string[]) {
  check({ targets: [PgQueryLensTarget.fromConnection(connection)] }, ...starts);
}

test('all mistakes are told at once, with where they are', () => {
  const make = () => new PgQueryLensPoller(aStack(), 'Poller', {
    package: PgQueryLensPackage.fromZip('gone.zip'),
    targets: [PgQueryLensTarget.fromConnection('postgresql://a:b@c/d')],
    options: { deadline: '30', logFormat: 'xml' },
    timeout: Duration.seconds(5),
    environment: { PGPASSWORD: 'hunter2' },
    memorySize: 64,
    batchSize: 1,
  });
  assert.throws(make, { message: `PgQueryLensPoller Stack/Poller has 8 mistakes:
→ package: there is no file gone.zip: give the path of a zip with bootstrap in it
→ targets[0]: the connection has a password, which everybody could read in the schedule: leave it out, and log in by IAM
→ options.deadline is '30': write a number and its unit, such as '250ms', '30s' or '10m'
→ options.logFormat is 'xml': write 'text' or 'json'
→ environment: PGPASSWORD would be a secret that everybody can read: use otlpHeadersSecret for headers, and IAM to log in
→ timeout: 5 seconds is not from 10 seconds to 10 minutes: write such as Duration.seconds(60)
→ memorySize: 64 is out of its range: write a whole number from 128 to 10240
→ batchSize: it is for a fleet that is found by discovery: give that, or leave batchSize out` });
});

test('what is right is not refused', () => {
  check({});
  checkFleet({});
  checkFleet({ tags: { a: 'b' }, regions: ['us-gov-west-1'], engines: ['postgres'], externalId: 'x',
    roleArns: ['arn:aws-cn:iam::123456789012:role/path/name'], user: 'watcher' });
  check({ schedule: rate(60), alarmSilence: Duration.hours(2), timeout: Duration.minutes(10), memorySize: 10_240, statePrefix: 'a/b-c' });
  check({ options: { top: 1, deadline: '1m 30s', databases: ['a'] } });
});

test('what is polled is said in one way', () => {
  check({ discovery: {} }, 'targets and discovery are both given');
  check({ targets: undefined }, 'neither targets nor discovery is given');
  check({ targets: [] }, 'targets is empty');
});

test('a package is a zip that is there, with the hash that is said', () => {
  const file = zip();
  const bucket = s3.Bucket.fromBucketName(aStack(), 'Bucket', 'releases');
  check({ package: PgQueryLensPackage.fromZip(__filename) }, 'package: ');
  check({ package: PgQueryLensPackage.fromZip(file, { sha256: 'abc' }) }, "package: sha256 is 'abc'");
  check({ package: PgQueryLensPackage.fromZip(file, { sha256: SHA256_OF_A_ZIP }) }, `package: the sha256 of ${file} is `);
  check({ package: PgQueryLensPackage.fromBucket(bucket, 'a.zip', { sha256: 'x' }) }, "package: sha256 is 'x'");
  const later = Lazy.string({ produce: () => 'known at deployment' });
  check({ package: PgQueryLensPackage.fromBucket(bucket, 'a.zip', { sha256: later }) }, 'package: sha256 is ');
});

test('no password gets into the schedule, and none into the mistake', () => {
  for (const connection of [
    'postgresql://user:hunter2@host/db', 'postgresql://user@host/db?password=hunter2',
    'postgresql://user@host/db?sslmode=require&password=hunter2', 'host=db user=a password=hunter2',
    'password = hunter2 host=db', 'postgresql://user:hunter2/?:@host/db', 'postgresql://user:hunter2:@@host/db',
    'postgresql://user@host/db?sslpassword=hunter2', 'postgres:user:hunter2@host',
  ]) {
    checkConnection(connection, 'targets[0]: the connection ');
    const [mistake] = validate({ package: GOOD, targets: [PgQueryLensTarget.fromConnection(connection)] });
    assert.ok(!mistake.includes('hunter2'));
  }
});

test('a connection is a URL', () => {
  checkConnection('postgres://user@host/db');
  checkConnection('postgresql://host:5432/db?application_name=a@b');
  checkConnection('postgresql://user@a:5432,b:5432/db');
  checkConnection('postgresql://user@[::1]:5432/db');
  checkConnection('host=db1 user=a', 'targets[0]: the connection is no URL');
  checkConnection('mysql://user@host/db', 'targets[0]: the connection is no URL');
  checkConnection(Lazy.string({ produce: () => 'known at deployment' }));
});

test('rights are for a user with a name, at a resource with an id', () => {
  const at = (connection: string, resourceId: string) => ({
    targets: [PgQueryLensTarget.fromConnection(connection, { resourceId })],
  });
  check(at(CONNECTION, 'prx-0a1b'));
  check(at(CONNECTION, 'db1'), "targets[0]: the resource id 'db1'");
  check(at(CONNECTION, 'db-*'), "targets[0]: the resource id 'db-*'");
  check(at('postgresql://host/db', 'db-A'), 'targets[0]: the connection has a resource id and names no user');
  check(at('postgresql://*@host/db', 'db-A'), "targets[0]: the user '*'");
  checkFleet({ user: '*' }, "discovery: the user '*'");
  check({ targets: undefined, discovery: {}, databaseUsers: ['a*'] }, "databaseUsers: the user 'a*'");
});

test('names are given once, and fit', () => {
  const target = (name: string) => PgQueryLensTarget.fromConnection(CONNECTION, { name });
  check({ targets: [target('a'), target('b'), target('a'), target('a')] }, "targets: two servers are called 'a'");
  check({ targets: [target('é'.repeat(41))] }, 'targets: the name');
  check({ targets: [target('')] }, 'targets: the name');
});

test('more targets than a schedule holds are a fleet', () => {
  const many = Array.from({ length: 3_000 }, (_, index) =>
    PgQueryLensTarget.fromConnection(`postgresql://pgquerylens@db${index}.abc123.eu-west-1.rds.amazonaws.com:5432/shop`));
  check({ targets: many }, 'targets: together they take');
});

test('what an imported database does not tell is asked for', () => {
  const stack = aStack();
  const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Shop', {
    instanceIdentifier: 'shop', instanceEndpointAddress: 'shop.example.com', port: 5432, securityGroups: [],
  });
  const cluster = rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Orders', { clusterIdentifier: 'orders' });
  check({ targets: [PgQueryLensTarget.fromDatabaseInstance(instance)] },
    'targets[0]: the instance Stack/Shop has no resource id, which its user is allowed by: give instanceResourceId');
  check({ targets: [PgQueryLensTarget.fromDatabaseCluster(cluster)] },
    'targets[0]: the cluster Stack/Orders has no resource id', 'targets[0]: the cluster Stack/Orders names no endpoint');
});

test('what is looked for can be said in a list', () => {
  checkFleet({ tags: { a: 'b,c' } }, "discovery: tags: 'a=b,c' cannot be in a list");
  checkFleet({ tags: { 'a=b': 'c' } }, "discovery: tags: the key 'a=b' cannot be looked for");
  checkFleet({ include: [''] }, "discovery: include: '' cannot be in a list");
  checkFleet({ engines: ['mysql'] }, "discovery: engines: 'mysql' is not polled");
  checkFleet({ regions: ['Ireland'] }, "discovery: regions: 'Ireland' is none");
  checkFleet({ roleArns: ['arn:aws:iam::123456789012:role/*'] }, 'discovery: roleArns: ');
  checkFleet({ roleArns: ['monitoring'] }, "discovery: roleArns: 'monitoring' is no role");
  checkFleet({ externalId: 'x' }, 'discovery: externalId: there is no role');
});

test('options are held against the table', () => {
  check({ options: { top: 0 } }, 'options.top is 0: write a whole number');
  check({ options: { top: 1.5 } }, 'options.top is 1.5');
  check({ options: { every: '5 bananas 3' } }, "options.every is '5 bananas 3'");
  check({ options: { databases: ['a,b'] } }, 'options.databases is ["a,b"]: write a list of texts without a comma');
  check({ options: { otlpEndpoint: '' } }, "options.otlpEndpoint is '': write a text");
  check({ options: { everry: '1s' } as object }, 'options.everry is no option: the options are ');
  check({ options: { top: Lazy.number({ produce: () => 5 }), every: Lazy.string({ produce: () => '1m' }) } });
});

test('options of a server are held against the table, and its login is one', () => {
  const stack = aStack();
  const passwordSecret = secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'shop');
  const passwordParameter = ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Parameter', { parameterName: '/b' });
  const target = (said: PgQueryLensConnectionOptions) => ({ targets: [PgQueryLensTarget.fromConnection(CONNECTION, said)] });
  check(target({ options: { top: 5, labels: { a: 'b' }, awsRole: 'arn:aws:iam::123456789012:role/a', awsExternalId: 'x' } }));
  check(target({ options: { statementTimeout: '5' } }), "targets[0]: options.statementTimeout is '5'");
  check(target({ options: { tpo: 5 } as object }), 'targets[0]: options.tpo is no option');
  check(target({ options: { awsRole: 'monitoring' } }), "targets[0]: options.awsRole: 'monitoring' is no role");
  check(target({ options: { awsExternalId: 'x' } }), 'targets[0]: options.awsExternalId: there is no role');
  check(target({ passwordSecret, options: { auth: 'rds-iam' } }), 'targets[0]: there is a password');
  check(target({ passwordSecret, passwordParameter }), 'targets[0]: passwordSecret and passwordParameter are both given');
});

test('no secret and nothing of ours or of Lambda gets into the environment', () => {
  check({ environment: { RUST_BACKTRACE: '1' } });
  check({ environment: { OTEL_EXPORTER_OTLP_HEADERS: 'x', PGPASSWORD: 'x', AWS_SESSION_TOKEN: 'x' } },
    'environment: OTEL_EXPORTER_OTLP_HEADERS would be a secret', 'environment: PGPASSWORD would be a secret',
    'environment: AWS_SESSION_TOKEN would be a secret');
  check({ environment: { PGQUERYLENS_TOP: '5' } }, 'environment: PGQUERYLENS_TOP is ours: use options');
  check({ environment: { AWS_REGION: 'x', 'a-b': 'c' } },
    'environment: AWS_REGION cannot be set', 'environment: a-b cannot be set');
});

test('a cluster that is made here takes tokens of IAM', () => {
  const stack = aStack();
  const cluster = (id: string, iamAuthentication?: boolean) => new rds.DatabaseCluster(stack, id, {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_17_7 }),
    writer: rds.ClusterInstance.serverlessV2('writer'), vpc: new ec2.Vpc(stack, `Vpc${id}`), iamAuthentication,
  });
  check({ targets: [PgQueryLensTarget.fromDatabaseCluster(cluster('A', true))] });
  check({ targets: [PgQueryLensTarget.fromDatabaseCluster(cluster('B'))] },
    'targets[0]: the cluster Stack/B takes no tokens of IAM: write iamAuthentication: true');
});

test('times and numbers keep to their ranges', () => {
  check({ schedule: rate(241) }, 'schedule: rate(241 minutes) is slower than 240 minutes');
  check({ schedule: ScheduleExpression.cron({ minute: '0/5' }), alarmSilence: Duration.minutes(11) });
  check({ alarmSilence: Duration.seconds(150) }, 'alarmSilence: 2 minutes 30 seconds is not in whole minutes from 2 to 720');
  check({ schedule: rate(15), alarmSilence: Duration.minutes(20) },
    'alarmSilence: 20 minutes is not in whole minutes from 30 to 720: write such as Duration.minutes(30)');
  check({ timeout: Duration.seconds(9) }, 'timeout: 9 seconds is not from 10 seconds to 10 minutes');
  check({ timeout: Duration.minutes(11) }, 'timeout: ');
  check({ timeout: Duration.seconds(Lazy.number({ produce: () => 60 })) }, 'timeout: ');
  check({ memorySize: 20_000 }, 'memorySize: 20000 is out of its range');
  check({ targets: undefined, discovery: {}, maxConcurrency: 1, batchSize: 11, alarmLag: Duration.seconds(1) },
    'alarmLag: 1 second', 'maxConcurrency: 1 is', 'batchSize: 11 is');
  check({ targets: undefined, discovery: {}, reservedConcurrency: 5 },
    'reservedConcurrency: 5 is less than maxConcurrency, which is 10');
  check({ targets: undefined, discovery: {}, messageRetention: Duration.seconds(59), maxReceiveCount: 0 },
    'messageRetention: 59 seconds', 'maxReceiveCount: 0 is');
  check({ stateExpiration: Duration.days(1) }, 'stateExpiration: 1 day is not in whole days from 2');
  check({ stateExpiration: Duration.hours(49) }, 'stateExpiration: ');
  check({ allowAwsMetrics: ['cloudwtch'] }, "allowAwsMetrics: 'cloudwtch' is none");
  check({ targets: undefined, discovery: {}, resourceIds: ['db-*', '*', 'db-ABC'] }, "resourceIds: 'db-*' is none");
  check({ statePrefix: '/a' }, "statePrefix: '/a' is no prefix");
});

test('what is given is for something', () => {
  check({ vpcEndpoints: true, vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC }, securityGroups: [] },
    'vpcSubnets: it is for a vpc', 'securityGroups: it is for a vpc', 'vpcEndpoints: it is for a vpc');
  check({ maxConcurrency: 5, alarmLag: Duration.minutes(5) }, 'maxConcurrency: ', 'alarmLag: ');
  check({ databaseUsers: ['a'] }, 'databaseUsers: ');
  check({ messageRetention: Duration.hours(1), maxReceiveCount: 3, resourceIds: ['*'] },
    'messageRetention: ', 'maxReceiveCount: ', 'resourceIds: ');
  check({ stateBucket: s3.Bucket.fromBucketName(aStack(), 'B', 'states'), stateExpiration: Duration.days(9) },
    'stateExpiration: it is for the bucket that is made');
  check({ alarms: false, alarmActions: [] }, 'alarmActions: it is for alarms, which are off');
});
