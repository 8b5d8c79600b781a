// The whole templates of both shapes, as they were last looked at. UPDATE_EXPECT=1 writes them anew.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

import * as s3 from 'aws-cdk-lib/aws-s3';
import { Template } from 'aws-cdk-lib/assertions';
import { PgQueryLensPackage } from 'pgquerylens-cdk';

import { direct, fleet } from './stacks';

function check(name: string, template: Template) {
  const file = path.join(__dirname, 'snapshots', `${name}.json`);
  const now = `${JSON.stringify(withoutHashes(template.toJSON()), undefined, 2)}\n`;
  if (process.env.UPDATE_EXPECT === '1') {
    fs.writeFileSync(file, now);
  }
  const [line, was, is] = firstDifference(fs.readFileSync(file, 'utf8'), now);
  assert.equal(is, was, `${name}.json changed at line ${line}: look at it, then write it with UPDATE_EXPECT=1`);
}

/** Returns the first line that differs, counted from 1, as it was and as it is. */
function firstDifference(before: string, after: string): [number, string?, string?] {
  const [was, is] = [before.split('\n'), after.split('\n')];
  const index = is.findIndex((line, at) => line !== was[at]);
  const at = index < 0 ? is.length : index;
  return [at + 1, was[at], is[at]];
}

/** What an asset or a version is called follows from what is in it, and in which release of the CDK it was made. */
function withoutHashes(template: unknown): unknown {
  const text = JSON.stringify(template);
  return JSON.parse(text
    .replace(/[0-9a-f]{64}\.zip/g, 'HASH.zip')
    .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1HASH'));
}

test('a direct poller', () => check('direct', direct().template));

test('a fleet', () => check('fleet', fleet((stack) => ({
  package: PgQueryLensPackage.fromBucket(s3.Bucket.fromBucketName(stack, 'Releases', 'releases'), 'x86_64.zip', {
    sha256: '00'.repeat(32),
  }),
})).template));
