// Who may do what on the northbound's NATS, as data: the documentation prints it and a test holds it against a server.
//
// Publish and subscribe lists alone fence nobody. A NATS server checks the subject that a client publishes to, never
// the subject that it wants the answer on, and JetStream answers inside its own account: whoever may store a value and
// read it back with DIRECT.GET may have it delivered onto any key, another tenant's included, and onto the JetStream
// API. So a party that is not trusted with everything gets an account of its own (accounts.ts), where an answer ends;
// these lists then say which subjects cross from there.
import { operator, refOf } from '../model/ids.js';
import { encodeToken, nbKey } from './keys.js';

/** Subjects that a party may publish to and subscribe to, as nats-server's configuration takes them. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const stream = (bucket: string): string => `KV_${bucket}`;
const subject = (bucket: string, filter: string): string => `$KV.${bucket}.${filter}`;

/** What it takes to read and watch the keys of a bucket that match a filter, and no others. */
const reading = (bucket: string, filter: string): readonly string[] => [
  `$JS.API.DIRECT.GET.${stream(bucket)}.${subject(bucket, filter)}`,
  `$JS.API.CONSUMER.CREATE.${stream(bucket)}.*.${subject(bucket, filter)}`,
];

/** The prefix of a party's own inboxes: answers and watched values go there, and nobody else may listen. */
export const inboxPrefix = (party: string, prefix = 'damselfly'): string => `${prefix}.inbox.${encodeToken(party)}`;

/** A tenant: writes and watches its own objects, reads what became of them, and hears its own updates. */
export function tenantPermissions(tenant: string, prefix = 'damselfly'): Permissions {
  const token = encodeToken(tenant);
  return {
    publish: [
      subject(`${prefix}_nb`, `${token}.>`),
      ...reading(`${prefix}_nb`, `${token}.>`),
      ...reading(`${prefix}_status`, `${token}.>`),
      ...reading(`${prefix}_alloc`, `*.${token}.>`),
    ],
    subscribe: [`${inboxPrefix(tenant, prefix)}.>`, `${prefix}.nb.${token}.>`],
  };
}

/**
 * A controller that serves these chassis: reads everything, registers its chassis and nothing else in the northbound,
 * allocates and claims, and says what became of objects on its chassis.
 */
export function chassisPermissions(party: string, chassis: readonly string[], prefix = 'damselfly'): Permissions {
  const buckets = [`${prefix}_nb`, `${prefix}_alloc`, `${prefix}_status`];
  return {
    publish: [
      ...chassis.map((id) => subject(`${prefix}_nb`, nbKey('chassis', refOf(operator, id)))),
      ...chassis.map((id) => subject(`${prefix}_status`, `*.*.*.${encodeToken(id)}`)),
      subject(`${prefix}_alloc`, '>'),
      ...buckets.flatMap((bucket) => reading(bucket, '>')),
      // What the leader of the replicas has, so that a replica which lags behind is not believed.
      ...[`${prefix}_nb`, `${prefix}_alloc`].map((bucket) => `$JS.API.STREAM.MSG.GET.${stream(bucket)}`),
    ],
    subscribe: [`${inboxPrefix(party, prefix)}.>`, `${prefix}.accept.*`],
  };
}

/** The operator, who creates the buckets: everything, for with the JetStream API in hand less would be a pretence. */
export const operatorPermissions: Permissions = { publish: ['>'], subscribe: ['>'] };
