// The schedule that invokes a function at every interval.

import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';

import { PgQueryLensPollerProps } from './props';

/** The time between two polls, where nothing else is said. */
const DEFAULT_INTERVAL = Duration.minutes(1);
/** The least age at which a schedule and a function's own queue give an invocation up. */
const MIN_EVENT_AGE = Duration.minutes(1);

/** Returns the time between two polls. */
export function intervalOf(props: PgQueryLensPollerProps): Duration {
  return props.interval ?? DEFAULT_INTERVAL;
}

/**
 * Makes the schedule. An invocation that failed or is a minute late is not tried again: the next one is due by then, and
 * takes up what it left.
 */
export function makeSchedule(
  scope: Construct, invoked: lambda.IFunction, interval: Duration, input: object,
): scheduler.Schedule {
  invoked.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: MIN_EVENT_AGE });
  return new scheduler.Schedule(scope, 'Schedule', {
    description: 'Invokes pgquerylens',
    schedule: scheduler.ScheduleExpression.rate(interval),
    timeWindow: scheduler.TimeWindow.off(),
    target: new LambdaInvoke(invoked, {
      input: scheduler.ScheduleTargetInput.fromObject(input),
      retryAttempts: 1,
      maxEventAge: MIN_EVENT_AGE,
    }),
  });
}
