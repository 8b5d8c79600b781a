// The examples, run as the CDK's command runs an app. Their templates stay in cdk.out, where cfn-lint looks at them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

import { zip } from './stacks';

const ROOT = path.join(__dirname, '..');
const EXAMPLES = fs.readdirSync(path.join(ROOT, 'examples')).filter((file) => file.endsWith('.ts'));

/** Runs an example and returns its templates. */
function synthesised(example: string): any[] {
  const name = path.basename(example, '.ts');
  const out = path.join(ROOT, 'cdk.out', name);
  fs.rmSync(out, { recursive: true, force: true });
  execFileSync(process.execPath, [path.join(ROOT, 'examples', `${name}.js`)], {
    cwd: path.dirname(zip()), env: { ...process.env, CDK_OUTDIR: out }, stdio: ['ignore', 'inherit', 'inherit'],
  });
  const templates = fs.readdirSync(out).filter((file) => file.endsWith('.template.json'));
  return templates.map((file) => JSON.parse(fs.readFileSync(path.join(out, file), 'utf8')));
}

test('there are examples', () => assert.ok(EXAMPLES.length >= 3));

for (const example of EXAMPLES) {
  test(`${example} makes a stack with a schedule`, () => {
    const templates = synthesised(example);
    assert.equal(templates.length, 1);
    const types = Object.values(templates[0].Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
    assert.ok(types.includes('AWS::Scheduler::Schedule'));
  });
}

test('what the README shows are examples, and short ones', () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/```ts\n([^`]*)```/g)].map(([, code]) => code);
  const examples = EXAMPLES.map((file) => fs.readFileSync(path.join(ROOT, 'examples', file), 'utf8'));
  assert.equal(shown.length, 2);
  for (const code of shown) {
    assert.ok(examples.includes(code), code);
    assert.ok(code.trimEnd().split('\n').length < 15);
  }
});

test('the README names every property of the poller', () => {
  const assembly = JSON.parse(fs.readFileSync(path.join(ROOT, '.jsii'), 'utf8'));
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const properties = assembly.types['pgquerylens-cdk.PgQueryLensPollerProps'].properties as { name: string }[];
  assert.ok(properties.length > 15);
  assert.deepEqual(properties.map(({ name }) => name).filter((name) => !readme.includes(`\`${name}\``)), []);
});
