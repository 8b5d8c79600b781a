// What both shapes are allowed: no action with a star, and a resource with a star only where that is explained here.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { PgQueryLensTarget } from 'pgquerylens-cdk';

import { actionsOf, Changes, CONNECTION, direct, fleet, Statement, statements } from './stacks';

/** Everything that brings a right of its own. */
const EVERYTHING: Changes = (stack) => ({
  vpc: new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false }),
  vpcEndpoints: true,
  options: { otlpEndpoint: 'https://otlp.example.com:4318', awsLogs: true, awsMetrics: ['cloudwatch', 'enhanced-monitoring', 'performance-insights'] },
  otlpHeadersSecret: new secretsmanager.Secret(stack, 'Headers', { encryptionKey: new kms.Key(stack, 'SecretKey') }),
  stateBucket: new s3.Bucket(stack, 'States', { encryptionKey: new kms.Key(stack, 'StateKey') }),
  encryptionKey: new kms.Key(stack, 'OwnKey'),
});
const DISCOVERY = { regions: ['eu-west-1', 'us-east-2'], roleArns: ['arn:aws:iam::210987654321:role/x'], externalId: 'acme' };

const TEMPLATES: Record<string, Template> = {
  'direct, the least': direct().template,
  'direct, everything': direct(EVERYTHING).template,
  'fleet, the least': fleet().template,
  'fleet, everything': fleet((stack) => ({
    ...(typeof EVERYTHING === 'function' ? EVERYTHING(stack) : {}), discovery: DISCOVERY,
  })).template,
};

/** Actions that are allowed on every resource, and why they have to be. */
const ON_ALL: Record<string, string> = {
  'cloudwatch:GetMetricData': 'it knows no resources',
  'ec2:AssignPrivateIpAddresses': 'the interfaces of the function do not exist yet',
  'ec2:CreateNetworkInterface': 'the same',
  'ec2:DeleteNetworkInterface': 'the same',
  'ec2:DescribeNetworkInterfaces': 'the same',
  'ec2:DescribeSubnets': 'the same',
  'ec2:UnassignPrivateIpAddresses': 'the same',
};

/** Rights of the policies of roles; a key's own policy names its account, and a bucket's forbids. */
function allowed(template: Template): (Statement & { owner: string })[] {
  return statements(template).filter(({ Effect, owner }) => Effect === 'Allow' && !/^(SecretKey|StateKey|OwnKey)/.test(owner));
}

for (const [name, template] of Object.entries(TEMPLATES)) {
  test(`${name}: no action with a star is allowed`, () => {
    const actions = allowed(template).flatMap(actionsOf);
    assert.ok(actions.length > 5);
    assert.deepEqual(actions.filter((action) => action.includes('*')), []);
  });

  test(`${name}: every resource is named, but where that cannot be`, () => {
    const onAll = allowed(template).filter(({ Resource }) => [Resource].flat().includes('*'));
    assert.deepEqual(onAll.flatMap(actionsOf).filter((action) => !(action in ON_ALL)), []);
  });

  test(`${name}: who logs in is named`, () => {
    const logins = allowed(template).filter((statement) => actionsOf(statement).includes('rds-db:connect'));
    assert.equal(logins.length, 1);
    for (const resource of [logins[0].Resource].flat()) {
      assert.match(JSON.stringify(resource), /:dbuser:[^:]+\/pgquerylens"/);
    }
  });

  test(`${name}: no role takes a policy of AWS, which would allow more`, () => {
    for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
      assert.equal(role.Properties.ManagedPolicyArns, undefined);
    }
  });
}

test('the dispatcher alone looks at all instances, and never logs in', () => {
  const holders = (action: string) => [...new Set(allowed(TEMPLATES['fleet, everything'])
    .filter((statement) => actionsOf(statement).includes(action)).map(({ owner }) => /Dispatcher|Worker/.exec(owner)?.[0]))];
  assert.deepEqual(holders('rds:DescribeDBClusters'), ['Dispatcher']);
  // The schedule has one, too, for what it cannot deliver.
  assert.deepEqual(holders('sqs:SendMessage'), ['Dispatcher', undefined]);
  assert.deepEqual(holders('rds-db:connect'), ['Worker']);
  assert.deepEqual(holders('s3:PutObject'), ['Worker']);
  assert.deepEqual(holders('sts:AssumeRole').sort(), ['Dispatcher', 'Worker', undefined]);
});

test('what AWS is asked for is allowed to who polls, where the servers are', () => {
  const sids = ['Metrics', 'EnhancedMonitoring', 'PerformanceInsights', 'Instance', 'ServerLogs'];
  const asked = allowed(TEMPLATES['fleet, everything']).filter(({ Sid }) => sids.includes(Sid ?? ''));
  assert.deepEqual(asked.map(({ owner }) => /Dispatcher|Worker/.exec(owner)?.[0]), sids.map(() => 'Worker'));
  const arns = asked.flatMap(({ Resource }) => [Resource].flat()).map((arn) => /:(logs|pi|rds):[^"]*/.exec(JSON.stringify(arn))?.[0]);
  const there = (service: string, rest: string) => DISCOVERY.regions.map((region) => `:${service}:${region}:123456789012:${rest}`);
  assert.deepEqual(arns, [
    undefined, ...there('logs', 'log-group:RDSOSMetrics:log-stream:*'), ...there('pi', 'metrics/rds/*'), ...there('rds', 'db:*'), ...there('rds', 'db:*'),
  ]);
  const least = allowed(TEMPLATES['direct, the least']).filter(({ Sid }) => sids.includes(Sid ?? ''));
  assert.deepEqual(least, []);
});

test('roles of other accounts are assumed by name, with their external id', () => {
  const assumed = allowed(TEMPLATES['fleet, everything']).filter((statement) => actionsOf(statement).includes('sts:AssumeRole')
    && statement.Resource !== undefined);
  assert.equal(assumed.length, 2);
  for (const statement of assumed) {
    assert.equal(statement.Resource, DISCOVERY.roleArns[0]);
    assert.deepEqual(statement.Condition, { StringEquals: { 'sts:ExternalId': 'acme' } });
  }
});

test('roles of targets are assumed, each with its own external id', () => {
  const of = (awsRole: string, awsExternalId?: string) =>
    PgQueryLensTarget.fromConnection(CONNECTION, { name: awsRole, options: { awsRole, awsExternalId } });
  const [a, b] = ['arn:aws:iam::210987654321:role/a', 'arn:aws:iam::310987654321:role/b'];
  const { template } = direct((stack) => ({ targets: [of(a, 'acme'), of(b)], vpc: new ec2.Vpc(stack, 'Vpc'), vpcEndpoints: true }));
  const assumed = allowed(template).filter(({ Action, Resource }) => Action === 'sts:AssumeRole' && Resource !== undefined);
  assert.deepEqual(assumed.map(({ Resource, Condition }) => [Resource, Condition]), [
    [a, { StringEquals: { 'sts:ExternalId': 'acme' } }], [b, undefined],
  ]);
  assert.ok(Object.keys(template.findResources('AWS::EC2::VPCEndpoint')).some((id) => id.startsWith('PollerStsEndpoint')));
});

test('what one server or a tag asks AWS for is allowed, in the region of the server', () => {
  const ohio = CONNECTION.replace('eu-west-1', 'us-east-2');
  const { template } = direct({
    targets: [PgQueryLensTarget.fromConnection(ohio, { options: { awsMetrics: ['performance-insights'], awsLogs: true } })],
  });
  const rights = (of: Template) => Object.fromEntries(allowed(of).map((statement) => [statement.Sid, statement.Resource]));
  assert.match(JSON.stringify(rights(template).PerformanceInsights), /:pi:us-east-2:123456789012:metrics/);
  assert.match(JSON.stringify(rights(template).ServerLogs), /:rds:us-east-2:123456789012:db:\*/);
  const tagged = rights(fleet({ allowAwsMetrics: ['cloudwatch'], allowAwsLogs: true }).template);
  assert.ok(tagged.Metrics && tagged.Instance && tagged.ServerLogs);
  assert.equal(tagged.PerformanceInsights, undefined);
});

test('a fleet may be bounded to resources', () => {
  const [login] = allowed(fleet({ resourceIds: ['db-ABC', 'cluster-XYZ'] }).template).filter(({ Sid }) => Sid === 'LogIn');
  const ids = [login.Resource].flat().map((arn) => /dbuser:([\w-]+)\//.exec(JSON.stringify(arn))?.[1]);
  assert.deepEqual(ids, ['db-ABC', 'cluster-XYZ']);
});

test('the key of a secret is used by the service in the region of the secret', () => {
  const arn = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:shop-AbCdEf';
  const { template } = direct((stack) => ({
    targets: [PgQueryLensTarget.fromConnection(CONNECTION, {
      passwordSecret: secretsmanager.Secret.fromSecretAttributes(stack, 'Shop', {
        secretCompleteArn: arn,
        encryptionKey: kms.Key.fromKeyArn(stack, 'ShopKey', 'arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555'),
      }),
    })],
  }));
  const decrypt = allowed(template).filter((statement) => actionsOf(statement).includes('kms:Decrypt'));
  assert.ok(decrypt.some(({ Condition }) => JSON.stringify(Condition).includes('secretsmanager.us-east-2.')));
});

test('a key of your own encrypts everything, and who needs it may use it', () => {
  const { template } = fleet((stack) => ({ encryptionKey: new kms.Key(stack, 'OwnKey') }));
  const key = (type: string, property: string) =>
    Object.values(template.findResources(type)).map(({ Properties }) => Properties[property] !== undefined);
  assert.deepEqual(key('AWS::SQS::Queue', 'KmsMasterKeyId'), [true, true]);
  assert.deepEqual(key('AWS::Logs::LogGroup', 'KmsKeyId'), [true, true]);
  assert.deepEqual(key('AWS::Lambda::Function', 'KmsKeyArn'), [true, true]);
  assert.deepEqual(key('AWS::Scheduler::Schedule', 'KmsKeyArn'), [true]);
  template.hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: { ServerSideEncryptionConfiguration: [Match.objectLike({
      BucketKeyEnabled: true, ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }),
    })] },
  });
  const users = allowed(template).filter((statement) => actionsOf(statement).includes('kms:GenerateDataKey'))
    .map(({ owner }) => /Dispatcher|Worker|Schedule/.exec(owner)?.[0]);
  assert.deepEqual([...new Set(users)].sort(), ['Dispatcher', 'Schedule', 'Worker']);
  const logs = statements(template).filter(({ owner }) => owner.startsWith('OwnKey'));
  assert.ok(logs.some(({ Principal }) => JSON.stringify(Principal).includes('logs.eu-west-1.amazonaws.com')));
});

test('a worker logs in in the regions that are searched', () => {
  const [login] = allowed(TEMPLATES['fleet, everything']).filter(({ Sid }) => Sid === 'LogIn');
  assert.deepEqual((login.Resource as unknown[]).map((arn) => /rds-db:([a-z0-9-]+):/.exec(JSON.stringify(arn))?.[1]), DISCOVERY.regions);
});

test('who is named by tags may be logged in as, if that is said', () => {
  const { template } = fleet({ databaseUsers: ['watcher', 'pgquerylens'] });
  const [login] = allowed(template).filter(({ Sid }) => Sid === 'LogIn');
  assert.deepEqual([login.Resource].flat().map((arn) => /\*\/(\w+)"/.exec(JSON.stringify(arn))?.[1]), ['pgquerylens', 'watcher']);
});

test('the dispatcher looks at the regions that are searched', () => {
  const looks = allowed(TEMPLATES['fleet, everything']).filter(({ Sid }) => Sid?.startsWith('Find'));
  const arns = looks.flatMap(({ Resource }) => [Resource].flat()).map((arn) => /:rds:[^"]*/.exec(JSON.stringify(arn))?.[0]);
  assert.deepEqual(arns, ['db', 'cluster'].flatMap((kind) =>
    DISCOVERY.regions.map((region) => `:rds:${region}:123456789012:${kind}:*`)));
});

test('a function in a VPC cannot do to interfaces what the service does for it', () => {
  const [denied] = statements(TEMPLATES['direct, everything']).filter(({ Sid }) => Sid === 'NotByTheFunction');
  assert.equal(denied.Effect, 'Deny');
  assert.ok(actionsOf(denied).includes('ec2:CreateNetworkInterface'));
});

test('state is kept below the prefix, in a bucket with a key by that key', () => {
  const policies = allowed(TEMPLATES['direct, everything']);
  const state = policies.filter(({ Sid }) => Sid === 'State');
  assert.deepEqual(actionsOf(state[0]).sort(), ['s3:DeleteObject', 's3:GetObject', 's3:PutObject']);
  const [list] = policies.filter(({ Sid }) => Sid === 'StateList');
  assert.deepEqual([list.Action, list.Condition], ['s3:ListBucket', undefined]);
  assert.match(JSON.stringify(state[0].Resource), /\/pgquerylens\/\*/);
  const keys = policies.filter((statement) => actionsOf(statement).includes('kms:GenerateDataKey'));
  assert.ok(keys.some(({ Resource }) => JSON.stringify(Resource).includes('StateKey')));
  keys.forEach((statement) => assert.deepEqual(actionsOf(statement).sort(), ['kms:Decrypt', 'kms:GenerateDataKey']));
});
