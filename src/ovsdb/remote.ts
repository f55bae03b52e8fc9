// Addresses of ovsdb-servers, in the words of Open vSwitch's own tools.
import { OvsdbError } from './errors.js';

/** Where an ovsdb-server listens. */
export type Remote =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number };

/** The port of OVSDB, when an address names none. */
export const ovsdbPort = 6640;

/** A remote from its text: `unix:/path`, `tcp:host[:port]` or `tcp:[v6 address][:port]`. Throws OVSDB_ADDRESS. */
export function parseRemote(text: string): Remote {
  const [, scheme, rest] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  if (scheme === 'unix' && rest !== undefined) return { type: 'unix', path: rest };
  if (scheme === 'tcp' && rest !== undefined) return tcpRemote(text, rest);
  if (scheme === 'ssl') throw new OvsdbError('OVSDB_ADDRESS', `${text}: ssl is not supported yet, use unix: or tcp:`);
  throw new OvsdbError('OVSDB_ADDRESS', `${text}: not an OVSDB address, use unix:/path or tcp:host:port`);
}

function tcpRemote(text: string, rest: string): Remote {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? ovsdbPort : Number(port);
  if (host === undefined || number < 1 || number > 65535)
    throw new OvsdbError('OVSDB_ADDRESS', `${text}: use tcp:host:port, with a v6 address in brackets`);
  return { type: 'tcp', host, port: number };
}

/** The text of a remote, as parseRemote reads it. */
export function remoteText(remote: Remote): string {
  if (remote.type === 'unix') return `unix:${remote.path}`;
  return remote.host.includes(':') ? `tcp:[${remote.host}]:${remote.port}` : `tcp:${remote.host}:${remote.port}`;
}
