// Scenarios in the words of Open vSwitch's own client tests, played with our client against a real ovsdb-server: set-up,
// steps, and the text that any faithful copy of the database prints after each step.
import { dial } from '../../src/ovsdb/channel.js';
import { processClock } from '../../src/ovsdb/clock.js';
import { OvsdbClient } from '../../src/ovsdb/client.js';
import { Connection, type Reply } from '../../src/ovsdb/connection.js';
import { textsOf } from '../../src/ovsdb/datum.js';
import { OvsdbError } from '../../src/ovsdb/errors.js';
import { isList, isMembers, type Json } from '../../src/ovsdb/json.js';
import { parseRemote } from '../../src/ovsdb/remote.js';
import type { Row } from '../../src/ovsdb/replica.js';
import { until } from '../lab/process.js';
import { PrivateDatabase } from './ovsdb-server.js';

/** One scenario; steps are transactions as JSON (with `+`: without looking at the copy first) or `reconnect`. */
export interface Scenario {
  readonly title: string;
  readonly setup: readonly string[];
  readonly ops: readonly string[];
  readonly expect: string;
}

/** Whether our client has what the scenario is about; conditions and writing through the copy it has not. */
export const isPlayable = ({ setup, ops }: Scenario): boolean =>
  [...setup, ...ops].every((step) => step === 'reconnect' || /^\+?\[/.test(step.trim()));

const many = (key: Json): Json => ({ type: { key, min: 0, max: 'unlimited' } });
const one = (key: Json): Json => ({ type: { key, min: 0, max: 1 } });
const refers = (refTable: string, refType = 'strong'): Json => ({ type: 'uuid', refTable, refType });

/** The tables that the scenarios use, with the columns in the order in which they are printed. */
const tables = {
  simple: {
    i: { type: 'integer' },
    r: { type: 'real' },
    b: { type: 'boolean' },
    s: { type: 'string' },
    u: { type: 'uuid' },
    ia: many('integer'),
    ra: many('real'),
    ba: one('boolean'),
    sa: many('string'),
    ua: many('uuid'),
  },
  link1: {
    i: { type: 'integer' },
    k: { type: { key: refers('link1') } },
    ka: many(refers('link1')),
    l2: one(refers('link2')),
  },
  link2: { i: { type: 'integer' }, l1: one(refers('link1')) },
  singleton: { name: { type: 'string' } },
  simple6: { name: { type: 'string' }, weak_ref: many(refers('simple', 'weak')) },
};

const schema = {
  name: 'idltest',
  version: '1.0.0',
  tables: Object.fromEntries(
    Object.entries(tables).map(([name, columns]) => [
      name,
      { columns, isRoot: true, ...(name === 'singleton' && { maxRows: 1 }) },
    ]),
  ),
};

/** What a scenario is played with. */
interface Stage {
  readonly database: PrivateDatabase;
  readonly client: OvsdbClient;
  readonly writer: Connection;
  /** The UUIDs that the server gave out, in order: `#0#` in a step is the first. */
  readonly uuids: string[];
  readonly changes: () => number;
}

/** Plays a scenario and answers with its text: lines sorted, every UUID by the order of its first appearance. */
export async function play(scenario: Scenario): Promise<string> {
  const database = await PrivateDatabase.start(schema);
  let changes = 0;
  const client = new OvsdbClient({
    remotes: [parseRemote(database.address)],
    database: schema.name,
    tables: Object.fromEntries(Object.entries(tables).map(([name, columns]) => [name, Object.keys(columns)])),
    onChanges: () => {
      changes++;
      return [];
    },
    reconnect: { minBackoffMs: 20, maxBackoffMs: 100, probeIntervalMs: 5000, freeTries: 0 },
  });
  const writer = await connected(database.address);
  try {
    const stage: Stage = { database, client, writer, uuids: [], changes: () => changes };
    for (const step of scenario.setup) await transact({ ...stage, uuids: [] }, step);
    client.start();
    return await playSteps(scenario.ops, stage);
  } finally {
    client.close();
    writer.close(endOfScenario);
    await database.close();
  }
}

async function playSteps(steps: readonly string[], stage: Stage): Promise<string> {
  const lines: string[] = [];
  let number = 0;
  const print = (...texts: string[]): void => {
    lines.push(...texts.map((text) => `${String(number).padStart(3, '0')}: ${text}`));
    number++;
  };
  let seen = 0;
  const look = async (): Promise<void> => {
    await until('a change', () => stage.changes() > seen);
    print(...copyLines(stage.client));
  };
  for (const step of steps) {
    if (!step.startsWith('+')) await look();
    seen = stage.changes();
    if (step === 'reconnect') {
      await stage.database.killServer();
      await stage.database.startServer();
      print('reconnect');
    } else {
      print(await transact(stage, step.replace(/^\+/, '')));
    }
  }
  await look();
  print('done');
  return numbered(lines.sort());
}

const endOfScenario = new OvsdbError('OVSDB_CLOSED', 'the scenario is over');

function connected(address: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection = new Connection(
      dial,
      parseRemote(address),
      {
        opened: () => {
          resolve(connection);
        },
        activity: () => undefined,
        notification: () => undefined,
        closed: reject,
      },
      processClock.nowMs,
    );
  });
}

async function transact({ writer, uuids }: Stage, step: string): Promise<string> {
  const text = step.replace(/#(\d+)#/g, (_, index) => uuids[Number(index)] ?? '?');
  const reply = await new Promise<Reply>((resolve) => {
    writer.request('transact', JSON.parse(text) as Json[], resolve);
  });
  if (reply.type === 'closed') throw reply.reason;
  const printed = JSON.stringify(ordered(reply.type === 'result' ? { error: null, result: reply.result } : reply));
  // Those inside an error's words do not count.
  for (const [, uuid = ''] of printed.matchAll(/"uuid","([^"]+)"/g)) if (!uuids.includes(uuid)) uuids.push(uuid);
  return printed;
}

const anyUuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function ordered(value: unknown): unknown {
  if (isList(value)) return value.map(ordered);
  if (!isMembers(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, ordered(value[name])]));
}

function copyLines({ replica }: OvsdbClient): string[] {
  const numberOf =
    (table: string) =>
    (uuid: string): string =>
      valuesOf(replica.rows(table).get(uuid), 'i').join();
  const links: Record<string, (uuid: string) => string> = {
    k: numberOf('link1'),
    ka: numberOf('link1'),
    l1: numberOf('link1'),
    l2: numberOf('link2'),
  };
  const lines = Object.entries(tables).flatMap(([table, columns]) =>
    [...replica.rows(table)].map(([uuid, row]) => {
      const cells = Object.keys(columns).map((name) => `${name}=${cell(row, name, links[name])}`);
      return `table ${table}: ${cells.join(' ')} uuid=${uuid}`;
    }),
  );
  return lines.length === 0 ? ['empty'] : lines;
}

/** Columns of a set are printed in brackets; an optional reference is not. */
const bracketed: readonly string[] = ['ia', 'ra', 'ba', 'sa', 'ua', 'ka', 'weak_ref'];

function cell(row: Row, name: string, link = (text: string): string => text): string {
  const values = valuesOf(row, name)
    .map(link)
    .sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return bracketed.includes(name) ? `[${values.join(' ')}]` : values.join(' ');
}

function valuesOf(row: Row | undefined, column: string): string[] {
  const datum = row?.[column];
  return typeof datum === 'string' ? [datum] : [...textsOf(datum)];
}

function numbered(lines: readonly string[]): string {
  const known = new Map<string, number>();
  const text = lines.join('\n').replace(anyUuid, (uuid) => {
    if (!known.has(uuid)) known.set(uuid, known.size);
    return `<${known.get(uuid) ?? 0}>`;
  });
  return withoutChoice(text);
}

/** Which of several offending rows the server names is its own affair. */
export const withoutChoice = (text: string): string =>
  text.trim().replace(/row <\w+> references/g, 'row <x> references');
