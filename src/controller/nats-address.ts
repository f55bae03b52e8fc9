// Where the northbound is and as whom we go there, from the configuration.
import { fencedDomain } from '../sync/accounts.js';
import type { NatsAddress } from '../sync/connect.js';
import { inboxPrefix } from '../sync/permissions.js';
import type { Config } from './config.js';

/** The address of NATS at `servers`, with the credentials of the configuration, and by the way of a party that has an account of its own. */
export const natsAddress = (
  { nats_creds: credentials, nats_party: party, prefix }: Pick<Config, 'nats_creds' | 'nats_party' | 'prefix'>,
  servers: string,
): NatsAddress => ({
  servers,
  ...(credentials === '' ? {} : { credentials }),
  ...(party === '' ? {} : { inboxPrefix: inboxPrefix(party, prefix), domain: fencedDomain(prefix) }),
});
