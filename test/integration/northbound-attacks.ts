// What a hostile tenant can try with nothing but its own credentials, each try as data, and what an attack may not change.
import { type JetStreamManager, type StreamConfig, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, headers } from '@nats-io/transport-node';

/**
 * The hostile tenant's connection, how it addresses the JetStream API (`$JS.API`, or a domain's), and the
 * configuration that it would give the northbound's stream.
 */
export interface Attacker {
  readonly connection: NatsConnection;
  readonly api: string;
  readonly loosened: StreamConfig;
}

/** One try; `isReal` says that it succeeds where nothing but permission lists (for espionage: nothing at all) stops it. */
export interface Attack {
  readonly name: string;
  readonly isReal?: boolean;
  readonly run: (attacker: Attacker) => Promise<unknown>;
}

const nb = (key: string) => `$KV.damselfly_nb.${key}`;
const victims = [
  nb('red.lport.vm1'),
  '$KV.damselfly_alloc.claim.red.vm1',
  '$KV.damselfly_alloc.lport.red.lport.vm1',
  '$KV.damselfly_alloc.lport.1',
  '$KV.damselfly_status.red.lport.vm1.c1',
  nb('_operator.chassis.c1'),
];

/** Asks and takes any answer, or none, for an answer. */
const ask = async ({ connection }: Attacker, subject: string, body: unknown = ''): Promise<string> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  try {
    return (await connection.request(subject, text, { timeout: 300 })).string();
  } catch (error) {
    return String(error);
  }
};

/** Publishes and wants the answer on another subject. */
const answerOn = async ({ connection }: Attacker, subject: string, reply: string): Promise<void> => {
  connection.publish(subject, '{"schema":1,"forged":"blue"}', { reply });
  await connection.flush();
};

/** Stores `body` under an own key and has it delivered onto `reply`. */
const storedOn = async (attacker: Attacker, body: string, reply: string): Promise<void> => {
  await ask(attacker, nb('blue.lport.forged'), body);
  const subject = `${attacker.api}.DIRECT.GET.KV_damselfly_nb.${nb('blue.lport.forged')}`;
  attacker.connection.publish(subject, '', { reply });
  await attacker.connection.flush();
};

let consumers = 0;
const consumer = (attacker: Attacker, config: object, filter = nb('blue.>')): Promise<string> => {
  const name = `attack-${++consumers}`;
  return ask(attacker, `${attacker.api}.CONSUMER.CREATE.KV_damselfly_nb.${name}.${filter}`, {
    stream_name: 'KV_damselfly_nb',
    config: { name, ack_policy: 'none', deliver_policy: 'all', filter_subject: filter, mem_storage: true, ...config },
  });
};

const withHeader = async (attacker: Attacker, name: string, value: string): Promise<void> => {
  const header = headers();
  header.set(name, value);
  attacker.connection.publish(nb('blue.lport.vm1'), '{}', { headers: header });
  await attacker.connection.flush();
};

const inbox = 'damselfly.inbox.blue.attack';

/** Everything that is tried; what destroys most comes last. */
export const attacks: readonly Attack[] = [
  ...victims.map((victim) => ({
    name: `publishes to ${victim}`,
    run: (blue: Attacker) => ask(blue, victim, '{"forged":"blue"}'),
  })),
  ...['Nats-Rollup: all', 'Nats-Rollup: sub', 'KV-Operation: PURGE'].map((header) => ({
    name: `writes its own key with ${header}`,
    run: (blue: Attacker) => {
      const [name = '', value = ''] = header.split(': ');
      return withHeader(blue, name, value);
    },
  })),
  ...['STREAM.PURGE', 'STREAM.DELETE', 'STREAM.INFO', 'STREAM.SNAPSHOT', 'CONSUMER.LIST'].map((verb) => ({
    name: `asks for ${verb}`,
    run: (blue: Attacker) => ask(blue, `${blue.api}.${verb}.KV_damselfly_nb`),
  })),
  {
    name: 'asks for STREAM.UPDATE',
    run: (blue) => ask(blue, `${blue.api}.STREAM.UPDATE.KV_damselfly_nb`, blue.loosened),
  },
  {
    name: 'asks to delete a message',
    run: (blue) => ask(blue, `${blue.api}.STREAM.MSG.DELETE.KV_damselfly_nb`, { seq: 1 }),
  },
  ...['$KV.damselfly_alloc.claim.red.vm1', nb('red.lport.vm1'), '$JS.API.STREAM.DELETE.KV_damselfly_nb'].map(
    (deliver) => ({
      name: `has a consumer deliver to ${deliver}`,
      run: (blue: Attacker) => consumer(blue, { deliver_subject: deliver }),
    }),
  ),
  ...victims.flatMap((victim) => [
    {
      name: `wants the acknowledgement of its own key on ${victim}`,
      isReal: true,
      run: (blue: Attacker) => answerOn(blue, nb('blue.lport.vm1'), victim),
    },
    {
      name: `wants its own stored value on ${victim}`,
      isReal: true,
      run: (blue: Attacker) => storedOn(blue, '{"schema":1,"forged":"blue"}', victim),
    },
  ]),
  {
    name: 'wants its own stored value on STREAM.UPDATE',
    isReal: true,
    run: (blue) => storedOn(blue, JSON.stringify(blue.loosened), '$JS.API.STREAM.UPDATE.KV_damselfly_nb'),
  },
  {
    name: 'wants an empty stored value on STREAM.DELETE',
    isReal: true,
    run: (blue) => storedOn(blue, '', '$JS.API.STREAM.DELETE.KV_damselfly_status'),
  },
];

/** What a tenant tries in order to see another's objects: each resolves to what it was told. */
export const espionage: readonly Attack[] = [
  {
    name: 'reads red by STREAM.MSG.GET',
    isReal: true,
    run: (blue) => ask(blue, `${blue.api}.STREAM.MSG.GET.KV_damselfly_nb`, { last_by_subj: nb('red.lport.vm1') }),
  },
  {
    name: 'reads red by DIRECT.GET',
    isReal: true,
    run: (blue) => ask(blue, `${blue.api}.DIRECT.GET.KV_damselfly_nb.${nb('red.lport.vm1')}`),
  },
  {
    name: 'reads red by the body of its own DIRECT.GET',
    run: (blue) =>
      ask(blue, `${blue.api}.DIRECT.GET.KV_damselfly_nb.${nb('blue.lport.vm1')}`, {
        last_by_subj: nb('red.lport.vm1'),
      }),
  },
  {
    name: 'reads red by the body of DIRECT.GET of the stream',
    isReal: true,
    run: (blue) => ask(blue, `${blue.api}.DIRECT.GET.KV_damselfly_nb`, { last_by_subj: nb('red.lport.vm1') }),
  },
  {
    name: "has a consumer on red's filter",
    isReal: true,
    run: (blue) => consumer(blue, { deliver_subject: inbox }, nb('red.>')),
  },
  {
    name: 'has a consumer on everything',
    isReal: true,
    run: (blue) => consumer(blue, { deliver_subject: inbox }, nb('>')),
  },
  {
    name: "has a consumer whose body names red's filter",
    run: (blue) => consumer(blue, { deliver_subject: inbox, filter_subject: nb('red.>') }),
  },
  {
    name: "has a consumer whose body names several filters, red's among them",
    run: (blue) =>
      consumer(blue, {
        deliver_subject: inbox,
        filter_subject: undefined,
        filter_subjects: [nb('red.>'), nb('blue.>')],
      }),
  },
  {
    name: 'has a consumer whose body names no filter',
    run: (blue) => consumer(blue, { deliver_subject: inbox, filter_subject: undefined }),
  },
];

async function messageOf(jsm: JetStreamManager, subject: string): Promise<string> {
  const [, bucket = ''] = subject.split('.');
  try {
    const message = await jsm.streams.getMessage(`KV_${bucket}`, { last_by_subj: subject });
    return message === null ? 'absent' : `${message.seq} ${message.string()}`;
  } catch (error) {
    return String(error);
  }
}

/** Whether an answer gives something away: a value (the API writes them in base64), or a consumer that was made. */
export const isTelling = (answer: unknown): boolean => /secret|"data":|"created":/.test(String(answer));

/** Everything that an attack may not change: what others have written, and what the streams are. */
export async function untouchable(operator: NatsConnection): Promise<Record<string, unknown>> {
  const jsm = await jetstreamManager(operator);
  const seen: Record<string, unknown> = {};
  for (const subject of victims) seen[subject] = await messageOf(jsm, subject);
  for await (const { config } of jsm.streams.list()) seen[config.name] = config;
  return seen;
}

/** Writes what the attacks are after. */
export async function layOut(operator: NatsConnection): Promise<void> {
  for (const victim of victims) await operator.request(victim, `{"of":"${victim}","secret":"of red"}`);
}
