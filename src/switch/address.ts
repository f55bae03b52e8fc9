// Where a connection comes from or goes to, as text and as data: `tcp:HOST:PORT` (IPv6 in brackets) or `unix:/PATH`.

/** A TCP endpoint, or a socket in the file system. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** The port that IANA gave OpenFlow. */
export const openFlowPort = 6653;

/** Reads `tcp:HOST[:PORT]`, `HOST:PORT`, `unix:/PATH` or `/PATH`; undefined when it is none of them. */
export function parseAddress(text: string): Address | undefined {
  const path = text.startsWith('unix:') ? text.slice(5) : text;
  if (path.startsWith('/')) return { kind: 'unix', path };
  const parts = /^(?:tcp:)?(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  if (!parts || host === undefined) return undefined;
  const port = Number(parts[3] ?? openFlowPort);
  return port > 0xffff ? undefined : { kind: 'tcp', host, port };
}

/** The address as text, in the form that `parseAddress` reads. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp:${host}:${address.port}`;
}
