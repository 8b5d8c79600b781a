// From options to variables of the environment, by the table alone: no option has a name here.

import { Token } from 'aws-cdk-lib';

import { OPTIONS, OptionValue, PgQueryLensOptions } from './options';
import { PgQueryLensServerOptions, SERVER_OPTIONS } from './server-options';

/** Returns the variables that say the options that were given. */
export function optionsEnvironment(options: PgQueryLensOptions): Record<string, string> {
  const given = OPTIONS.filter(({ property }) => options[property] !== undefined);
  return Object.fromEntries(given.map((row) => [row.variable, written(options[row.property])]));
}

function written(value: unknown): string {
  if (Array.isArray(value)) {
    return value.join(',');
  }
  const isLabels = typeof value === 'object' && value !== null;
  return isLabels ? Object.entries(value).map((pair) => pair.map(encodeURIComponent).join('=')).join(',') : String(value);
}

/** What a table says of an option, whatever it is said by. */
interface Row extends OptionValue {
  readonly property: string;
}

/** Returns what is wrong with the options of the poller, each with what to write instead. */
export function optionMistakes(options: PgQueryLensOptions): string[] {
  return mistakesBy(OPTIONS, options);
}

/** Returns what is wrong with the options of one server, each with what to write instead. */
export function serverOptionMistakes(options: PgQueryLensServerOptions): string[] {
  return mistakesBy(SERVER_OPTIONS, options);
}

function mistakesBy(table: readonly Row[], options: { readonly [property: string]: any }): string[] {
  const names = table.map(({ property }) => property);
  const unknown = Object.keys(options).filter((name) => !names.includes(name));
  const strangers = unknown.map((name) => `options.${name} is no option: the options are ${names.join(', ')}`);
  const wrong = table.flatMap((row) => {
    const value: unknown = options[row.property];
    const what = value === undefined || Token.isUnresolved(value) ? undefined : wrongWith(row, value);
    return what === undefined ? [] : [`options.${row.property} ${what}`];
  });
  return [...strangers, ...wrong];
}

/** The most of anything that is counted, as the function has it. */
const MAX_COUNT = 1_000_000;
/** Numbers with units, such as `1m 30s`. Which units there are the function knows. */
const DURATION = /^\d+\s*[a-z]+(\s*\d+\s*[a-z]+)*$/i;
const BYTES = /^\d+\s*[kmgt]i?b$/i;

function wrongWith({ kind, words = [] }: Row, value: unknown): string | undefined {
  const [isRight, write] = judged(kind, words, value);
  return isRight ? undefined : `is ${shown(value)}: write ${write}`;
}

/** Returns whether a value is right, and what to write if it is not. */
function judged(kind: OptionValue['kind'], words: readonly string[], value: unknown): [boolean, string] {
  switch (kind) {
    case 'text':
      return [isText(value), 'a text'];
    case 'choice':
      return [words.some((word) => word === value), words.map(shown).join(' or ')];
    case 'count':
      return [isCount(value), `a whole number from 1 to ${MAX_COUNT}`];
    case 'flag':
      return [typeof value === 'boolean', 'true or false'];
    case 'list':
      return [Array.isArray(value) && value.every(isElement), 'a list of texts without a comma'];
    case 'labels':
      return [isLabels(value), "texts by name, such as { 'deployment.environment.name': 'production' }"];
    case 'duration':
      return [isText(value) && DURATION.test(value), "a number and its unit, such as '250ms', '30s' or '10m'"];
    case 'bytes':
      return [isText(value) && BYTES.test(value), "a number and its unit, such as '512kB' or '64MiB'"];
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_COUNT;
}

/** Returns what is wrong with further variables, each with what to write instead. No value is shown. */
export function environmentMistakes(environment: { [name: string]: string }): string[] {
  return Object.keys(environment).flatMap((name) => {
    if (/headers$|password|passfile|secret|token/i.test(name)) {
      return [`environment: ${name} would be a secret that everybody can read: use otlpHeadersSecret for headers, and IAM `
        + 'to log in'];
    }
    if (/^PGQUERYLENS_/.test(name)) {
      return [`environment: ${name} is ours: use options, or the property that it belongs to`];
    }
    const isFine = /^[A-Za-z]\w*$/.test(name) && !/^(AWS_|_|LAMBDA_)/.test(name);
    return isFine ? [] : [`environment: ${name} cannot be set: write letters, digits and _, and none of Lambda's own`];
  });
}

/** Tells whether a value can be an element of a list in a variable. */
export function isElement(value: unknown): value is string {
  return isText(value) && !value.includes(',');
}

function isLabels(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
