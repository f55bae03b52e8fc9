// npm run demo -- --matrix: every sort of port sends every sort of frame to every other, and each must get exactly what it should.
import { exchange, isSame, type Placed } from '../test/lab/exchange.js';
import { broadcastMac, type Flow, icmp, neighborSolicitation, udp } from '../test/lab/packets.js';
import { faultsOf } from './line.js';
import { buildMatrixSite, matrixMembers, type MatrixSite } from './matrix-site.js';
import type { Member } from './plan.js';

/** What came from one member to another. */
export interface Cell {
  readonly to: string;
  readonly received: number;
  readonly expected: number;
}

/** What one member sent to all others; `faults` are frames that were missing, or anywhere too much. */
export interface Row {
  readonly from: string;
  readonly sent: number;
  readonly cells: readonly Cell[];
  readonly faults: readonly string[];
}

/** All rows of one sort of frame. */
export interface Grid {
  readonly frame: string;
  readonly means: string;
  readonly rows: readonly Row[];
}

/** A sort of frame. */
interface Kind {
  readonly frame: string;
  readonly means: string;
  /** Whether everybody on the network gets it, or only whom it names. */
  readonly isToAll: boolean;
  readonly made: (from: Member, to: Member, vids: readonly number[]) => Buffer;
}

const between = (from: Member, to: Member, vids: readonly number[]): Flow => ({
  src: from.mac,
  dst: to.mac,
  from: from.ip,
  to: to.ip,
  vids,
});

/** Of Ethernet, IPv4 and UDP, and of the seal that every frame of the lab ends with. */
const [headersSize, sealSize] = [14 + 20 + 8, 8];

const kinds: readonly Kind[] = [
  { frame: 'unicast', means: 'an IPv4 packet for each', isToAll: false, made: (...who) => icmp(between(...who)) },
  {
    frame: 'broadcast',
    means: 'one frame for all',
    isToAll: true,
    made: (...who) => udp({ ...between(...who), dst: broadcastMac, to: '255.255.255.255' }, 4000, 4000),
  },
  {
    frame: 'IPv6 ND',
    means: 'a neighbour solicitation for each, which goes to all',
    isToAll: true,
    made: solicitation,
  },
  {
    frame: '1,400 bytes',
    means: 'a frame of 1,400 bytes for each, a tag not counted',
    isToAll: false,
    made: (...who) => udp(between(...who), 4000, 4000, Buffer.alloc(1400 - headersSize - sealSize, 'd')),
  },
];

/** To the solicited-node address of one whose addresses end in a word of 16 bits (RFC 4291, 2.7.1). */
function solicitation(from: Member, { ip6 }: Member, vids: readonly number[]): Buffer {
  const last = ip6.replace(/.*:/, '').padStart(4, '0');
  const dst = `33:33:ff:00:${last.slice(0, 2)}:${last.slice(2)}`;
  return neighborSolicitation({ src: from.mac, dst, from: from.ip6, to: `ff02::1:ff00:${last}`, vids }, ip6);
}

const isFar = ({ chassis }: Member): boolean => chassis === undefined;
/** What comes from a tunnel goes to no other tunnel, so that nothing can go round: far ends have the underlay between them. */
const isReached = (from: Member, to: Member): boolean => !(isFar(from) && isFar(to));

/** A frame of a kind at the interface of `owner`, who sent it or gets it. */
function placed(site: MatrixSite, kind: Kind, from: Member, to: Member, owner: Member): Placed {
  const at = site.taps.get(owner.machine);
  if (at === undefined) throw new Error(`nobody listens at ${owner.machine}`);
  return { at, frame: kind.made(from, to, owner.vid === 0 ? [] : [owner.vid]) };
}

/** Sends from one member to all others. */
async function rowOf(site: MatrixSite, kind: Kind, from: Member): Promise<Row> {
  const others = matrixMembers.filter((to) => to !== from);
  const bytes = (to: Member): string => placed(site, kind, from, to, from).frame.toString('hex');
  const named = [...new Map(others.map((to) => [bytes(to), to])).values()]; // of equal frames one is sent
  const outcome = await exchange(site.wire, {
    send: named.map((to) => placed(site, kind, from, to, from)),
    expect: named.flatMap((to) =>
      others
        .filter((other) => isReached(from, other) && (kind.isToAll || other === to))
        .map((other) => placed(site, kind, from, to, other)),
    ),
    watch: [...site.taps.values()],
    deadlineMs: 10_000,
  });
  const received = (to: Member): number => {
    const { at, frame } = placed(site, kind, from, to, to);
    return outcome.arrived.filter((seen) => seen.at === at && isSame(seen.frame, frame)).length;
  };
  const cells = others.map((to) => ({ to: to.name, received: received(to), expected: isReached(from, to) ? 1 : 0 }));
  return { from: from.name, sent: named.length, cells, faults: faultsOf(outcome) };
}

const titles: Readonly<Record<string, string>> = {
  plain: 'plain',
  parent: 'parent',
  'child-a': 'VLAN 100',
  'child-b': 'VLAN 200',
  vtep4: 'VTEP IPv4',
  vtep6: 'VTEP IPv6',
  gre: 'OVS, GRE',
};
const [titleWidth, cellWidth, lineWidth] = [20, 12, 120];

const rowTitle = ({ name, chassis }: Member): string =>
  `${titles[name] ?? name} ${chassis === undefined ? '(far end)' : `on ${chassis}`}`;

/** A grid as text, at most 120 columns wide: in each cell what was received, of what was expected. */
export function gridText({ frame, means, rows }: Grid): string {
  const line = (title: string, texts: readonly string[]) =>
    `  ${title.padEnd(titleWidth)}${texts.map((text) => text.padStart(cellWidth)).join('')}`;
  const head = [...matrixMembers.map(({ name }) => titles[name] ?? name), 'sent'];
  const body = matrixMembers.flatMap((from) => {
    const row = rows.find((each) => each.from === from.name);
    const texts = matrixMembers.map(({ name }) => cellText(row?.cells.find(({ to }) => to === name)));
    return [
      line(rowTitle(from), [...texts, String(row?.sent ?? 0)]),
      ...(row?.faults ?? []).map((fault) => `    FAIL ${fault}`.slice(0, lineWidth)),
    ];
  });
  return [`${frame}: ${means}`, line('from, and to', head), ...body].join('\n');
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '·';
  const { received, expected } = cell;
  return `${received === expected ? '' : 'FAIL '}${received} of ${expected}`;
}

/** Builds the site, sends everything and prints it; whether each cell is as expected, and nothing came anywhere else. */
export async function showMatrix({ json }: { readonly json: boolean }): Promise<boolean> {
  const startedMs = Date.now();
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const site = await buildMatrixSite(say);
  const grids: Grid[] = [];
  for (const kind of kinds) {
    const rows: Row[] = [];
    for (const from of matrixMembers) rows.push(await rowOf(site, kind, from));
    const grid = { frame: kind.frame, means: kind.means, rows };
    grids.push(grid);
    say(`\n${gridText(grid)}`);
  }
  const rows = grids.flatMap((grid) => grid.rows);
  const cells = rows.flatMap((row) => row.cells);
  const right = cells.filter(({ received, expected }) => received === expected).length;
  const faults = rows.flatMap((row) => row.faults).length;
  const held = right === cells.length && faults === 0;
  if (json) process.stdout.write(`${JSON.stringify({ held, grids }, null, 2)}\n`);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
  say(`
A cell is what was received of what was expected. Between far ends nothing is: what comes from a tunnel goes to no other.
${right} of ${cells.length} cells are as expected; ${faults} frames were missing, or came where they should not (${seconds} s)`);
  return held;
}
