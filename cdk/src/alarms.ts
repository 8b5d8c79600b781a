// What is watched of the functions and the queues: as alarms that say when polls fail, do not happen or lag, and as a
// dashboard of the same figures.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { PgQueryLensPollerProps } from './props';
import { intervalMinutes, scheduleOf } from './schedule';

/** What there is to watch. */
export interface Watched {
  readonly functions: Record<string, lambda.IFunction>;
  /** What their logs tell of single servers and accounts. */
  readonly failures: Record<string, cloudwatch.Metric>;
  readonly queue?: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
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
  const ofLogs = Object.entries(watched.failures).map(([id, metric]) => logAlarm(scope, id, metric, watched.silence));
  const alarms = [...ofFunctions, ...ofLogs, ...queueAlarms(scope, watched)];
  for (const alarm of actions.length > 0 ? alarms : []) {
    alarm.addAlarmAction(...actions);
    alarm.addOkAction(...actions);
  }
  return alarms;
}

function functionAlarms(
  scope: Construct, id: string, function_: lambda.IFunction, silence: Duration,
): cloudwatch.Alarm[] {
  const period = Duration.minutes(halfOf(silence));
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

function logAlarm(scope: Construct, id: string, metric: cloudwatch.Metric, silence: Duration): cloudwatch.Alarm {
  return alarm(scope, `${id}Failures`, metric.with({ period: Duration.minutes(halfOf(silence)) }), 1, {
    evaluationPeriods: 3, datapointsToAlarm: 2,
    alarmDescription: id === 'Dispatcher'
      ? 'pgquerylens: an account or region is not searched, or servers are not queued. The log lines say which, and why.'
      : 'pgquerylens: servers are not polled, or what was found is not delivered. The log lines say which, and why.',
  });
}

/** A period of so many minutes holds at least one invocation. */
function halfOf(silence: Duration): number {
  return Math.ceil(silence.toMinutes() / 2);
}

function queueAlarms(scope: Construct, { queue, deadLetterQueue, lag }: Watched): cloudwatch.Alarm[] {
  const waiting = deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: QUEUE_PERIOD, statistic: 'Maximum' });
  const givenUp = alarm(scope, 'DeadLettersWaiting', waiting, 1, {
    evaluationPeriods: 1,
    alarmDescription: 'pgquerylens: something was given up. The messages in the dead-letter queue say what; the alarm ends '
      + 'when it is purged.',
  });
  const age = queue?.metricApproximateAgeOfOldestMessage({ period: QUEUE_PERIOD, statistic: 'Maximum' });
  return age === undefined ? [givenUp] : [givenUp, alarm(scope, 'Lag', age, lag.toSeconds(), {
    evaluationPeriods: 1,
    alarmDescription: 'pgquerylens: polls lag behind. Raise maxConcurrency, or look which servers are slow.',
  })];
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

/** Makes the dashboard: a row for each function, one for its failures and for what was given up, one for the queue. */
export function makeDashboard(scope: Construct, watched: Watched): cloudwatch.Dashboard {
  const { functions, failures, queue, deadLetterQueue } = watched;
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(3) });
  for (const [id, function_] of Object.entries(functions)) {
    dashboard.addWidgets(
      graph(`${id}: invocations`, function_.metricInvocations(), function_.metricErrors(), function_.metricThrottles()),
      graph(`${id}: time`, function_.metricDuration({ statistic: 'p50' }), function_.metricDuration({ statistic: 'max' })),
    );
  }
  dashboard.addWidgets(
    graph('Servers not polled, found not delivered, accounts not searched', ...Object.values(failures)),
    graph('Given up', deadLetterQueue.metricApproximateNumberOfMessagesVisible()),
  );
  if (queue) {
    dashboard.addWidgets(
      graph('Queue: waiting', queue.metricApproximateNumberOfMessagesVisible()),
      graph('Queue: age of the oldest', queue.metricApproximateAgeOfOldestMessage()),
    );
  }
  return dashboard;
}

function graph(title: string, ...left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: 12, leftYAxis: { min: 0 } });
}
