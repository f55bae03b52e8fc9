// Whose flow is that? From a line of dump-flows to the app, the object and the revision behind it, and what its numbers stand for.
import { allApps, appById } from '../apps/apps.js';
import { tables } from '../apps/pipeline.js';
import type { Owner } from '../flow/batch.js';
import { flowItem, readCookie } from '../flow/item.js';
import { byteOrder } from '../model/ids.js';
import { namedObject } from '../model/parse.js';
import { type FlowMod, parseFlow } from '../ofp/index.js';
import { steps } from '../turns/slices.js';
import type { Chassis } from './chassis.js';

/** What is known of one line. */
export interface Explanation {
  readonly chassis: string;
  /** Ours and wanted; ours and no longer wanted; not ours; not known here. */
  readonly verdict: 'ours' | 'stale' | 'foreign' | 'unknown';
  readonly app?: string;
  readonly object?: string;
  readonly revision?: number;
  /** Sentences for people. */
  readonly words: readonly string[];
}

/** A flow as `ovs-ofctl dump-flows` or `damselfly compile` prints it. Throws SyntaxProblem for anything else. */
export const readFlowLine = (line: string): FlowMod => parseFlow(line.replace(/#.*$/, '').trim());

/** Only identity and content of a flow that somebody shows us are looked at. */
const nobody = { id: 0, name: '' } as const;

/** Explains a flow as `ovs-ofctl dump-flows` printed it, with or without statistics and cookie, in small steps. Throws SyntaxProblem. */
export function* explain(chassis: Chassis, line: string): Generator<void, Explanation> {
  const flow = readFlowLine(line);
  const { identity, hash } = flowItem(nobody, flow);
  const wanted = chassis.table.wantedAt(identity);
  const mark = readCookie(flow.cookie);
  const hasCookie = line.includes('cookie=');
  const isForeign = hasCookie && mark === undefined;
  if (wanted !== undefined && !isForeign)
    return yield* ofOurs(chassis, wanted.owner, flow.table, line, hash === wanted.item.hash);
  if (mark !== undefined) return ofStale(chassis, mark.app);
  if (!hasCookie)
    return {
      chassis: chassis.id,
      verdict: 'unknown',
      words: ['No flow that is wanted here looks like this. Give the whole line, with its cookie.'],
    };
  return {
    chassis: chassis.id,
    verdict: 'foreign',
    words: [
      'It is not ours: its cookie does not begin with 0xd5f1. It is never touched.',
      ...(wanted === undefined
        ? []
        : [`It has the place of a flow that app ${wanted.owner.app} wants for ${wanted.owner.object}.`]),
    ],
  };
}

function ofStale(chassis: Chassis, appId: number): Explanation {
  const app = appById(appId)?.name;
  const waits = chassis.waitsFor();
  const fate =
    waits.length > 0 ? `it stays until is known: ${waits.join(', ')}` : 'it goes when the switch is read next';
  return {
    chassis: chassis.id,
    verdict: 'stale',
    ...named('app', app),
    words: [`It carries the mark of app ${app ?? appId}, but nothing wants it any more; ${fate}.`],
  };
}

function* ofOurs(
  chassis: Chassis,
  owner: Owner,
  tableId: number,
  line: string,
  isAsWanted: boolean,
): Generator<void, Explanation> {
  const object = namedObject(owner.object);
  const revision = object && chassis.world.revision(object.kind, object.ref);
  const [name, table] = Object.entries(tables).find(([, { id }]) => id === tableId) ?? [];
  const app = allApps.find((candidate) => candidate.name === owner.app);
  return {
    chassis: chassis.id,
    verdict: 'ours',
    app: owner.app,
    object: owner.object,
    ...named('revision', revision),
    words: [
      `App ${owner.app}${app === undefined ? '' : `, which ${app.does},`} wants it for ${owner.object}${revision === undefined ? '' : `, since revision ${revision} of the northbound`}.`,
      ...(isAsWanted ? [] : ['Its actions are not those that are wanted: somebody changed them.']),
      ...(table === undefined ? [] : [`Table ${tableId} (${name}): ${table.does}`]),
      ...(yield* numbersIn(chassis, line)),
    ],
  };
}

/** What the keys and ports in a line stand for. */
function* numbersIn(chassis: Chassis, line: string): Generator<void, string[]> {
  const keys: Key[] = [];
  const note = (register: string, sign: string, value: string): void => {
    const kind = register === 'metadata' ? 'lswitch' : 'lport';
    keys.push({ label: `${register}${sign}${value}`, kind, number: Number(value) });
  };
  for (const [, register = '', value = ''] of line.matchAll(keyMatch)) note(register, '=', value);
  for (const [, value = '', field = ''] of line.matchAll(keyLoad)) note(loadedTo[field] ?? field, ' := ', value);
  const names = yield* namesOf(chassis, keys);
  const out = new Set<string>();
  for (const { label, kind, number } of keys) {
    const name = names.get(`${kind} ${number}`);
    if (name !== undefined) out.add(`${label} is ${name}.`);
  }
  for (const [, label = '', value = ''] of line.matchAll(portUse)) {
    const name = portName(chassis, Number(value));
    if (name !== undefined) out.add(`${label} is ${name}.`);
  }
  return [...out];
}

/** A number in a flow that an object is known by in the data path. */
interface Key {
  readonly label: string;
  readonly kind: 'lport' | 'lswitch';
  readonly number: number;
}

const keyMatch = /(reg6|reg7|metadata)=(0x[0-9a-f]+)/g;
const keyLoad = /load:(0x[0-9a-f]+)->(NXM_NX_REG6|NXM_NX_REG7|OXM_OF_METADATA)\[\]/g;
const portUse = /((?:in_port|output)[=:](\d+))/g;
const loadedTo: Readonly<Record<string, string>> = {
  NXM_NX_REG6: 'reg6',
  NXM_NX_REG7: 'reg7',
  OXM_OF_METADATA: 'metadata',
};

/** The names of the objects that have keys; of two with one key the last in byte order. */
function* namesOf({ world }: Chassis, keys: readonly Key[]): Generator<void, ReadonlyMap<string, string>> {
  const sought = new Set(keys.map(({ number }) => number));
  const isStep = steps();
  const names = new Map<string, string>();
  for (const name of world.numbers.members()) {
    if (isStep()) yield;
    const number = world.numbers.peek(name) ?? -1;
    if (!sought.has(number)) continue;
    const numbered = `${name.slice(0, name.indexOf(' '))} ${number}`;
    const known = names.get(numbered);
    if (known === undefined || byteOrder(known, name) < 0) names.set(numbered, name);
  }
  return names;
}

function portName(chassis: Chassis, ofport: number): string | undefined {
  const { bindings, tunnels } = chassis.world;
  for (const ref of bindings.members())
    if (bindings.peek(ref)?.ofport === ofport)
      return `interface ${bindings.peek(ref)?.interface ?? ''} of lport ${ref}`;
  for (const key of tunnels.members()) if (tunnels.peek(key)?.ofport === ofport) return `the tunnel ${key}`;
  return undefined;
}

const named = <K extends string, V>(key: K, value: V | undefined): Record<K, V> | Record<string, never> =>
  // A property that is there only with a value: the spread of an empty record adds nothing.
  value === undefined ? {} : ({ [key]: value } as Record<K, V>);
