// Stacks with a poller in each shape, for the tests: the least that each takes, and whatever a test adds.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PgQueryLensPackage, PgQueryLensPoller, PgQueryLensPollerProps, PgQueryLensTarget } from 'pgquerylens-cdk';

export const CONNECTION = 'postgresql://pgquerylens@db1.abc123.eu-west-1.rds.amazonaws.com:5432/shop';

/** Returns a file that stands for the package. Nothing here opens it. */
export function zip(): string {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'pgquerylens-cdk-')), 'pgquerylens.zip');
  fs.writeFileSync(file, 'a zip');
  process.once('exit', () => fs.rmSync(path.dirname(file), { recursive: true, force: true }));
  return file;
}

const ZIP = zip();

export function aStack(): Stack {
  return new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
}

/** What is added to the least, or taken away from it. */
export type Changes = Partial<PgQueryLensPollerProps> | ((stack: Stack) => Partial<PgQueryLensPollerProps>);

/** Returns a stack in which one function polls what is named. */
export function direct(changes: Changes = {}): { poller: PgQueryLensPoller; template: Template; stack: Stack } {
  return made({ targets: [PgQueryLensTarget.fromConnection(CONNECTION, { resourceId: 'db-ABC' })] }, changes);
}

/** Returns a stack in which servers are found and polled over a queue. */
export function fleet(changes: Changes = {}): { poller: PgQueryLensPoller; template: Template; stack: Stack } {
  return made({ discovery: { tags: { monitoring: 'pgquerylens' } } }, changes);
}

function made(least: Partial<PgQueryLensPollerProps>, changes: Changes) {
  const stack = aStack();
  const changed = typeof changes === 'function' ? changes(stack) : changes;
  const props = { package: PgQueryLensPackage.fromZip(ZIP), ...least, ...changed };
  const poller = new PgQueryLensPoller(stack, 'Poller', props);
  return { poller, template: Template.fromStack(stack), stack };
}

/** Returns the one resource of a kind whose logical id begins so. */
export function resource(template: Template, type: string, start: string): { Properties: any; [key: string]: any } {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(start));
  if (found.length !== 1) {
    throw new Error(`${found.length} resources ${type} begin with ${start}`);
  }
  return found[0][1] as { Properties: any };
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Returns the statements of every policy in a template, whatever it belongs to, with the id of that. */
export function statements(template: Template): (Statement & { owner: string })[] {
  const documents = (value: unknown): any[] => {
    if (typeof value !== 'object' || value === null) {
      return [];
    }
    const inner = Object.values(value).flatMap(documents);
    return 'Statement' in value ? [value, ...inner] : inner;
  };
  return Object.entries(template.toJSON().Resources as Record<string, unknown>).flatMap(([owner, resource]) =>
    documents(resource).flatMap(({ Statement }) => Statement.map((statement: Statement) => ({ ...statement, owner }))));
}

export function actionsOf(statement: Statement): string[] {
  return [statement.Action].flat();
}
