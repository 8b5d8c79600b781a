// What a fleet is found by. What it means is decided by the function; here it is named, and allowed.

import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

import { AssumedRole, assumeStatements } from './accounts';

/** The engines that are PostgreSQL. */
export const ENGINES: readonly string[] = ['postgres', 'aurora-postgresql'];

/** The role of the databases that polls log in as, where nothing else is said. */
export const DEFAULT_USER = 'pgquerylens';

/**
 * Which databases are polled, where they are found rather than named.
 */
export interface PgQueryLensDiscovery {
  /**
   * Tags that an instance or its cluster must have, all of them: values by key, with `*` and `?`. `*` is any value.
   *
   * @default - every instance of the engines
   */
  readonly tags?: { [key: string]: string };

  /**
   * The regions that are searched.
   *
   * @default - the region of the stack
   */
  readonly regions?: string[];

  /**
   * The engines that are polled: `postgres`, `aurora-postgresql`.
   *
   * @default - both
   */
  readonly engines?: string[];

  /**
   * The ARNs of roles in other accounts that are searched as well. Both functions assume them. Each must trust the
   * functions' roles, and allow rds:DescribeDBInstances, rds:DescribeDBClusters and rds-db:connect.
   *
   * @default - the account of the stack alone
   */
  readonly roleArns?: string[];

  /**
   * The external id that those roles want. It is no secret.
   *
   * @default - none
   */
  readonly externalId?: string;

  /**
   * The role of the databases that polls log in as, where no tag of an instance names another (`databaseUsers`).
   *
   * @default 'pgquerylens'
   */
  readonly user?: string;

  /**
   * The database that is connected to.
   *
   * @default 'postgres'
   */
  readonly database?: string;

  /**
   * Names of instances or clusters, with `*` and `?`: only what has one of them is polled.
   *
   * @default - all
   */
  readonly include?: string[];

  /**
   * Names of instances or clusters, with `*` and `?`, that are not polled. They win over `include`.
   *
   * @default - none
   */
  readonly exclude?: string[];
}

/** Returns the variables that say it to the dispatcher. */
export function discoveryEnvironment(discovery: PgQueryLensDiscovery): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    PGQUERYLENS_DISCOVER_TAG: listed(tagsOf(discovery)),
    PGQUERYLENS_DISCOVER_REGION: listed(discovery.regions),
    PGQUERYLENS_DISCOVER_ENGINE: listed(discovery.engines),
    PGQUERYLENS_DISCOVER_ROLE: listed(discovery.roleArns),
    PGQUERYLENS_DISCOVER_EXTERNAL_ID: discovery.externalId,
    PGQUERYLENS_DISCOVER_USER: discovery.user ?? DEFAULT_USER,
    PGQUERYLENS_DISCOVER_DATABASE: discovery.database,
    PGQUERYLENS_DISCOVER_INCLUDE: listed(discovery.include),
    PGQUERYLENS_DISCOVER_EXCLUDE: listed(discovery.exclude),
  };
  const said = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(said);
}

/** Returns the tags as elements of a list. */
export function tagsOf({ tags = {} }: PgQueryLensDiscovery): string[] {
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`);
}

function listed(values: string[] | undefined): string | undefined {
  return values && values.length > 0 ? values.join(',') : undefined;
}

/** Returns what the dispatcher needs to look at instances. */
export function searchStatements(stack: Stack, discovery: PgQueryLensDiscovery): iam.PolicyStatement[] {
  // Which instances there are is what it asks, so no name can stand here. It reads descriptions and nothing else.
  const everyOne = (resource: string) => regionsOf(stack, discovery).map((region) => stack.formatArn({
    service: 'rds', region, resource, resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  }));
  const allow = (sid: string, action: string, resources: string[]) =>
    new iam.PolicyStatement({ sid, actions: [action], resources });
  return [
    allow('FindInstances', 'rds:DescribeDBInstances', everyOne('db')),
    allow('FindClusters', 'rds:DescribeDBClusters', everyOne('cluster')),
    ...assumeStatements(rolesOf(discovery)),
  ];
}

/** Returns what the worker needs to log in at whatever was found: as these users, at these resources of these regions. */
export function loginStatements(
  stack: Stack, discovery: PgQueryLensDiscovery, databaseUsers: readonly string[], resourceIds: readonly string[],
): iam.PolicyStatement[] {
  const users = [...new Set([discovery.user ?? DEFAULT_USER, ...databaseUsers])];
  const resources = regionsOf(stack, discovery).flatMap((region) =>
    resourceIds.flatMap((id) => users.map((user) => connectArn(stack, region, id, user))));
  const login = new iam.PolicyStatement({ sid: 'LogIn', actions: ['rds-db:connect'], resources });
  return [login, ...assumeStatements(rolesOf(discovery))];
}

/** Returns the regions that are searched, in which the servers are then. */
export function regionsOf(stack: Stack, { regions = [] }: PgQueryLensDiscovery): string[] {
  return regions.length > 0 ? regions : [stack.region];
}

function rolesOf({ roleArns = [], externalId }: PgQueryLensDiscovery): AssumedRole[] {
  return roleArns.map((roleArn) => ({ roleArn, externalId }));
}

/** Returns what rds-db:connect is allowed on: a user at an instance, by the instance's or cluster's resource id. */
export function connectArn(stack: Stack, region: string, resourceId: string, user: string): string {
  const parts = { service: 'rds-db', region, resource: 'dbuser', resourceName: `${resourceId}/${user}` };
  return Arn.format({ ...parts, arnFormat: ArnFormat.COLON_RESOURCE_NAME }, stack);
}
