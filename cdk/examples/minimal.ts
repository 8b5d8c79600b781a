import { App, Stack } from 'aws-cdk-lib';
import { PgQueryLensPackage, PgQueryLensPoller, PgQueryLensTarget } from 'pgquerylens-cdk';

const stack = new Stack(new App(), 'Monitoring');
new PgQueryLensPoller(stack, 'Poller', {
  package: PgQueryLensPackage.fromZip('pgquerylens.zip'),
  targets: [PgQueryLensTarget.fromConnection(
    'postgresql://pgquerylens@db1.abc123.eu-west-1.rds.amazonaws.com:5432/shop',
    { resourceId: 'db-ABCDEFGHIJKLMNOP' },
  )],
  options: { otlpEndpoint: 'https://otlp.example.com:4318' },
});
