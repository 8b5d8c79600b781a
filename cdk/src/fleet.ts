// The queue between who finds servers and who polls them.

import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { DEFAULT_TIMEOUT } from './function';
import { PgQueryLensPollerProps } from './props';

/** AWS's advice for a queue before a function: a batch may be throttled a few times before it runs. */
const VISIBILITY_TIMEOUTS = 6;
/** A message that is older than this asks for a poll that later messages asked for, too. */
const RETENTION = Duration.hours(1);
const DEAD_RETENTION = Duration.days(14);
const MAX_RECEIVES = 3;

/** How many workers there are at the same time, where nothing else is said. */
export const DEFAULT_MAX_CONCURRENCY = 10;
const DEFAULT_BATCH_SIZE = 5;

/** The queue of servers to poll, and the one of messages that nobody could process. */
export interface Queues {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
}

/** Makes both queues. */
export function makeQueues(scope: Construct, props: PgQueryLensPollerProps): Queues {
  const shared = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true };
  const deadLetterQueue = new sqs.Queue(scope, 'DeadLetters', { ...shared, retentionPeriod: DEAD_RETENTION });
  const timeout = props.timeout ?? DEFAULT_TIMEOUT;
  const queue = new sqs.Queue(scope, 'Queue', {
    ...shared,
    retentionPeriod: RETENTION,
    visibilityTimeout: Duration.seconds(timeout.toSeconds() * VISIBILITY_TIMEOUTS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
  });
  return { queue, deadLetterQueue };
}

/** Lets a worker take its messages from the queue. What it could not do of a batch comes back alone. */
export function feed(worker: lambda.IFunction, queue: sqs.IQueue, props: PgQueryLensPollerProps): void {
  worker.addEventSource(new SqsEventSource(queue, {
    batchSize: props.batchSize ?? DEFAULT_BATCH_SIZE,
    maxConcurrency: props.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
    reportBatchItemFailures: true,
  }));
}
