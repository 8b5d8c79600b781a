// One server or cluster that is polled by name: how it is reached, and what the function needs for that.

import { Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';

import { connectArn, DEFAULT_USER } from './discovery';

/** One server as the schedule tells it to the function. */
export interface ScheduledTarget {
  readonly connection: string;
  readonly name?: string;
}

/** What is known of a target before it is used. */
export interface TargetFacts {
  /** Its servers: one for an instance, one for each instance of a cluster. */
  readonly servers: readonly ScheduledTarget[];
  /** The user that logs in, if it is known. */
  readonly user?: string;
  /** The resource id that rds-db:connect is granted on, if there is one. */
  readonly resourceId?: string;
  /** What is missing, and what to write instead. */
  readonly mistakes: readonly string[];
}

/** What may be said of a connection. */
export interface PgQueryLensConnectionOptions {
  /**
   * What the server is called in what is exported and in the state.
   *
   * @default - `host:port/database`
   */
  readonly name?: string;

  /**
   * The resource id of the instance (`db-ABC…`), cluster (`cluster-ABC…`) or proxy (`prx-0a1b…`). With it the function
   * may log in there by IAM, as the user of the connection.
   *
   * @default - nothing is granted
   */
  readonly resourceId?: string;
}

/** What may be said of an instance or a cluster of the app. */
export interface PgQueryLensDatabaseOptions {
  /**
   * What the server is called in what is exported and in the state. Of a cluster with more than one instance each has
   * this name and its number: `shop-1`, `shop-2`.
   *
   * @default - `host:port/database`
   */
  readonly name?: string;

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
    const servers = [named(this.connection, name)];
    return { servers, user: userOf(this.connection), resourceId, mistakes: [] };
  }

  public _admit(poller: lambda.Function): void {
    const { resourceId, user } = this._facts();
    if (resourceId === undefined || user === undefined) {
      return;
    }
    const stack = Stack.of(poller);
    const arn = connectArn(stack, regionOf(this.connection) ?? stack.region, resourceId, user);
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
    const resourceId = this.instance.instanceResourceId;
    const missing = `the instance ${this.instance.node.path} has no resource id, which its user is allowed by: `
      + 'give instanceResourceId where it is imported';
    const servers = [named(connectionTo(this.instance.instanceEndpoint, this.options), name)];
    return { servers, user, resourceId, mistakes: resourceId === undefined ? [missing] : [] };
  }

  public _admit(poller: lambda.Function): void {
    this.instance.grantConnect(poller, this.options.user ?? DEFAULT_USER);
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
    const resourceId = known(() => this.cluster.clusterResourceIdentifier);
    if (resourceId === undefined) {
      mistakes.push(`${about} has no resource id, which its user is allowed by: `
        + 'give clusterResourceIdentifier where it is imported');
    }
    if (hasNoTokens(this.cluster)) {
      mistakes.push(`${about} takes no tokens of IAM: write iamAuthentication: true where it is made`);
    }
    const endpoints = known(() => this.cluster.instanceEndpoints) ?? [];
    if (endpoints.length === 0) {
      mistakes.push(`${about} names no endpoint of an instance: `
        + 'give instanceEndpointAddresses, instanceIdentifiers and port where it is imported');
    }
    const numbered = (index: number) => (name !== undefined && endpoints.length > 1 ? `${name}-${index + 1}` : name);
    const servers = endpoints.map((endpoint, index) => named(connectionTo(endpoint, this.options), numbered(index)));
    return { servers, user, resourceId, mistakes };
  }

  public _admit(poller: lambda.Function): void {
    this.cluster.grantConnect(poller, this.options.user ?? DEFAULT_USER);
    openTo(poller, this.cluster);
  }
}

function named(connection: string, name: string | undefined): ScheduledTarget {
  return name === undefined ? { connection } : { connection, name };
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
