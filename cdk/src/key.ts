// A key of the user's own, for everything that lies anywhere: who may use it.

import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** Lets somebody read and write what the key encrypts. */
export function letUse(key: kms.IKey | undefined, who: iam.IGrantable): void {
  key?.grant(who, 'kms:Decrypt', 'kms:GenerateDataKey');
}

/** Lets CloudWatch Logs encrypt lines. Of a key that is imported its own policy has to say it. */
export function letLogsUse(key: kms.IKey | undefined, scope: Construct): void {
  const service = new iam.ServicePrincipal(`logs.${Stack.of(scope).region}.amazonaws.com`);
  key?.grant(
    service, 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo',
  );
}
