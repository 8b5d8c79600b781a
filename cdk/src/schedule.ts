// The schedule that invokes a function at every interval.

import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { letUse } from './key';
import { PgQueryLensOptions } from './options';
import { PgQueryLensPollerProps } from './props';

/** When polls happen, where nothing else is said. */
const DEFAULT_SCHEDULE = scheduler.ScheduleExpression.rate(Duration.minutes(1));
/** The least age at which a schedule and a function's own queue give an invocation up. */
const MIN_EVENT_AGE = Duration.minutes(1);

/** Returns when polls happen. */
export function scheduleOf({ schedule }: PgQueryLensPollerProps): scheduler.ScheduleExpression {
  return schedule ?? DEFAULT_SCHEDULE;
}

/** Returns the minutes between two polls of a schedule that is a rate. */
export function intervalMinutes({ expressionString }: scheduler.ScheduleExpression): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expressionString) ?? [];
  return count === undefined ? undefined : Number(count) * { minute: 1, hour: 60, day: 1440 }[unit as 'minute'];
}

/** Returns the options, with the interval of a schedule that is a rate: by it the function tells a message that is late. */
export function optionsOf(props: PgQueryLensPollerProps): PgQueryLensOptions {
  const minutes = intervalMinutes(scheduleOf(props));
  return { ...props.options, every: props.options?.every ?? (minutes === undefined ? undefined : `${minutes}m`) };
}

/**
 * Makes the schedule. An invocation that failed or is a minute late is not tried again: the next one is due by then, and
 * takes up what it left. What was to be done then lies in the dead-letter queue.
 */
export function makeSchedule(
  scope: Construct, invoked: lambda.IFunction, deadLetterQueue: sqs.IQueue, props: PgQueryLensPollerProps,
  input: object,
): scheduler.Schedule {
  const onFailure: lambda.IDestination = { bind: () => ({ destination: deadLetterQueue.queueArn }) };
  deadLetterQueue.grant(invoked, 'sqs:SendMessage');
  invoked.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: MIN_EVENT_AGE, onFailure });
  const role = makeRole(scope);
  letUse(props.encryptionKey, role);
  return new scheduler.Schedule(scope, 'Schedule', {
    description: 'Invokes pgquerylens',
    schedule: scheduleOf(props),
    enabled: props.scheduleEnabled,
    key: props.encryptionKey,
    timeWindow: scheduler.TimeWindow.off(),
    target: new LambdaInvoke(invoked, {
      input: scheduler.ScheduleTargetInput.fromObject(input),
      retryAttempts: 1,
      maxEventAge: MIN_EVENT_AGE,
      deadLetterQueue,
      role,
    }),
  });
}

/** A role of our own, since it may need the key. Only schedules of the group that ours is in may take it on. */
function makeRole(scope: Construct): iam.Role {
  const stack = Stack.of(scope);
  const group = stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' });
  const conditions = { StringEquals: { 'aws:SourceAccount': stack.account, 'aws:SourceArn': group } };
  const assumedBy = new iam.ServicePrincipal('scheduler.amazonaws.com', { conditions });
  return new iam.Role(scope, 'ScheduleRole', { assumedBy, description: 'Invokes pgquerylens' });
}
