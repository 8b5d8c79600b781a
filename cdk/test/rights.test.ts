// What both shapes are allowed: no action with a star, and a resource with a star only where that is explained here.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

import { actionsOf, Changes, direct, fleet, Statement, statements } from './stacks';

/** Everything that brings a right of its own. */
const EVERYTHING: Changes = (stack) => ({
  vpc: new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false }),
  vpcEndpoints: true,
  options: { otlpEndpoint: 'https://otlp.example.com:4318', awsLogs: true, awsMetrics: ['cloudwatch', 'enhanced-monitoring', 'performance-insights'] },
  otlpHeadersSecret: new secretsmanager.Secret(stack, 'Headers', { encryptionKey: new kms.Key(stack, 'SecretKey') }),
  stateBucket: new s3.Bucket(stack, 'States', { encryptionKey: new kms.Key(stack, 'StateKey') }),
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
  return statements(template).filter(({ Effect, owner }) => Effect === 'Allow' && !/^(SecretKey|StateKey)/.test(owner));
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
  assert.deepEqual(holders('sqs:SendMessage'), ['Dispatcher']);
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
  const assumed = allowed(TEMPLATES['fleet, everything']).filter(({ Sid }) => Sid === 'OtherAccounts');
  assert.equal(assumed.length, 2);
  for (const statement of assumed) {
    assert.equal(statement.Resource, DISCOVERY.roleArns[0]);
    assert.deepEqual(statement.Condition, { StringEquals: { 'sts:ExternalId': 'acme' } });
  }
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
  assert.match(JSON.stringify(state[0].Resource), /\/pgquerylens\/\*/);
  const keys = policies.filter((statement) => actionsOf(statement).includes('kms:GenerateDataKey'));
  assert.deepEqual(keys.map((statement) => actionsOf(statement).sort()), [['kms:Decrypt', 'kms:GenerateDataKey']]);
});
