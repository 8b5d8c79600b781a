// The bucket in which state is kept, and what a function needs of it.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const DEFAULT_PREFIX = 'pgquerylens';

/** Makes the bucket. It outlives the stack: with the state the figures between two polls would be gone. */
export function makeStateBucket(scope: Construct): s3.Bucket {
  return new s3.Bucket(scope, 'State', {
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    lifecycleRules: [{ id: 'UploadsThatWereNotFinished', abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

/** Lets a function keep state there, and returns the variable that says where. */
export function keepState(bucket: s3.IBucket, prefix: string | undefined, function_: iam.IGrantable): string {
  const place = prefix ?? DEFAULT_PREFIX;
  const allow = (sid: string, actions: string[], resource: string) =>
    function_.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource] }));
  allow('State', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], bucket.arnForObjects(`${place}/*`));
  // On the whole bucket: under a condition on the prefix S3 would call forbidden what is only missing.
  allow('StateList', ['s3:ListBucket'], bucket.bucketArn);
  bucket.encryptionKey?.grant(function_, 'kms:Decrypt', 'kms:GenerateDataKey');
  return `s3://${bucket.bucketName}/${place}`;
}
