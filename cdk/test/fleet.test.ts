// One function that finds servers, a queue, and one that polls them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

import { fleet, resource } from './stacks';

const FUNCTION = 'AWS::Lambda::Function';
const QUEUE = 'AWS::SQS::Queue';

test('the schedule invokes the dispatcher with nothing', () => {
  const { template, poller } = fleet();
  template.resourceCountIs(FUNCTION, 2);
  const { Target } = resource(template, 'AWS::Scheduler::Schedule', 'Poller').Properties;
  assert.match(Target.Arn['Fn::GetAtt'][0], /^PollerDispatcher/);
  assert.equal(Target.Input, '{}');
  assert.ok(poller.dispatcherFunction && poller.queue && poller.deadLetterQueue);
});

test('the dispatcher knows what to look for and where to put it', () => {
  const { template } = fleet({
    discovery: {
      tags: { a: 'b', c: '*' }, regions: ['eu-west-1', 'us-east-2'], engines: ['postgres'],
      roleArns: ['arn:aws:iam::210987654321:role/x'], externalId: 'acme', user: 'watcher', database: 'shop',
      include: ['shop-*'], exclude: ['*-test', '*-old'],
    },
  });
  const { Variables } = resource(template, FUNCTION, 'PollerDispatcher').Properties.Environment;
  const { PGQUERYLENS_QUEUE_URL: url, ...others } = Variables;
  assert.match(url.Ref, /^PollerQueue/);
  assert.deepEqual(others, {
    PGQUERYLENS_EVERY: '1m',
    PGQUERYLENS_DISCOVER_TAG: 'a=b,c=*',
    PGQUERYLENS_DISCOVER_REGION: 'eu-west-1,us-east-2',
    PGQUERYLENS_DISCOVER_ENGINE: 'postgres',
    PGQUERYLENS_DISCOVER_ROLE: 'arn:aws:iam::210987654321:role/x',
    PGQUERYLENS_DISCOVER_EXTERNAL_ID: 'acme',
    PGQUERYLENS_DISCOVER_USER: 'watcher',
    PGQUERYLENS_DISCOVER_DATABASE: 'shop',
    PGQUERYLENS_DISCOVER_INCLUDE: 'shop-*',
    PGQUERYLENS_DISCOVER_EXCLUDE: '*-test,*-old',
  });
});

test('what is left out is left to the function, but for the user that rights are for', () => {
  const { template } = fleet({ discovery: {} });
  const { Variables } = resource(template, FUNCTION, 'PollerDispatcher').Properties.Environment;
  assert.deepEqual(Object.keys(Variables).sort(), [
    'PGQUERYLENS_DISCOVER_USER', 'PGQUERYLENS_EVERY', 'PGQUERYLENS_QUEUE_URL',
  ]);
});

test('both functions have the options, the worker alone state and headers', () => {
  const { template } = fleet((stack) => ({
    options: { logFormat: 'json' }, otlpHeadersSecret: new secretsmanager.Secret(stack, 'Headers'),
  }));
  const variables = (id: string) => Object.keys(resource(template, FUNCTION, id).Properties.Environment.Variables);
  assert.deepEqual(variables('PollerWorker').sort(), [
    'PGQUERYLENS_EVERY', 'PGQUERYLENS_LOG_FORMAT', 'PGQUERYLENS_OTLP_HEADERS_SECRET', 'PGQUERYLENS_STATE',
  ]);
  assert.ok(variables('PollerDispatcher').includes('PGQUERYLENS_LOG_FORMAT'));
  assert.ok(!variables('PollerDispatcher').includes('PGQUERYLENS_OTLP_HEADERS_SECRET'));
});

test('a message waits six times as long as an invocation may take, and lives for an hour', () => {
  const { template } = fleet({ timeout: Duration.seconds(90) });
  const queue = resource(template, QUEUE, 'PollerQueue').Properties;
  assert.equal(queue.VisibilityTimeout, 540);
  assert.equal(queue.MessageRetentionPeriod, 3600);
  assert.equal(queue.SqsManagedSseEnabled, true);
  assert.equal(queue.RedrivePolicy.maxReceiveCount, 3);
  assert.match(queue.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0], /^PollerDeadLetters/);
  assert.equal(resource(template, QUEUE, 'PollerDeadLetters').Properties.MessageRetentionPeriod, 14 * 86_400);
  template.resourceCountIs('AWS::SQS::QueuePolicy', 2);
});

test('how long a message waits, and how often it is tried, can be said', () => {
  const { template } = fleet({ messageRetention: Duration.minutes(10), maxReceiveCount: 5 });
  const queue = resource(template, QUEUE, 'PollerQueue').Properties;
  assert.deepEqual([queue.MessageRetentionPeriod, queue.RedrivePolicy.maxReceiveCount], [600, 5]);
});

test('an account that is not searched and a server that is not polled are counted, each with its function', () => {
  const { template } = fleet();
  const pattern = (id: string) => resource(template, 'AWS::Logs::MetricFilter', id).Properties.FilterPattern;
  assert.equal(pattern('PollerDispatcher'), '{ ($.message = "not looked") || ($.message = "not sent") }');
  assert.match(pattern('PollerWorker'), /poll failed/);
});

test('the worker takes batches, of which what failed comes back alone', () => {
  const { template } = fleet({ maxConcurrency: 25, batchSize: 5 });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'], ScalingConfig: { MaximumConcurrency: 25 },
  });
});

test('in a VPC stands the worker alone', () => {
  const { template } = fleet((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc') }));
  assert.ok(resource(template, FUNCTION, 'PollerWorker').Properties.VpcConfig);
  assert.equal(resource(template, FUNCTION, 'PollerDispatcher').Properties.VpcConfig, undefined);
});

test('alarms tell of dead letters and lag, too', () => {
  const { template, poller } = fleet({ alarmLag: Duration.minutes(20) });
  assert.deepEqual(poller.alarms.map(({ node }) => node.id), [
    'DispatcherErrors', 'DispatcherThrottles', 'DispatcherSilence', 'WorkerErrors', 'WorkerThrottles', 'WorkerSilence',
    'DispatcherFailures', 'WorkerFailures', 'DeadLettersWaiting', 'Lag',
  ]);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 1200,
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1,
  });
});
