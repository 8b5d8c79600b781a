// What is watched of the functions and the queues: as alarms that say when polls fail, do not happen or lag, and as a
// dashboard of the same figures.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import { Queues } from './fleet';
import { PgQueryLensPollerProps } from './props';
import { intervalMinutes, scheduleOf } from './schedule';

/** What there is to watch. */
export interface Watched {
  readonly functions: Record<string, lambda.IFunction>;
  readonly queues?: Queues;
  /** How long servers may wait in the queue. */
  readonly lag: Duration;
  /** How long nothing may be invoked: two intervals at least. */
  readonly silence: Duration;
}

const QUEUE_PERIOD = Duration.minutes(5);
const DEFAULT_LAG = Duration.minutes(5);
const LEAST_SILENCE_MINUTES = 10;

/** Returns how long servers may wait. */
export function lagOf({ alarmLag }: PgQueryLensPollerProps): Duration {
  return alarmLag ?? DEFAULT_LAG;
}

/** Returns how long nothing may be invoked. */
export function silenceOf(props: PgQueryLensPollerProps): Duration {
  const interval = intervalMinutes(scheduleOf(props)) ?? 0;
  return props.alarmSilence ?? Duration.minutes(Math.max(LEAST_SILENCE_MINUTES, 3 * interval));
}

/** Makes the alarms, and lets each take the actions when it begins and when it ends. */
export function makeAlarms(
  scope: Construct, watched: Watched, actions: readonly cloudwatch.IAlarmAction[],
): cloudwatch.Alarm[] {
  const ofFunctions = Object.entries(watched.functions).flatMap(([id, function_]) =>
    functionAlarms(scope, id, function_, watched.silence));
  const ofQueues = watched.queues ? queueAlarms(scope, watched.queues, watched.lag) : [];
  const alarms = [...ofFunctions, ...ofQueues];
  for (const alarm of actions.length > 0 ? alarms : []) {
    alarm.addAlarmAction(...actions);
    alarm.addOkAction(...actions);
  }
  return alarms;
}

function functionAlarms(
  scope: Construct, id: string, function_: lambda.IFunction, silence: Duration,
): cloudwatch.Alarm[] {
  // A period holds at least one invocation, so that none of them says nothing.
  const period = Duration.minutes(Math.ceil(silence.toMinutes() / 2));
  return [
    // One failed poll is made up for by the next: it takes a second within three periods.
    alarm(scope, `${id}Errors`, function_.metricErrors({ period, statistic: 'Sum' }), 1, {
      evaluationPeriods: 3, datapointsToAlarm: 2,
      alarmDescription: 'pgquerylens: invocations fail. Their log lines say why.',
    }),
    alarm(scope, `${id}Throttles`, function_.metricThrottles({ period, statistic: 'Sum' }), 1, {
      evaluationPeriods: 3, datapointsToAlarm: 2,
      alarmDescription: 'pgquerylens: invocations are refused. The account has no concurrency left for them.',
    }),
    new cloudwatch.Alarm(scope, `${id}Silence`, {
      metric: function_.metricInvocations({ period: silence, statistic: 'Sum' }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 1,
      // Of a function that is not invoked there are no figures at all.
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      alarmDescription: 'pgquerylens: nothing is polled. The schedule does not run, or finds no server.',
    }),
  ];
}

function queueAlarms(
  scope: Construct, { queue, deadLetterQueue }: Queues, lag: Duration,
): cloudwatch.Alarm[] {
  const waiting = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: QUEUE_PERIOD, statistic: 'Maximum' });
  const age = queue.metricApproximateAgeOfOldestMessage({ period: QUEUE_PERIOD, statistic: 'Maximum' });
  return [
    alarm(scope, 'DeadLettersWaiting', waiting, 1, {
      evaluationPeriods: 1,
      alarmDescription: 'pgquerylens: there are servers that no invocation could poll. The messages name them.',
    }),
    alarm(scope, 'Lag', age, lag.toSeconds(), {
      evaluationPeriods: 1,
      alarmDescription: 'pgquerylens: polls lag behind. Raise maxConcurrency, or look which servers are slow.',
    }),
  ];
}

/** Makes an alarm that is silent while there are no figures. */
function alarm(
  scope: Construct, id: string, metric: cloudwatch.Metric, threshold: number,
  how: { evaluationPeriods: number; datapointsToAlarm?: number; alarmDescription: string },
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    metric,
    threshold,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    ...how,
  });
}

/** Makes the dashboard: a row for each function, one for the queues. */
export function makeDashboard(scope: Construct, { functions, queues }: Watched): cloudwatch.Dashboard {
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(3) });
  for (const [id, function_] of Object.entries(functions)) {
    dashboard.addWidgets(
      graph(`${id}: invocations`, function_.metricInvocations(), function_.metricErrors(), function_.metricThrottles()),
      graph(`${id}: time`, function_.metricDuration({ statistic: 'p50' }), function_.metricDuration({ statistic: 'max' })),
    );
  }
  if (queues) {
    const { queue, deadLetterQueue } = queues;
    dashboard.addWidgets(
      graph('Queue: waiting', queue.metricApproximateNumberOfMessagesVisible(),
        deadLetterQueue.metricApproximateNumberOfMessagesVisible()),
      graph('Queue: age of the oldest', queue.metricApproximateAgeOfOldestMessage()),
    );
  }
  return dashboard;
}

function graph(title: string, ...left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: 12, leftYAxis: { min: 0 } });
}
