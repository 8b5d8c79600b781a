// The construct. It puts together what the other files make, in one of two shapes: a function that polls what the
// schedule names, or one that finds servers and another that polls them.

import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { lagOf, makeAlarms, makeDashboard, silenceOf, Watched } from './alarms';
import { discoveryEnvironment, loginStatements, PgQueryLensDiscovery, regionsOf, searchStatements } from './discovery';
import { optionsEnvironment } from './environment';
import { areCounted, failedLooks, failedPolls } from './failures';
import { feed, makeDeadLetterQueue, makeQueue } from './fleet';
import { Made, makeFunction } from './function';
import { askedBy, metricsStatements } from './metrics';
import { makeEndpoints, networkOf } from './network';
import { PgQueryLensPollerProps } from './props';
import { makeSchedule, optionsOf } from './schedule';
import { letRead } from './secrets';
import { keepState, makeStateBucket } from './state';
import { validate } from './validate';

/**
 * Polls PostgreSQL on RDS and Aurora from AWS Lambda at every interval, without a password, and sends what happened in
 * between by OTLP.
 *
 * With `targets` one function polls the servers that are named. With `discovery` one function finds servers by their
 * tags and another polls them, over a queue.
 */
export class PgQueryLensPoller extends Construct implements iam.IGrantable, ec2.IConnectable {
  /** The function that polls. */
  public readonly pollerFunction: lambda.IFunction;

  /** The function that finds servers, with `discovery`. */
  public readonly dispatcherFunction?: lambda.IFunction;

  /** The queue of servers to poll, with `discovery`. */
  public readonly queue?: sqs.IQueue;

  /**
   * Where ends what was given up: invocations that failed or could not be made, messages that nobody could process. It is
   * kept for 14 days.
   */
  public readonly deadLetterQueue: sqs.IQueue;

  /** The bucket in which state is kept between polls. */
  public readonly stateBucket: s3.IBucket;

  /** The schedule by which polls happen. */
  public readonly schedule: scheduler.ISchedule;

  /** The alarms, if there are any. */
  public readonly alarms: cloudwatch.Alarm[];

  /** The dashboard, if there is one. */
  public readonly dashboard?: cloudwatch.Dashboard;

  /** Who polls, for grants of your own. */
  public readonly grantPrincipal: iam.IPrincipal;

  /**
   * Makes a poller.
   *
   * @param scope where it belongs, usually a stack
   * @param id its name there
   * @param props what is polled, and how; all mistakes in it are told at once
   */
  public constructor(scope: Construct, id: string, props: PgQueryLensPollerProps) {
    super(scope, id);
    refuse(this.node.path, validate(props));

    this.stateBucket = props.stateBucket ?? makeStateBucket(this, props);
    this.deadLetterQueue = makeDeadLetterQueue(this, props);
    const poller = this.makePoller(props);
    this.pollerFunction = poller.handler;
    this.grantPrincipal = poller.handler.grantPrincipal;

    const fleet = props.discovery && this.makeFleet(props, props.discovery, poller);
    this.dispatcherFunction = fleet?.dispatcher.handler;
    this.queue = fleet?.queue;
    this.schedule = fleet
      ? makeSchedule(this, fleet.dispatcher.invoked, this.deadLetterQueue, props, {})
      : makeSchedule(this, poller.invoked, this.deadLetterQueue, props, { targets: admitted(props, poller) });

    const watched: Watched = {
      functions: fleet ? { Dispatcher: fleet.dispatcher.handler, Worker: poller.handler } : { Poller: poller.handler },
      failures: areCounted(props) ? this.countFailures(poller, fleet?.dispatcher) : {},
      queue: this.queue,
      deadLetterQueue: this.deadLetterQueue,
      lag: lagOf(props),
      silence: silenceOf(props),
    };
    this.alarms = props.alarms === false ? [] : makeAlarms(this, watched, props.alarmActions ?? []);
    this.dashboard = props.dashboard === false ? undefined : makeDashboard(this, watched);
  }

  /** The network of the function that polls. It has one in a VPC only. */
  public get connections(): ec2.Connections {
    return this.pollerFunction.connections;
  }

  /** Makes the function that polls, in either shape. */
  private makePoller(props: PgQueryLensPollerProps): Made {
    const isFleet = props.discovery !== undefined;
    const network = networkOf(props);
    const made = makeFunction(this, isFleet ? 'Worker' : 'Poller', props, {
      description: 'Polls PostgreSQL servers',
      environment: optionsEnvironment(optionsOf(props)),
      network,
      reservedConcurrency: props.reservedConcurrency,
    });
    const { handler } = made;
    metricsStatements(handler.stack, askedBy(props), regionsPolled(props, handler.stack))
      .forEach((statement) => handler.addToRolePolicy(statement));
    handler.addEnvironment('PGQUERYLENS_STATE', keepState(this.stateBucket, props.statePrefix, handler));
    if (props.otlpHeadersSecret) {
      letRead(props.otlpHeadersSecret, handler);
      handler.addEnvironment('PGQUERYLENS_OTLP_HEADERS_SECRET', props.otlpHeadersSecret.secretArn);
    }
    if (network && props.vpcEndpoints) {
      makeEndpoints(this, network, handler, props);
    }
    return made;
  }

  /** Makes who finds servers, and the queue over which the poller gets them. */
  private makeFleet(
    props: PgQueryLensPollerProps, discovery: PgQueryLensDiscovery, worker: Made,
  ): { dispatcher: Made; queue: sqs.IQueue } {
    const queue = makeQueue(this, this.deadLetterQueue, props);
    const dispatcher = makeFunction(this, 'Dispatcher', props, {
      description: 'Finds PostgreSQL servers to poll',
      environment: {
        ...optionsEnvironment(optionsOf(props)),
        ...discoveryEnvironment(discovery),
        PGQUERYLENS_QUEUE_URL: queue.queueUrl,
      },
    });
    queue.grant(dispatcher.handler, 'sqs:SendMessage');
    const stack = dispatcher.handler.stack;
    searchStatements(stack, discovery).forEach((statement) => dispatcher.handler.addToRolePolicy(statement));
    loginStatements(stack, discovery, props.databaseUsers ?? [], props.resourceIds ?? ['*'])
      .forEach((statement) => worker.handler.addToRolePolicy(statement));
    feed(worker.invoked, queue, props);
    return { dispatcher, queue };
  }

  /** Makes metrics of what the functions' logs tell of single servers and accounts. */
  private countFailures(poller: Made, dispatcher: Made | undefined): Record<string, cloudwatch.Metric> {
    return dispatcher === undefined
      ? { Poller: failedPolls(this, 'Poller', poller) }
      : { Dispatcher: failedLooks(this, 'Dispatcher', dispatcher), Worker: failedPolls(this, 'Worker', poller) };
  }
}

/** Lets the poller in at every target, and returns their servers as the schedule names them. */
function admitted(props: PgQueryLensPollerProps, poller: Made): object[] {
  const targets = props.targets ?? [];
  targets.forEach((target) => target._admit(poller.handler));
  return targets.flatMap((target) => [...target._facts().servers]);
}

/** Returns the regions in which the servers are: those that are searched, or those of the targets. */
function regionsPolled({ discovery, targets = [] }: PgQueryLensPollerProps, stack: Stack): string[] {
  const ofTargets = targets.map((target) => target._facts().region ?? stack.region);
  return discovery ? regionsOf(stack, discovery) : [...new Set(ofTargets)];
}

/** A construct with a mistake in it would be a stack with a mistake in it. */
function refuse(path: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    throw new Error(`PgQueryLensPoller ${path} has ${count}:\n${mistakes.map((mistake) => `→ ${mistake}`).join('\n')}`);
  }
}
