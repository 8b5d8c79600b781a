import { App, Stack } from 'aws-cdk-lib';
import { PgQueryLensPackage, PgQueryLensPoller } from 'pgquerylens-cdk';

const stack = new Stack(new App(), 'Monitoring');
new PgQueryLensPoller(stack, 'Poller', {
  package: PgQueryLensPackage.fromZip('pgquerylens.zip'),
  discovery: { tags: { monitoring: 'pgquerylens' }, regions: ['eu-west-1', 'eu-central-1'] },
  options: { otlpEndpoint: 'https://otlp.example.com:4318' },
});
