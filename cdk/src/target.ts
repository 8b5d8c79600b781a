// One server or cluster that is polled by name: how it is reached, and what the function needs for that.

import { Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';

import { assumeStatements } from './accounts';
import { connectArn, DEFAULT_USER } from './discovery';
import { letRead } from './secrets';
import { PgQueryLensServerOptions, SERVER_OPTIONS } from './server-options';

/** One server as the schedule tells it to the function, by the keys of a configuration file. */
export interface ScheduledTarget {
  readonly connection: string;
  readonly name?: string;
  readonly [key: string]: unknown;
}

/** What is known of a target before it is used. */
export interface TargetFacts {
  /** Its servers: one for an instance, one for each instance of a cluster. */
  readonly servers: readonly ScheduledTarget[];
  /** The user that logs in, if it is known. */
  readonly user?: string;
  /** The resource id that rds-db:connect is granted on, if there is one. */
  readonly resourceId?: string;
  /** The region that it is in, if that is known. */
  readonly region?: string;
  /** What was said of it alone. */
  readonly options: PgQueryLensServerOptions;
  readonly passwordSecret?: secretsmanager.ISecret;
  readonly passwordParameter?: ssm.IParameter;
  /** What is missing, and what to write instead. */
  readonly mistakes: readonly string[];
}

/** What may be said of every target. */
export interface PgQueryLensTargetOptions {
  /**
   * What the server is called in what is exported and in the state. Of a cluster with more than one instance each has
   * this name and its number: `shop-1`, `shop-2`.
   *
   * @default - `host:port/database`
   */
  readonly name?: string;

  /**
   * Options of this server, where they are others than those of the poller.
   *
   * @default - those of the poller
   */
  readonly options?: PgQueryLensServerOptions;

  /**
   * A secret with the password, for a server that cannot use IAM: the text itself, or JSON with a field `password`, as
   * RDS writes it. The function reads it at each login.
   *
   * @default - the function logs in by IAM
   */
  readonly passwordSecret?: secretsmanager.ISecret;

  /**
   * A parameter of Parameter Store with the password, for a server that cannot use IAM.
   *
   * @default - the function logs in by IAM
   */
  readonly passwordParameter?: ssm.IParameter;
}

/** What may be said of a connection. */
export interface PgQueryLensConnectionOptions extends PgQueryLensTargetOptions {
  /**
   * The resource id of the instance (`db-ABC…`), cluster (`cluster-ABC…`) or proxy (`prx-0a1b…`). With it the function
   * may log in there by IAM, as the user of the connection.
   *
   * @default - nothing is granted
   */
  readonly resourceId?: string;
}

/** What may be said of an instance or a cluster of the app. */
export interface PgQueryLensDatabaseOptions extends PgQueryLensTargetOptions {
  /**
   * The role of the database that polls log in as.
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
}

/**
 * A server, or the instances of a cluster, that is polled by name.
 */
export abstract class PgQueryLensTarget {
  /**
   * Returns a target from a connection string. It holds no password: it can be read in the schedule.
   *
   * @param connection as `postgresql://user@host:5432/database`
   * @param options its name, and what is granted
   */
  public static fromConnection(connection: string, options: PgQueryLensConnectionOptions = {}): PgQueryLensTarget {
    return new ConnectionTarget(connection, options);
  }

  /**
   * Returns a target from an instance of RDS. The function may log in there by IAM as the user, which switches IAM
   * authentication on if nothing is said of it; in a VPC the instance's security groups let it in.
   *
   * @param instance the instance; an imported one needs its `instanceResourceId`
   * @param options how it is logged in there
   */
  public static fromDatabaseInstance(
    instance: rds.IDatabaseInstance, options: PgQueryLensDatabaseOptions = {},
  ): PgQueryLensTarget {
    return new InstanceTarget(instance, options);
  }

  /**
   * Returns a target from the instances of an Aurora or Multi-AZ cluster, each by its own endpoint. The function may log
   * in there by IAM as the user, for which the cluster has `iamAuthentication`; in a VPC the cluster's security groups let
   * it in. Replicas that Aurora adds by itself are not among them: `discovery` finds those.
   *
   * @param cluster the cluster; an imported one needs `clusterResourceIdentifier`, `instanceEndpointAddresses`,
   *   `instanceIdentifiers` and `port`
   * @param options how it is logged in there
   */
  public static fromDatabaseCluster(
    cluster: rds.IDatabaseCluster, options: PgQueryLensDatabaseOptions = {},
  ): PgQueryLensTarget {
    return new ClusterTarget(cluster, options);
  }

  /**
   * Returns what is known before the target is used.
   *
   * @internal
   */
  public abstract _facts(): TargetFacts;

  /**
   * Lets the function in.
   *
   * @internal
   */
  public abstract _admit(poller: lambda.Function): void;
}

class ConnectionTarget extends PgQueryLensTarget {
  public constructor(
    private readonly connection: string, private readonly options: PgQueryLensConnectionOptions,
  ) {
    super();
  }

  public _facts(): TargetFacts {
    const { name, resourceId } = this.options;
    const region = this.options.options?.awsRegion ?? regionOf(this.connection);
    const servers = [server(this.connection, name, this.options)];
    return { ...shared(this.options), servers, user: userOf(this.connection), resourceId, region, mistakes: [] };
  }

  public _admit(poller: lambda.Function): void {
    const { resourceId, user, region } = this._facts();
    admitShared(poller, this.options);
    if (resourceId === undefined || user === undefined || !usesIam(this.options)) {
      return;
    }
    const stack = Stack.of(poller);
    const arn = connectArn(stack, region ?? stack.region, resourceId, user);
    poller.addToRolePolicy(new iam.PolicyStatement({ actions: ['rds-db:connect'], resources: [arn] }));
  }
}

class InstanceTarget extends PgQueryLensTarget {
  public constructor(
    private readonly instance: rds.IDatabaseInstance, private readonly options: PgQueryLensDatabaseOptions,
  ) {
    super();
  }

  public _facts(): TargetFacts {
    const { user = DEFAULT_USER, name } = this.options;
    const resourceId = usesIam(this.options) ? this.instance.instanceResourceId : undefined;
    const isMissing = usesIam(this.options) && resourceId === undefined;
    const missing = `the instance ${this.instance.node.path} has no resource id, which its user is allowed by: `
      + 'give instanceResourceId where it is imported';
    const servers = [server(connectionTo(this.instance.instanceEndpoint, this.options), name, this.options)];
    const region = this.options.options?.awsRegion ?? this.instance.env.region;
    return { ...shared(this.options), servers, user, resourceId, region, mistakes: isMissing ? [missing] : [] };
  }

  public _admit(poller: lambda.Function): void {
    admitShared(poller, this.options);
    if (usesIam(this.options)) {
      this.instance.grantConnect(poller, this.options.user ?? DEFAULT_USER);
    }
    openTo(poller, this.instance);
  }
}

class ClusterTarget extends PgQueryLensTarget {
  public constructor(
    private readonly cluster: rds.IDatabaseCluster, private readonly options: PgQueryLensDatabaseOptions,
  ) {
    super();
  }

  public _facts(): TargetFacts {
    const { user = DEFAULT_USER, name } = this.options;
    const mistakes: string[] = [];
    const about = `the cluster ${this.cluster.node.path}`;
    const isByIam = usesIam(this.options);
    const resourceId = isByIam ? known(() => this.cluster.clusterResourceIdentifier) : undefined;
    if (isByIam && resourceId === undefined) {
      mistakes.push(`${about} has no resource id, which its user is allowed by: `
        + 'give clusterResourceIdentifier where it is imported');
    }
    if (isByIam && hasNoTokens(this.cluster)) {
      mistakes.push(`${about} takes no tokens of IAM: write iamAuthentication: true where it is made`);
    }
    const endpoints = known(() => this.cluster.instanceEndpoints) ?? [];
    if (endpoints.length === 0) {
      mistakes.push(`${about} names no endpoint of an instance: `
        + 'give instanceEndpointAddresses, instanceIdentifiers and port where it is imported');
    }
    const numbered = (index: number) => (name !== undefined && endpoints.length > 1 ? `${name}-${index + 1}` : name);
    const servers = endpoints.map((endpoint, index) =>
      server(connectionTo(endpoint, this.options), numbered(index), this.options));
    const region = this.options.options?.awsRegion ?? this.cluster.env.region;
    return { ...shared(this.options), servers, user, resourceId, region, mistakes };
  }

  public _admit(poller: lambda.Function): void {
    admitShared(poller, this.options);
    if (usesIam(this.options)) {
      this.cluster.grantConnect(poller, this.options.user ?? DEFAULT_USER);
    }
    openTo(poller, this.cluster);
  }
}

/** Returns a server by the keys of the configuration file. */
function server(connection: string, name: string | undefined, said: PgQueryLensTargetOptions): ScheduledTarget {
  const options: PgQueryLensServerOptions = said.options ?? {};
  const given = SERVER_OPTIONS.filter(({ property }) => options[property] !== undefined);
  return {
    connection,
    ...(name === undefined ? {} : { name }),
    ...passwordOf(said),
    ...Object.fromEntries(given.map(({ property, key }) => [key, options[property]])),
  };
}

/** Where the password lies. Who has one does not log in by a token. */
function passwordOf({ passwordSecret, passwordParameter }: PgQueryLensTargetOptions): object {
  if (passwordSecret) {
    return { auth: 'password', password: { 'aws-secret': passwordSecret.secretArn } };
  }
  return passwordParameter ? { auth: 'password', password: { 'aws-parameter': passwordParameter.parameterName } } : {};
}

function usesIam({ passwordSecret, passwordParameter, options }: PgQueryLensTargetOptions): boolean {
  return passwordSecret === undefined && passwordParameter === undefined && options?.auth !== 'password';
}

/** What is known of every target. */
function shared({ options = {}, passwordSecret, passwordParameter }: PgQueryLensTargetOptions) {
  return { options, passwordSecret, passwordParameter };
}

/** Lets the function read the password, and take on the role of another account. */
function admitShared(poller: lambda.Function, { options, passwordSecret, passwordParameter }: PgQueryLensTargetOptions): void {
  if (passwordSecret) {
    letRead(passwordSecret, poller);
  }
  passwordParameter?.grantRead(poller);
  if (options?.awsRole !== undefined) {
    const role = { roleArn: options.awsRole, externalId: options.awsExternalId };
    assumeStatements([role]).forEach((statement) => poller.addToRolePolicy(statement));
  }
}

function connectionTo(endpoint: rds.Endpoint, options: PgQueryLensDatabaseOptions): string {
  const user = encodeURIComponent(options.user ?? DEFAULT_USER);
  const database = encodeURIComponent(options.database ?? 'postgres');
  return `postgresql://${user}@${endpoint.socketAddress}/${database}`;
}

function openTo(poller: lambda.Function, database: ec2.IConnectable): void {
  if (poller.isBoundToVpc) {
    // From this side, so that the rules of a database of another stack stand in this one.
    poller.connections.allowToDefaultPort(database, 'pgquerylens polls');
  }
}

/** A cluster, unlike an instance, does not switch IAM authentication on when somebody is granted to log in by it. */
function hasNoTokens(cluster: rds.IDatabaseCluster): boolean {
  const made = cluster.node.defaultChild;
  return made instanceof rds.CfnDBCluster && !made.enableIamDatabaseAuthentication;
}

/** An imported cluster throws on what it was not told. */
function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Returns the user that a URL names, if it can be read. */
function userOf(connection: string): string | undefined {
  const user = parsed(connection)?.username;
  return user === undefined || user === '' ? undefined : decodeURIComponent(user);
}

function regionOf(connection: string): string | undefined {
  return /\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?$/.exec(parsed(connection)?.hostname ?? '')?.[1];
}

function parsed(connection: string): URL | undefined {
  return Token.isUnresolved(connection) || !URL.canParse(connection) ? undefined : new URL(connection);
}
