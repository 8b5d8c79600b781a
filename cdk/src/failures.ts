// Failures of single servers: they fail no invocation and bring no message again, but the functions' logs tell of each.
// Here those lines become a metric for each function.

import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { Made } from './function';
import { PgQueryLensPollerProps } from './props';

const NAMESPACE = 'pgquerylens/functions';

/** What lines say, in the program's own words. */
const OF_A_POLL = ['poll failed', 'delivery in trouble'];
const OF_A_LOOK = ['not looked', 'not sent'];

/** Tells whether lines can be counted: a line for people has no fields. */
export function areCounted({ options }: PgQueryLensPollerProps): boolean {
  return options?.logFormat !== 'text';
}

/** Counts the lines of who polls, and returns the metric. */
export function failedPolls(scope: Construct, id: string, made: Made): cloudwatch.Metric {
  return counted(scope, id, made, OF_A_POLL);
}

/** Counts the lines of who looks for servers, and returns the metric. */
export function failedLooks(scope: Construct, id: string, made: Made): cloudwatch.Metric {
  return counted(scope, id, made, OF_A_LOOK);
}

function counted(scope: Construct, id: string, { handler, logGroup }: Made, words: readonly string[]): cloudwatch.Metric {
  const says = words.map((word) => logs.FilterPattern.stringValue('$.message', '=', word));
  // Without a default it costs nothing while nothing fails.
  const filter = new logs.MetricFilter(scope, `${id}FailedLines`, {
    logGroup,
    filterPattern: logs.FilterPattern.any(...says),
    metricNamespace: NAMESPACE,
    metricName: `${handler.functionName}-failures`,
    metricValue: '1',
  });
  return filter.metric({ statistic: 'Sum' });
}
