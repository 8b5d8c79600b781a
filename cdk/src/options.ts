// The options of pgquerylens, as properties and as the variables of the environment that say them. It holds data only;
// environment.ts writes the variables, and validate.ts checks the values.

/**
 * Options of pgquerylens. What is left out has the default of the function.
 *
 * Times and sizes are texts with their unit, such as `250ms`, `30s`, `10m` or `64MiB`.
 */
export interface PgQueryLensOptions {
  /**
   * How the function logs in: `rds-iam` signs a token of IAM for each connection, `password` takes a password.
   *
   * @default 'rds-iam'
   */
  readonly auth?: string;

  /**
   * The most time that a whole poll may take. What was read by then is reported.
   *
   * @default '30s'
   */
  readonly deadline?: string;

  /**
   * Databases whose tables, indexes and functions are read, too, by name.
   *
   * @default - only the database that is connected to
   */
  readonly databases?: string[];

  /**
   * The interval between polls that the function reckons with.
   *
   * @default '60s'
   */
  readonly every?: string;

  /**
   * How log lines are written: `text` for people, `json` for programs.
   *
   * @default 'json'
   */
  readonly logFormat?: string;

  /**
   * Where figures and events are sent by OTLP: a URL, to which /v1/metrics and /v1/logs are added over HTTP.
   *
   * @default - nowhere
   */
  readonly otlpEndpoint?: string;

  /**
   * The most time that one statement of the poll may take. A view that takes longer is left out and named.
   *
   * @default '10s'
   */
  readonly statementTimeout?: string;

  /**
   * How many statements a poll names in each order; the others are summed up.
   *
   * @default 50
   */
  readonly top?: number;
}

/** What the value of an option may be. */
export type OptionKind = 'text' | 'choice' | 'count' | 'flag' | 'list' | 'duration' | 'bytes';

/** One option: its property above, its variable, and what it may be. */
export interface OptionRow {
  readonly property: keyof PgQueryLensOptions;
  readonly variable: string;
  readonly kind: OptionKind;
  /** The values of an option of kind `choice`. */
  readonly words?: readonly string[];
}

/** Every option, in the order of its properties. */
export const OPTIONS: readonly OptionRow[] = [
  { property: 'auth', variable: 'PGQUERYLENS_AUTH', kind: 'choice', words: ['password', 'rds-iam'] },
  { property: 'deadline', variable: 'PGQUERYLENS_DEADLINE', kind: 'duration' },
  { property: 'databases', variable: 'PGQUERYLENS_DATABASE', kind: 'list' },
  { property: 'every', variable: 'PGQUERYLENS_EVERY', kind: 'duration' },
  { property: 'logFormat', variable: 'PGQUERYLENS_LOG_FORMAT', kind: 'choice', words: ['text', 'json'] },
  { property: 'otlpEndpoint', variable: 'PGQUERYLENS_ENDPOINT', kind: 'text' },
  { property: 'statementTimeout', variable: 'PGQUERYLENS_STATEMENT_TIMEOUT', kind: 'duration' },
  { property: 'top', variable: 'PGQUERYLENS_TOP', kind: 'count' },
];
