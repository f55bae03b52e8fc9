// Configuration: every key once, with its sources. A flag beats the environment, which beats the file, which beats Open_vSwitch's
// external_ids, which beat the default; `damselfly config show` prints each value and where it came from.
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { allApps } from '../apps/apps.js';
import { isTunnelEndpoint, parseAddress } from '../model/addresses.js';
import { isName, nameRule } from '../model/ids.js';
import { tunnelTypes } from '../model/kinds.js';
import { hint } from '../model/parse.js';
import { defaultDataDir } from '../sync/data-dir.js';

/** The configuration file that is read when no other is named. */
export const defaultConfigFile = '/etc/damselfly/damselfly.yaml';

/** A configuration that cannot be used: which key, from where, what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG';
}

interface Key<T> {
  readonly means: string;
  readonly fallback: T;
  /** An environment variable that says it too, besides DAMSELFLY_ and the key. */
  readonly env?: string;
  /** Reads a value as a file or a text has it; undefined if it is not allowed. */
  readonly read: (value: unknown) => T | undefined;
  readonly allowed: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : undefined;
const listOf =
  (allowed: (item: string) => boolean) =>
  (value: unknown): readonly string[] | undefined => {
    const items = list(value);
    return items?.every((item): item is string => typeof item === 'string' && allowed(item)) === true
      ? items
      : undefined;
  };
const oneOf =
  <const T extends readonly string[]>(...values: T) =>
  (value: unknown): T[number] | undefined =>
    values.find((candidate) => candidate === value);
const bool = (value: unknown): boolean | undefined =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;

const isTcpAddress = (item: string): boolean => {
  const port = Number(/^tcp:(?:\S*:)?(\d{1,5})$/.exec(item)?.[1]);
  return port >= 1 && port <= 65535;
};
const isListenAddress = (item: string): boolean => /^unix:\/.+$/.test(item) || isTcpAddress(item);

/** Every key of the configuration. */
export const keys = {
  listen: {
    means: 'where bridges connect to: tcp:PORT, tcp:HOST:PORT, unix:PATH; several with commas',
    fallback: ['tcp:6653'],
    read: listOf(isListenAddress),
    allowed: 'addresses as tcp:6653, tcp:192.0.2.1:6653 or unix:/run/damselfly/openflow.sock',
  } satisfies Key<readonly string[]>,
  bridges: {
    means: 'bridges of this machine to dial at their .mgmt sockets, so that nobody waits for them to connect',
    fallback: [],
    read: listOf((item) => /^[^/\s,]{1,63}$/.test(item)),
    allowed: 'names of bridges, as br-int',
  } satisfies Key<readonly string[]>,
  ovsdb: {
    means: 'the database of Open vSwitch: unix:PATH, tcp:HOST:PORT, or none',
    fallback: 'unix:/run/openvswitch/db.sock',
    read: (value: unknown) =>
      typeof value === 'string' && (/^(none|unix:\/.+)$/.test(value) || (isTcpAddress(value) && /:.+:/.test(value)))
        ? value
        : undefined,
    allowed: 'unix:/run/openvswitch/db.sock, tcp:HOST:PORT or none',
  } satisfies Key<string>,
  nats: {
    means: 'the northbound’s NATS servers, with commas; without any, a server of our own is started',
    fallback: '',
    env: 'NATS_URL',
    read: (value: unknown) => (typeof value === 'string' && !/\s/.test(value) ? value : undefined),
    allowed: 'URLs as nats://192.0.2.1:4222',
  } satisfies Key<string>,
  nats_creds: {
    means: 'credentials file for NATS',
    fallback: '',
    env: 'NATS_CREDS',
    read: (value: unknown) => (typeof value === 'string' ? value : undefined),
    allowed: 'a path',
  } satisfies Key<string>,
  nats_party: {
    means: 'who we are where every party has a NATS account of its own: the tenant, or the name of the controller',
    fallback: '',
    env: 'NATS_PARTY',
    read: (value: unknown) => (typeof value === 'string' && (value === '' || isName(value)) ? value : undefined),
    allowed: `a name: ${nameRule}`,
  } satisfies Key<string>,
  prefix: {
    means: 'the first word of the names of the northbound’s buckets',
    fallback: 'damselfly',
    read: (value: unknown) => (typeof value === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(value) ? value : undefined),
    allowed: 'letters, digits, _ and -',
  } satisfies Key<string>,
  data_dir: {
    means: 'where the controller keeps what must survive it',
    fallback: defaultDataDir(),
    read: text,
    allowed: 'a path',
  } satisfies Key<string>,
  run_dir: {
    means: 'where Open vSwitch has its sockets',
    fallback: '/run/openvswitch',
    env: 'OVS_RUNDIR',
    read: text,
    allowed: 'a path',
  } satisfies Key<string>,
  chassis: {
    means:
      'the chassis id, or DPID=ID for each bridge; by default damselfly-chassis of the bridge, system-id, or the datapath id',
    fallback: [],
    read: listOf((item) => /^([0-9a-f]{1,16}=)?[^=,]+$/.test(item) && isName(item.slice(item.indexOf('=') + 1))),
    allowed: 'c1, or 00000000000000aa=c1,00000000000000bb=c2',
  } satisfies Key<readonly string[]>,
  encap_ip: {
    means: 'this machine’s tunnel addresses: one IPv4, one IPv6, or both',
    fallback: [],
    read: (value: unknown) => {
      const items = listOf((item) => isIP(item) !== 0)(value)?.map((item) => parseAddress(item));
      const good =
        items?.every((item) => item !== undefined && isTunnelEndpoint(item)) === true &&
        new Set(items.map((item) => item?.family)).size === items.length;
      return good ? items.flatMap((item) => item?.text ?? []) : undefined;
    },
    allowed: 'unicast addresses of this machine, at most one of each family, as 192.0.2.1,2001:db8::1',
  } satisfies Key<readonly string[]>,
  encap_types: {
    means: 'the types of tunnel that this machine can make',
    fallback: tunnelTypes,
    read: listOf((item) => tunnelTypes.some((type) => type === item)),
    allowed: `any of ${tunnelTypes.join(', ')}`,
  } satisfies Key<readonly string[]>,
  tunnel_mode: {
    means: 'a tunnel port per remote endpoint, or one for all (flow)',
    fallback: 'per-remote',
    read: oneOf('per-remote', 'flow'),
    allowed: 'per-remote or flow',
  } satisfies Key<'per-remote' | 'flow'>,
  underlay_mtu: {
    means: 'the largest IP packet that the network between tunnel endpoints carries, in bytes',
    fallback: 1500,
    read: (value: unknown) => {
      const bytes = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
      return typeof bytes === 'number' && Number.isInteger(bytes) && bytes >= 576 && bytes <= 65535 ? bytes : undefined;
    },
    allowed: 'a number of bytes from 576 to 65535',
  } satisfies Key<number>,
  apps: {
    means: 'the applications that are on',
    fallback: allApps.map((app) => app.name),
    read: listOf((item) => allApps.some((app) => app.name === item)),
    allowed: `any of ${allApps.map((app) => app.name).join(', ')}`,
  } satisfies Key<readonly string[]>,
  require_tenant: {
    means: 'plug interfaces only whose tenant is named (external_ids:damselfly-tenant, or iface-id TENANT/ID)',
    fallback: false,
    read: bool,
    allowed: 'true or false',
  } satisfies Key<boolean>,
  set_vlan_limit: {
    means: 'let Open vSwitch look at two VLAN tags (other_config:vlan-limit=2, for all its bridges)',
    fallback: false,
    read: bool,
    allowed: 'true or false',
  } satisfies Key<boolean>,
  linger: {
    means: 'how long a tenant that nothing here needs any more is still watched, in seconds',
    fallback: 60,
    read: (value: unknown) => {
      const seconds = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
      return typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds < 1e6
        ? seconds
        : undefined;
    },
    allowed: 'a number of seconds',
  } satisfies Key<number>,
  repair: {
    means: 'put back flows that others change',
    fallback: true,
    read: bool,
    allowed: 'true or false',
  } satisfies Key<boolean>,
  log_level: {
    means: 'how much is logged',
    fallback: 'info',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    allowed: 'trace, debug, info, warn, error, fatal or silent',
  } satisfies Key<string>,
} as const;

/** The name of a key. */
export type ConfigKey = keyof typeof keys;
/** A value for every key. */
export type Config = { readonly [K in ConfigKey]: Exclude<ReturnType<(typeof keys)[K]['read']>, undefined> };
/** Where each value came from, in words. */
export type Origins = Readonly<Record<ConfigKey, string>>;

/** What may say something about a key, the strongest first. */
export interface ConfigSources {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> };
  /** external_ids of Open_vSwitch; `damselfly-encap-ip` stands for `encap_ip`. */
  readonly externalIds: Readonly<Record<string, string>>;
}

/** Reads a configuration file; a missing default file is an empty one. Throws FileError, or ConfigError with path and reason. */
export async function readConfigFile(path: string | undefined): Promise<ConfigSources['file']> {
  const file = path ?? defaultConfigFile;
  if (path === undefined && !existsSync(file)) return { path: file, values: {} };
  const { readYaml } = await import('./text-file.js'); // a tenth of the start, which most starts can do without
  const values = readYaml(file) ?? {};
  if (typeof values !== 'object' || Array.isArray(values))
    throw new ConfigError(`${file}: must be a mapping of keys to values`);
  for (const key of Object.keys(values))
    if (!Object.hasOwn(keys, key)) throw new ConfigError(`${file}: ${key}: not a key${hint(key, Object.keys(keys))}`);
  return { path: file, values: { ...values } };
}

/** Chooses each value from the strongest source that has one. Throws ConfigError naming key, source, value and what is allowed. */
export function resolveConfig(sources: ConfigSources): { config: Config; origins: Origins } {
  const config: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const [name, key] of Object.entries<Key<unknown>>(keys)) {
    const dashed = name.replaceAll('_', '-');
    const variables = [`DAMSELFLY_${name.toUpperCase()}`, ...(key.env === undefined ? [] : [key.env])];
    const external = `damselfly-${dashed}`;
    const candidates: [string, unknown][] = [
      [`flag --${dashed}`, sources.flags[name]],
      ...variables.map((variable): [string, unknown] => [`environment ${variable}`, sources.env[variable]]),
      [`file ${sources.file.path}`, sources.file.values[name]],
      [`external_ids:${external} of Open_vSwitch`, sources.externalIds[external]],
    ];
    const [origin, value] = candidates.find(([, candidate]) => candidate !== undefined) ?? ['default', undefined];
    origins[name] = origin;
    config[name] = origin === 'default' ? key.fallback : key.read(value);
    if (config[name] === undefined)
      throw new ConfigError(`${dashed}: ${JSON.stringify(value)} (${origin}) is not allowed: ${key.allowed}`);
  }
  // Every key of `keys` has been set by its own reader or fallback.
  return { config: config as unknown as Config, origins: origins as unknown as Origins };
}
