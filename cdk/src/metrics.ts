// What AWS is asked for of its servers, besides what they tell themselves, of their machines and their logs: the rights that
// it takes.

import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

import { PgQueryLensPollerProps } from './props';

/** The sources of `awsMetrics`, each with the service that answers. */
const SERVICES: Readonly<Record<string, string>> = {
  'cloudwatch': 'monitoring',
  'enhanced-monitoring': 'logs',
  'performance-insights': 'pi',
};

/** The sources that there are. */
export const SOURCES = Object.keys(SERVICES);

/** What AWS is asked for, of any server. */
export interface Asked {
  readonly awsMetrics: readonly string[];
  readonly awsLogs: boolean;
}

/** Returns what is asked for of all servers, of those that are named, and of those that may say so by a tag. */
export function askedBy(props: PgQueryLensPollerProps): Asked {
  const ofTargets = (props.targets ?? []).map((target) => target._facts().options);
  const said = [props.options ?? {}, ...ofTargets];
  return {
    awsMetrics: [...said.flatMap(({ awsMetrics = [] }) => awsMetrics), ...(props.allowAwsMetrics ?? [])],
    awsLogs: said.some(({ awsLogs }) => awsLogs === true) || props.allowAwsLogs === true,
  };
}

/** Returns what of AWS the poller asks, by the names of its endpoints. */
export function servicesOf({ awsMetrics, awsLogs }: Asked): string[] {
  const services = Object.entries(SERVICES).filter(([source]) => awsMetrics.includes(source)).map(([, service]) => service);
  return services.length > 0 || awsLogs ? [...services, 'rds'] : [];
}

/** Returns what is allowed for what is asked, in these regions: nothing that `awsMetrics` and `awsLogs` do not name. */
export function metricsStatements(
  stack: Stack, { awsMetrics, awsLogs }: Asked, regions: readonly string[],
): iam.PolicyStatement[] {
  const arns = (service: string, resource: string, resourceName: string, arnFormat = ArnFormat.COLON_RESOURCE_NAME) =>
    regions.map((region) => stack.formatArn({ service, region, resource, resourceName, arnFormat }));
  const allow = (sid: string, action: string | string[], resources: string[]) =>
    new iam.PolicyStatement({ sid, actions: [action].flat(), resources });
  const asked = (source: string, statement: () => iam.PolicyStatement) => (awsMetrics.includes(source) ? [statement()] : []);
  const statements = [
    // It knows no resources.
    ...asked('cloudwatch', () => allow('Metrics', 'cloudwatch:GetMetricData', ['*'])),
    // A stream is called by the resource id of its instance.
    ...asked('enhanced-monitoring', () =>
      allow('EnhancedMonitoring', 'logs:GetLogEvents', arns('logs', 'log-group', 'RDSOSMetrics:log-stream:*'))),
    // An instance has its own resource id here, never that of its cluster.
    ...asked('performance-insights', () =>
      allow('PerformanceInsights', 'pi:GetResourceMetrics', arns('pi', 'metrics', 'rds/*', ArnFormat.SLASH_RESOURCE_NAME))),
  ];
  const instances = arns('rds', 'db', '*');
  return [
    ...statements,
    ...(statements.length > 0 ? [allow('Instance', 'rds:DescribeDBInstances', instances)] : []),
    ...(awsLogs ? [allow('ServerLogs', ['rds:DescribeDBLogFiles', 'rds:DownloadDBLogFilePortion'], instances)] : []),
  ];
}
