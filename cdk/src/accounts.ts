// Roles of other accounts that the functions take on, to look and to log in there.

import * as iam from 'aws-cdk-lib/aws-iam';

/** A role of another account. */
export interface AssumedRole {
  readonly roleArn: string;
  /** What its trust policy asks for. It is no secret. */
  readonly externalId?: string;
}

/** Returns what allows to take on these roles, each with its external id if it has one. */
export function assumeStatements(roles: readonly AssumedRole[]): iam.PolicyStatement[] {
  const ids = [...new Set(roles.map(({ externalId }) => externalId))];
  return ids.map((id) => new iam.PolicyStatement({
    actions: ['sts:AssumeRole'],
    resources: [...new Set(roles.filter(({ externalId }) => externalId === id).map(({ roleArn }) => roleArn))],
    conditions: id === undefined ? undefined : { StringEquals: { 'sts:ExternalId': id } },
  }));
}
