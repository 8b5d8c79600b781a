// Finds every mistake in the props at once, and says what to write instead. It makes nothing; what is known only at
// deployment (a token) is left to the services.

import { Duration, Token } from 'aws-cdk-lib';

import { ENGINES, PgQueryLensDiscovery, tagsOf } from './discovery';
import { environmentMistakes, isElement, optionMistakes, serverOptionMistakes } from './environment';
import { DEFAULT_MAX_CONCURRENCY } from './fleet';
import { SOURCES } from './metrics';
import { PackageFacts } from './package';
import { PgQueryLensPollerProps } from './props';
import { intervalMinutes, scheduleOf } from './schedule';
import { TargetFacts } from './target';

/** What a schedule can hold as its input, in bytes. */
const MAX_INPUT_BYTES = 256 * 1024;
/** The longest name of a server, in bytes, as the function has it. */
const MAX_NAME_BYTES = 80;
/** Alarms look back a day at most, and over three intervals. */
const MAX_INTERVAL_MINUTES = 240;
const MAX_SILENCE_MINUTES = 720;
const DAY_SECONDS = 86_400;
/** The longest that SQS keeps a message. */
const MAX_RETENTION_SECONDS = 14 * DAY_SECONDS;

/** Returns what is wrong with the props, each with what to write instead. Returns nothing if all is well. */
export function validate(props: PgQueryLensPollerProps): string[] {
  return [
    ...packageMistakes(props.package._facts()),
    ...whatIsPolled(props),
    ...targetMistakes((props.targets ?? []).map((target) => target._facts())),
    ...(props.discovery ? discoveryMistakes(props.discovery) : []),
    ...(props.databaseUsers ?? []).flatMap(userMistakes).map((mistake) => `databaseUsers: ${mistake}`),
    ...optionMistakes(props.options ?? {}),
    ...environmentMistakes(props.environment ?? {}),
    ...(props.allowAwsMetrics ?? []).filter((source) => !SOURCES.includes(source)).map((source) =>
      `allowAwsMetrics: '${source}' is none: write ${SOURCES.join(' or ')}`),
    ...(props.resourceIds ?? []).filter((id) => id !== '*' && !isResourceId(id)).map((id) =>
      `resourceIds: '${id}' is none: write db-…, cluster-… or prx-…, as RDS tells it, or * alone`),
    ...timeMistakes(props),
    ...numberMistakes(props),
    ...stateMistakes(props.statePrefix),
    ...needMistakes(props),
  ];
}

function packageMistakes(facts: PackageFacts): string[] {
  const { path, exists, found, sha256 } = facts;
  const mistakes: string[] = [];
  if (path !== undefined && !exists) {
    mistakes.push(`package: there is no file ${path}: give the path of a zip with bootstrap in it`);
  } else if (path !== undefined && !path.endsWith('.zip')) {
    mistakes.push(`package: ${path} is no zip: give the path of a zip with bootstrap in it`);
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    mistakes.push(`package: sha256 is '${sha256}': write 64 hexadecimal digits`);
  } else if (found !== undefined && sha256 !== undefined && found !== sha256.toLowerCase()) {
    mistakes.push(`package: the sha256 of ${path} is ${found}: write that, or give the file that was meant`);
  }
  return mistakes;
}

function whatIsPolled({ targets, discovery }: PgQueryLensPollerProps): string[] {
  if (targets && discovery) {
    return ['targets and discovery are both given: name the servers by targets, or find them by discovery'];
  }
  if (!targets && !discovery) {
    return ['neither targets nor discovery is given: name the servers by targets, or find them by discovery'];
  }
  if (targets?.length === 0) {
    return ['targets is empty: give at least one PgQueryLensTarget'];
  }
  return [];
}

function targetMistakes(targets: readonly TargetFacts[]): string[] {
  const servers = targets.flatMap((target) => target.servers);
  const names = servers.flatMap(({ name }) => (name === undefined || isUnknown(name) ? [] : [name]));
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  const bytes = Buffer.byteLength(JSON.stringify({ targets: servers }));
  return [
    ...targets.flatMap((target, index) => oneTargetMistakes(target).map((mistake) => `targets[${index}]: ${mistake}`)),
    ...names.filter((name) => name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES).map((name) =>
      `targets: the name '${name}' has ${Buffer.byteLength(name)} bytes: write 1 to ${MAX_NAME_BYTES}`),
    ...twice.map((name) => `targets: two servers are called '${name}': give each a name of its own`),
    ...(bytes > MAX_INPUT_BYTES
      ? [`targets: together they take ${bytes} bytes, and a schedule holds ${MAX_INPUT_BYTES}: use discovery`] : []),
  ];
}

function oneTargetMistakes(target: TargetFacts): string[] {
  const ofConnections = target.servers.flatMap(({ connection }) => connectionMistakes(connection));
  return [
    ...target.mistakes, ...ofConnections, ...loginMistakes(target), ...serverOptionMistakes(target.options),
    ...accountMistakes(target),
  ];
}

/** No connection is shown: one that is wrong may have a password where nobody looks for it, and a mistake gets into logs. */
function connectionMistakes(connection: string): string[] {
  if (isUnknown(connection)) {
    return [];
  }
  if (PASSWORD.some((pattern) => pattern.test(connection))) {
    return ['the connection has a password, which everybody could read in the schedule: leave it out, and log in by IAM'];
  }
  if (!/^postgres(ql)?:\/\/[^/]+/.test(connection)) {
    return ['the connection is no URL: write postgresql://user@host:5432/database'];
  }
  return [];
}

/** A password of a URL, whatever it is made of, but no port before an @ further on; and one by its keyword. */
const PASSWORD = [/^[a-z]+:\/\/[^:@]*:(?!\d+[/?,])[^]*@/i, /(^|[?&\s])(ssl)?password\s*=/i];

function accountMistakes({ options: { awsRole, awsExternalId } }: TargetFacts): string[] {
  const isRole = awsRole === undefined || isUnknown(awsRole) || ROLE_ARN.test(awsRole);
  return [
    ...(isRole ? [] : [`options.awsRole: '${awsRole}' is no role: ${A_ROLE}`]),
    ...(awsExternalId !== undefined && awsRole === undefined
      ? ['options.awsExternalId: there is no role that it is for: give awsRole, or leave it out'] : []),
  ];
}

function loginMistakes({ user, resourceId, servers, options, passwordSecret, passwordParameter }: TargetFacts): string[] {
  const mistakes: string[] = [];
  if (passwordSecret !== undefined && passwordParameter !== undefined) {
    mistakes.push('passwordSecret and passwordParameter are both given: give where the password lies');
  }
  if ((passwordSecret !== undefined || passwordParameter !== undefined) && options.auth === 'rds-iam') {
    mistakes.push("there is a password, and options.auth is 'rds-iam': leave one of them out");
  }
  if (resourceId !== undefined && !isUnknown(resourceId)) {
    if (!isResourceId(resourceId)) {
      mistakes.push(`the resource id '${resourceId}' is none: write db-…, cluster-… or prx-…, as RDS tells it`);
    }
    const [first] = servers;
    if (user === undefined && first !== undefined && !isUnknown(first.connection)) {
      mistakes.push('the connection has a resource id and names no user: write postgresql://user@host:5432/database');
    }
  }
  return user === undefined ? mistakes : [...mistakes, ...userMistakes(user)];
}

function isResourceId(id: string): boolean {
  return isUnknown(id) || /^(db|cluster|prx)-[A-Za-z0-9]+$/.test(id);
}

/** A star or a question mark would allow every user. */
function userMistakes(user: string): string[] {
  const isNamed = isUnknown(user) || /^[^*?,/\s]{1,63}$/.test(user);
  return isNamed ? [] : [`the user '${user}' is no name: write one of 1 to 63 letters, without * ? , / and spaces`];
}

const ROLE_ARN = /^arn:[a-z-]+:iam::\d{12}:role\/[^*?\s]+$/;
const A_ROLE = 'write arn:aws:iam::123456789012:role/name, without a star';

function discoveryMistakes(discovery: PgQueryLensDiscovery): string[] {
  const { regions, engines, roleArns, include, exclude, externalId, user } = discovery;
  const lists = Object.entries({ tags: tagsOf(discovery), regions, engines, roleArns, include, exclude });
  const unfit = lists.flatMap(([name, values]) => (values ?? []).filter((value) =>
    !isUnknown(value) && !isElement(value)).map((value) => `${name}: '${value}' cannot be in a list: write a text `
      + 'without a comma'));
  const keys = Object.keys(discovery.tags ?? {}).filter((key) => key === '' || key.includes('='));
  const noRoles = (roleArns ?? []).filter((role) => !isUnknown(role) && !ROLE_ARN.test(role));
  const noRegions = (regions ?? []).filter((region) => !isUnknown(region) && !/^[a-z]+(-[a-z]+)+-\d+$/.test(region));
  const noEngines = (engines ?? []).filter((engine) => !isUnknown(engine) && !ENGINES.includes(engine));
  return [
    ...unfit,
    ...keys.map((key) => `tags: the key '${key}' cannot be looked for: write one without =`),
    ...noEngines.map((engine) => `engines: '${engine}' is not polled: write ${ENGINES.join(' or ')}`),
    ...noRegions.map((region) => `regions: '${region}' is none: write such as eu-west-1`),
    ...noRoles.map((role) => `roleArns: '${role}' is no role: ${A_ROLE}`),
    ...(externalId !== undefined && (roleArns ?? []).length === 0
      ? ['externalId: there is no role that it is for: give roleArns, or leave it out'] : []),
    ...(user === undefined ? [] : userMistakes(user)),
  ].map((mistake) => `discovery: ${mistake}`);
}

function timeMistakes(props: PgQueryLensPollerProps): string[] {
  const { timeout, alarmLag, alarmSilence, messageRetention, stateExpiration } = props;
  const schedule = scheduleOf(props);
  const interval = isUnknown(schedule.expressionString) ? undefined : intervalMinutes(schedule);
  const leastSilence = Math.max(2, 2 * (interval ?? 1));
  return [
    interval === undefined || interval <= MAX_INTERVAL_MINUTES ? []
      : [`schedule: ${schedule.expressionString} is slower than ${MAX_INTERVAL_MINUTES} minutes: `
        + 'write such as ScheduleExpression.rate(Duration.minutes(1))'],
    isBetween(timeout, 10, 600) ? []
      : [`timeout: ${shown(timeout)} is not from 10 seconds to 10 minutes: write such as Duration.seconds(60)`],
    isBetween(messageRetention, 60, MAX_RETENTION_SECONDS) ? []
      : [`messageRetention: ${shown(messageRetention)} is not from 1 minute to 14 days: write such as Duration.hours(1)`],
    isDays(stateExpiration) ? []
      : [`stateExpiration: ${shown(stateExpiration)} is not in whole days from 2: write such as Duration.days(90)`],
    isMinutes(alarmLag, 1, 60) ? []
      : [`alarmLag: ${shown(alarmLag)} is not in whole minutes from 1 to 60: write such as Duration.minutes(5)`],
    isMinutes(alarmSilence, leastSilence, MAX_SILENCE_MINUTES) ? []
      : [`alarmSilence: ${shown(alarmSilence)} is not in whole minutes from ${leastSilence} to ${MAX_SILENCE_MINUTES}: `
        + `write such as Duration.minutes(${Math.max(10, leastSilence)})`],
  ].flat();
}

function isDays(time: Duration | undefined): boolean {
  return isBetween(time, 2 * DAY_SECONDS, Number.MAX_SAFE_INTEGER) && (time?.toSeconds() ?? 0) % DAY_SECONDS === 0;
}

function isMinutes(time: Duration | undefined, least: number, most: number): boolean {
  return time === undefined
    || (isBetween(time, least * 60, most * 60) && time.toMilliseconds() % 60_000 === 0);
}

function isBetween(time: Duration | undefined, leastSeconds: number, mostSeconds: number): boolean {
  if (time === undefined) {
    return true;
  }
  // Others are reckoned from it here, so it has to be known here.
  if (time.isUnresolved()) {
    return false;
  }
  const seconds = time.toMilliseconds() / 1000;
  return Number.isInteger(seconds) && seconds >= leastSeconds && seconds <= mostSeconds;
}

function shown(time: Duration | undefined): string {
  return time?.toHumanString() ?? '';
}

function numberMistakes(props: PgQueryLensPollerProps): string[] {
  const { memorySize, maxConcurrency, batchSize, reservedConcurrency, maxReceiveCount } = props;
  const numbers: [string, number | undefined, number, number][] = [
    ['memorySize', memorySize, 128, 10_240],
    ['maxConcurrency', maxConcurrency, 2, 1_000],
    ['batchSize', batchSize, 1, 10],
    ['reservedConcurrency', reservedConcurrency, 1, 1_000],
    ['maxReceiveCount', maxReceiveCount, 1, 1_000],
  ];
  const isFine = (value: number | undefined, least: number, most: number) =>
    value === undefined || isUnknown(value) || (Number.isInteger(value) && value >= least && value <= most);
  const outOfRange = numbers.filter(([, value, least, most]) => !isFine(value, least, most));
  const concurrency = maxConcurrency ?? DEFAULT_MAX_CONCURRENCY;
  const isShort = props.discovery !== undefined && reservedConcurrency !== undefined && concurrency > reservedConcurrency;
  return [
    ...outOfRange.map(([name, value, least, most]) =>
      `${name}: ${value} is out of its range: write a whole number from ${least} to ${most}`),
    ...(isShort ? [`reservedConcurrency: ${reservedConcurrency} is less than maxConcurrency, which is ${concurrency}: `
      + 'write at least that'] : []),
  ];
}

function stateMistakes(prefix: string | undefined): string[] {
  const isFine = prefix === undefined || isUnknown(prefix) || /^[\w.-]+(\/[\w.-]+)*$/.test(prefix);
  return isFine ? [] : [`statePrefix: '${prefix}' is no prefix: write letters, digits, . _ - and single slashes between`];
}

/** What is given although what it is for is not. */
function needMistakes(props: PgQueryLensPollerProps): string[] {
  const needs: [keyof PgQueryLensPollerProps, boolean, string][] = [
    ['vpcSubnets', props.vpc !== undefined, 'it is for a vpc'],
    ['securityGroups', props.vpc !== undefined, 'it is for a vpc'],
    ['vpcEndpoints', props.vpc !== undefined, 'it is for a vpc'],
    ['maxConcurrency', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['batchSize', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['messageRetention', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['maxReceiveCount', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['resourceIds', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['stateExpiration', props.stateBucket === undefined, 'it is for the bucket that is made'],
    ['databaseUsers', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['alarmLag', props.discovery !== undefined, 'it is for a fleet that is found by discovery'],
    ['alarmActions', props.alarms !== false, 'it is for alarms, which are off'],
  ];
  const isGiven = (name: keyof PgQueryLensPollerProps) => props[name] !== undefined && props[name] !== false;
  return needs.filter(([name, isMet]) => isGiven(name) && !isMet).map(([name, , why]) =>
    `${name}: ${why}: give that, or leave ${name} out`);
}

/** Tells whether a value is known only at deployment. */
function isUnknown(value: unknown): boolean {
  return Token.isUnresolved(value);
}
