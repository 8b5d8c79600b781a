// The schedule that invokes a function at every interval.

import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';

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

/**
 * Makes the schedule. An invocation that failed or is a minute late is not tried again: the next one is due by then, and
 * takes up what it left.
 */
export function makeSchedule(
  scope: Construct, invoked: lambda.IFunction, schedule: scheduler.ScheduleExpression, input: object,
): scheduler.Schedule {
  invoked.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: MIN_EVENT_AGE });
  return new scheduler.Schedule(scope, 'Schedule', {
    description: 'Invokes pgquerylens',
    schedule,
    timeWindow: scheduler.TimeWindow.off(),
    target: new LambdaInvoke(invoked, {
      input: scheduler.ScheduleTargetInput.fromObject(input),
      retryAttempts: 1,
      maxEventAge: MIN_EVENT_AGE,
    }),
  });
}
