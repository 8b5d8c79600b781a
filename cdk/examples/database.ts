// An instance and an Aurora cluster of the same app, polled by one function in their VPC, which has no way out: the
// function reaches S3, and the collector beside it, from inside.

import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { PgQueryLensPackage, PgQueryLensPoller, PgQueryLensTarget } from 'pgquerylens-cdk';

const stack = new Stack(new App(), 'Shop');
const vpc = new ec2.Vpc(stack, 'Vpc', {
  natGateways: 0,
  subnetConfiguration: [{ name: 'inside', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
});
const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

const shop = new rds.DatabaseInstance(stack, 'ShopDatabase', {
  engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_18_1 }),
  backupRetention: Duration.days(7),
  iamAuthentication: true,
  storageEncrypted: true,
  vpc,
  vpcSubnets,
});
const orders = new rds.DatabaseCluster(stack, 'OrdersDatabase', {
  engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_17_7 }),
  backup: { retention: Duration.days(7) },
  iamAuthentication: true,
  storageEncrypted: true,
  vpc,
  vpcSubnets,
  writer: rds.ClusterInstance.serverlessV2('writer'),
  readers: [rds.ClusterInstance.serverlessV2('reader', { scaleWithWriter: true })],
});

new PgQueryLensPoller(stack, 'Poller', {
  package: PgQueryLensPackage.fromZip('pgquerylens.zip'),
  targets: [
    PgQueryLensTarget.fromDatabaseInstance(shop, { name: 'shop', database: 'shop' }),
    PgQueryLensTarget.fromDatabaseCluster(orders, { name: 'orders', database: 'orders', options: { allDatabases: true } }),
  ],
  options: { otlpEndpoint: 'http://collector.internal:4318' },
  vpc,
  vpcSubnets,
  vpcEndpoints: true,
});
