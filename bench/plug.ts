// Thousands of interfaces in one transaction with the database: ovs-vsctl reads everything again for each of its commands.
// They are patch ports without a peer, unless said otherwise, which have an ofport like any other, but no port in the datapath:
// there, adding one costs as much as all the ports before it.
import { once } from 'node:events';
import { connect } from 'node:net';
import { z } from 'zod';

/** An interface to be made. */
export interface NewInterface {
  readonly name: string;
  readonly ofport: number;
  readonly ifaceId: string;
}

const outcome = z.object({ error: z.null(), result: z.array(z.object({ error: z.undefined().optional() })) });

/** Adds interfaces to a bridge, on the database at `unix:PATH` (RFC 7047, 5.2). */
export async function plugInterfaces(
  database: string,
  bridge: string,
  interfaces: readonly NewInterface[],
  type: 'patch' | 'dummy' = 'patch',
): Promise<void> {
  const inserts = interfaces.flatMap(({ name, ofport, ifaceId }, i) => [
    {
      op: 'insert',
      table: 'Interface',
      'uuid-name': `i${i}`,
      row: {
        name,
        type,
        ...(type === 'patch' ? { options: ['map', [['peer', `${name}-peer`]]] } : {}),
        ofport_request: ofport,
        external_ids: ['map', [['iface-id', ifaceId]]],
      },
    },
    { op: 'insert', table: 'Port', 'uuid-name': `p${i}`, row: { name, interfaces: ['named-uuid', `i${i}`] } },
  ]);
  const ports = ['set', interfaces.map((_, i) => ['named-uuid', `p${i}`])];
  const mutate = {
    op: 'mutate',
    table: 'Bridge',
    where: [['name', '==', bridge]],
    mutations: [['ports', 'insert', ports]],
  };
  // ovs-vswitchd looks at the database when this number goes up.
  const next = { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] };
  const params = ['Open_vSwitch', ...inserts, mutate, next];
  outcome.parse(await ask(database, { id: 0, method: 'transact', params }));
}

async function ask(database: string, request: unknown): Promise<unknown> {
  const socket = connect(database.replace(/^unix:/, ''));
  await once(socket, 'connect');
  try {
    socket.write(JSON.stringify(request));
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) {
      text += String(chunk);
      try {
        return JSON.parse(text) as unknown;
      } catch {
        continue; // not whole yet
      }
    }
    throw new Error(`the database ended the connection: ${text}`);
  } finally {
    socket.destroy();
  }
}
