// Secrets that the function reads when it logs in or sends: their values are nowhere but there.

import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Lets a function read a secret. A key of a secret is used by the service in the secret's own region. */
export function letRead(secret: secretsmanager.ISecret, reader: lambda.Function): void {
  secret.grantRead(reader);
  const { region } = secret.env;
  if (secret.encryptionKey && region !== Stack.of(secret).region) {
    reader.addToRolePolicy(new iam.PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [secret.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.${Stack.of(reader).urlSuffix}` } },
    }));
  }
}
