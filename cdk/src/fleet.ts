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
const DEFAULT_RETENTION = Duration.hours(1);
const DEAD_RETENTION = Duration.days(14);
const DEFAULT_MAX_RECEIVES = 3;

/** How many workers there are at the same time, where nothing else is said. */
export const DEFAULT_MAX_CONCURRENCY = 10;
const DEFAULT_BATCH_SIZE = 5;

/** Makes the queue of what was given up: invocations that failed or could not be made, messages that nobody could process. */
export function makeDeadLetterQueue(scope: Construct, props: PgQueryLensPollerProps): sqs.Queue {
  return new sqs.Queue(scope, 'DeadLetters', { ...shared(props), retentionPeriod: DEAD_RETENTION });
}

/** Makes the queue of servers to poll. */
export function makeQueue(scope: Construct, deadLetterQueue: sqs.IQueue, props: PgQueryLensPollerProps): sqs.Queue {
  const timeout = props.timeout ?? DEFAULT_TIMEOUT;
  return new sqs.Queue(scope, 'Queue', {
    ...shared(props),
    retentionPeriod: props.messageRetention ?? DEFAULT_RETENTION,
    visibilityTimeout: Duration.seconds(timeout.toSeconds() * VISIBILITY_TIMEOUTS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: props.maxReceiveCount ?? DEFAULT_MAX_RECEIVES },
  });
}

function shared({ encryptionKey }: PgQueryLensPollerProps): sqs.QueueProps {
  const encryption = encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED;
  return { encryption, encryptionMasterKey: encryptionKey, enforceSSL: true };
}

/** Lets a worker take its messages from the queue. What it could not do of a batch comes back alone. */
export function feed(worker: lambda.IFunction, queue: sqs.IQueue, props: PgQueryLensPollerProps): void {
  worker.addEventSource(new SqsEventSource(queue, {
    batchSize: props.batchSize ?? DEFAULT_BATCH_SIZE,
    maxConcurrency: props.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
    reportBatchItemFailures: true,
  }));
}
