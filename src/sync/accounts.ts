// The accounts of a nats-server that serves tenants who do not trust each other: one for the northbound, and one for each
// party with exactly the subjects of its permissions crossing. Answers go back through the crossing by a name that the
// server makes up, so the subject that a party wants an answer on means something in that party's account only.
import { encodeToken } from './keys.js';
import { type Permissions, chassisPermissions, tenantPermissions } from './permissions.js';

/** A name and a password; where there are credentials files instead, the same crossings go into the accounts' JWTs. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Who there is: the operator, the tenants, and controllers with the chassis that each serves. */
export interface Parties {
  readonly operator: Login;
  readonly tenants: readonly (Login & { readonly tenant: string })[];
  readonly controllers: readonly (Login & { readonly name: string; readonly chassis: readonly string[] })[];
  readonly prefix?: string;
}

/** One party behind its crossing; `account` is its account's name. */
interface Fenced extends Login {
  readonly account: string;
  readonly permissions: Permissions;
}

/** The account that holds the buckets. */
const northboundAccount = 'NORTHBOUND';
const jetStreamApi = '$JS.API.';

/** The JetStream domain under which a fenced party reaches the northbound; its own account has no JetStream. */
export const fencedDomain = (prefix = 'damselfly'): string => prefix;

/** The `accounts` block of nats-server's configuration; JSON is valid there. */
export function natsAccounts(parties: Parties): Record<string, unknown> {
  const { prefix = 'damselfly', operator, tenants, controllers } = parties;
  const fenced: Fenced[] = [
    ...tenants.map(({ tenant, user, password }) => ({
      account: `TENANT-${encodeToken(tenant)}`,
      user,
      password,
      permissions: tenantPermissions(tenant, prefix),
    })),
    ...controllers.map(({ name, chassis, user, password }) => ({
      account: `CONTROLLER-${encodeToken(name)}`,
      user,
      password,
      permissions: chassisPermissions(name, chassis, prefix),
    })),
  ];
  return {
    [northboundAccount]: { jetstream: 'enabled', users: [operator], exports: exportsFor(fenced) },
    ...Object.fromEntries(fenced.map((party) => [party.account, fencedAccount(party, prefix)])),
  };
}

/** What crosses out of the northbound's account, each subject once with everybody who may have it. */
function exportsFor(fenced: readonly Fenced[]): Record<string, unknown>[] {
  const accountsOf = (list: keyof Permissions) => {
    const accounts = new Map<string, string[]>();
    for (const { account, permissions } of fenced)
      for (const subject of permissions[list]) accounts.set(subject, [...(accounts.get(subject) ?? []), account]);
    return [...accounts];
  };
  return [
    ...accountsOf('publish').map(([service, accounts]) => ({ service, accounts })),
    ...accountsOf('subscribe').map(([stream, accounts]) => ({ stream, accounts })),
  ];
}

function fencedAccount({ user, password, permissions }: Fenced, prefix: string): Record<string, unknown> {
  return {
    users: [{ user, password }],
    imports: [
      ...permissions.publish.map((subject) => ({
        service: { account: northboundAccount, subject },
        ...(subject.startsWith(jetStreamApi)
          ? { to: `$JS.${fencedDomain(prefix)}.API.${subject.slice(jetStreamApi.length)}` }
          : {}),
      })),
      ...permissions.subscribe.map((subject) => ({ stream: { account: northboundAccount, subject } })),
    ],
  };
}
