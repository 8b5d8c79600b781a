// The table of options and the interface that stands beside it, held against each other.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

import { optionsEnvironment } from '../lib/environment';
import { OPTIONS } from '../lib/options';

interface Property { readonly name: string; readonly optional?: boolean; readonly type: any; readonly docs: any }

const ASSEMBLY = JSON.parse(fs.readFileSync(path.join(__dirname, '..', '.jsii'), 'utf8'));
const PROPERTIES: Property[] = ASSEMBLY.types['pgquerylens-cdk.PgQueryLensOptions'].properties;

test('the table and the interface have the same options', () => {
  assert.deepEqual(OPTIONS.map(({ property }) => property).sort(), PROPERTIES.map(({ name }) => name).sort());
});

test('an option is of the type that its kind wants', () => {
  const types: Record<string, string> = { count: 'number', flag: 'boolean', list: 'array', labels: 'map' };
  for (const { name, type } of PROPERTIES) {
    const kind = OPTIONS.find(({ property }) => property === name)?.kind ?? '';
    assert.equal(type.primitive ?? type.collection.kind, types[kind] ?? 'string', name);
  }
});

test('every option can be left out', () => {
  assert.deepEqual(PROPERTIES.filter(({ optional }) => !optional), []);
});

test('every property says what it is, and what holds without it', () => {
  const structs = Object.values(ASSEMBLY.types as Record<string, any>).filter(({ datatype }) => datatype);
  assert.ok(structs.length > 5);
  for (const { name: struct, properties } of structs) {
    for (const { name, optional, docs } of properties as Property[]) {
      assert.ok(docs?.summary && (!optional || docs.default), `${struct}.${name}`);
    }
  }
});

test('variables are ours or those of OpenTelemetry, and each says one option', () => {
  const variables = OPTIONS.map(({ variable }) => variable);
  assert.equal(new Set(variables).size, variables.length);
  assert.deepEqual(variables.filter((variable) => !/^(PGQUERYLENS|OTEL)_[A-Z_]+$/.test(variable)), []);
});

test('a choice has words, and nothing else has', () => {
  assert.deepEqual(OPTIONS.filter(({ kind, words }) => (kind === 'choice') !== (words !== undefined)), []);
});

test('values are written as the environment wants them', () => {
  for (const row of OPTIONS) {
    const value = { count: 7, flag: false, list: ['a', 'b'], labels: { a: 'b & c', d: 'e' } }[row.kind as string] ?? '7s';
    const written = { list: 'a,b', labels: 'a=b%20%26%20c,d=e' }[row.kind as string] ?? String(value);
    assert.deepEqual(optionsEnvironment({ [row.property]: value }), { [row.variable]: written });
  }
});
