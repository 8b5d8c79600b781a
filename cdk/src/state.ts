// The bucket in which state is kept, and what a function needs of it.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { PgQueryLensPollerProps } from './props';

const DEFAULT_PREFIX = 'pgquerylens';
/** What an operator has said (stop) is smaller, and no age of it counts. */
const LARGER_THAN_BYTES = 16_384;

/** Makes the bucket. It outlives the stack: with the state the figures between two polls would be gone. */
export function makeStateBucket(scope: Construct, props: PgQueryLensPollerProps): s3.Bucket {
  const { encryptionKey } = props;
  return new s3.Bucket(scope, 'State', {
    encryption: encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
    encryptionKey,
    bucketKeyEnabled: encryptionKey && true,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    lifecycleRules: [
      { id: 'UploadsThatWereNotFinished', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ...leftBehind(props),
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

/** Texts and plans of living servers are written only when there are new ones: no age is wrong unless somebody says so. */
function leftBehind({ stateExpiration, statePrefix }: PgQueryLensPollerProps): s3.LifecycleRule[] {
  return stateExpiration === undefined ? [] : [{
    id: 'LeftBehind',
    prefix: `${statePrefix ?? DEFAULT_PREFIX}/`,
    objectSizeGreaterThan: LARGER_THAN_BYTES,
    expiration: stateExpiration,
  }];
}

/** Lets a function keep state there, and returns the variable that says where. */
export function keepState(bucket: s3.IBucket, prefix: string | undefined, function_: iam.IGrantable): string {
  const place = prefix ?? DEFAULT_PREFIX;
  const allow = (sid: string, actions: string[], resource: string) =>
    function_.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource] }));
  allow('State', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], bucket.arnForObjects(`${place}/*`));
  // Without it S3 calls an object forbidden that is only missing. No condition on s3:prefix: who reads an object names no
  // prefix, so that it would never hold then.
  allow('StateList', ['s3:ListBucket'], bucket.bucketArn);
  bucket.encryptionKey?.grant(function_, 'kms:Decrypt', 'kms:GenerateDataKey');
  return `s3://${bucket.bucketName}/${place}`;
}
