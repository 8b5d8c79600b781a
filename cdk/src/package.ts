// The program of the function: a zip with `bootstrap` in it, on this machine or in a bucket.

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';

import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';

/** What is known of a package before it is used. Absent is what cannot be known. */
export interface PackageFacts {
  /** The file, if it is on this machine. */
  readonly path?: string;
  /** Whether the file is there. */
  readonly exists?: boolean;
  /** What the file's SHA-256 is, in hexadecimal digits. */
  readonly found?: string;
  /** What the SHA-256 should be, in hexadecimal digits. */
  readonly sha256?: string;
}

/** What may be said of a zip on this machine. */
export interface PgQueryLensZipPackageOptions {
  /**
   * The SHA-256 that the file must have, in 64 hexadecimal digits.
   *
   * @default - the file is taken as it is
   */
  readonly sha256?: string;
}

/** What may be said of a zip in a bucket. */
export interface PgQueryLensBucketPackageOptions {
  /**
   * The SHA-256 of the zip, in 64 hexadecimal digits. The deployment fails if the zip has another.
   */
  readonly sha256: string;

  /**
   * The version of the object.
   *
   * @default - the latest; then each release needs a key of its own
   */
  readonly objectVersion?: string;
}

/**
 * The program that the functions run: a zip with `bootstrap` in it, built for one architecture.
 */
export abstract class PgQueryLensPackage {
  /**
   * Returns a package from a zip on this machine, which is uploaded with the stack's assets.
   *
   * @param path the file, from the folder in which the app runs
   * @param options what the file has to be
   */
  public static fromZip(path: string, options: PgQueryLensZipPackageOptions = {}): PgQueryLensPackage {
    return new ZipPackage(path, options.sha256);
  }

  /**
   * Returns a package from a zip in a bucket of the stack's region.
   *
   * @param bucket the bucket
   * @param key the object in it
   * @param options what the object has to be
   */
  public static fromBucket(
    bucket: s3.IBucket, key: string, options: PgQueryLensBucketPackageOptions,
  ): PgQueryLensPackage {
    return new BucketPackage(bucket, key, options);
  }

  /**
   * The SHA-256 that the service has to find, in hexadecimal digits.
   *
   * @internal
   */
  public abstract readonly _promised: string | undefined;

  /**
   * Returns what is known before the package is used.
   *
   * @internal
   */
  public abstract _facts(): PackageFacts;

  /**
   * Returns the package as the CDK wants it.
   *
   * @internal
   */
  public abstract _code(): lambda.Code;
}

class ZipPackage extends PgQueryLensPackage {
  // The CDK uploads under the hash of what it read, so there is nothing left for the service to hold it against.
  public readonly _promised = undefined;

  public constructor(private readonly path: string, private readonly sha256: string | undefined) {
    super();
  }

  public _facts(): PackageFacts {
    const exists = fs.statSync(this.path, { throwIfNoEntry: false })?.isFile() ?? false;
    const isHeld = exists && this.sha256 !== undefined;
    const found = isHeld ? createHash('sha256').update(fs.readFileSync(this.path)).digest('hex') : undefined;
    return { path: this.path, exists, found, sha256: this.sha256 };
  }

  public _code(): lambda.Code {
    return lambda.Code.fromAsset(this.path);
  }
}

class BucketPackage extends PgQueryLensPackage {
  public readonly _promised: string;

  public constructor(
    private readonly bucket: s3.IBucket, private readonly key: string,
    private readonly options: PgQueryLensBucketPackageOptions,
  ) {
    super();
    this._promised = options.sha256;
  }

  public _facts(): PackageFacts {
    return { sha256: this.options.sha256 };
  }

  public _code(): lambda.Code {
    return lambda.Code.fromBucketV2(this.bucket, this.key, { objectVersion: this.options.objectVersion });
  }
}
