// Whatever can be decoded, however odd, can be printed and written in JSON: the tools that show frames must not fail on one.
import t from 'tap';
import { decode, DecodeError, encode, formatMessage, fromJson, toJson, type Message } from '../../src/ofp/index.js';
import { everyMessage } from './every-message.js';
import { mutate, random } from './mutate.js';
import { bytesOf, dumps, ofctlFrames } from './vectors.js';

const seeds = [
  ...everyMessage.map((message) => encode(message, 1)),
  ...[...ofctlFrames(), ...dumps('ovs-vswitchd-flows').map(({ frame }) => frame)].map(bytesOf),
];

function decoded(frame: Uint8Array): Message | undefined {
  try {
    return decode(frame).message;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** What goes wrong with a message; undefined if nothing does. */
function fault(message: Message): string | undefined {
  try {
    if (formatMessage(message, 1) === '') return 'no text';
    const json = JSON.stringify(toJson(message));
    return JSON.stringify(toJson(fromJson(JSON.parse(json)))) === json
      ? undefined
      : 'another message comes back from JSON';
  } catch (error) {
    return String(error);
  }
}

void t.test('mutated frames that decode are printed, and come back from JSON', (t) => {
  const next = random(99);
  const faults = new Map<string, string>();
  let seen = 0;
  for (let i = 0; i < 20_000; i++) {
    const [one, other] = [seeds[next() % seeds.length], seeds[next() % seeds.length]];
    const message = one && other && decoded(mutate(one, other, next));
    if (!message) continue;
    seen++;
    const found = fault(message);
    if (found !== undefined)
      faults.set(
        found,
        JSON.stringify(message, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)).slice(0, 500),
      );
  }
  t.ok(seen > 6000, `${seen} messages`);
  t.same(Object.fromEntries(faults), {});
  t.end();
});
