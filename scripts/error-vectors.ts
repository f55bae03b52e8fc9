// What ovs-vswitchd says of requests that it refuses: random ones with something wrong in them, and mutations of right ones.
import { encode, EncodeError, hexOf, type Message } from '../src/ofp/index.js';
import { printedByOfctl } from '../test/oracles/readers.js';
import { SwitchOracle } from '../test/oracles/vswitchd.js';
import { mutate, random } from '../test/ofp/mutate.js';
import { chanceOf } from '../test/ofp/random/chance.js';
import { randomFlowMod, randomGroupMod } from '../test/ofp/random/flows.js';
import { randomMessages } from '../test/ofp/random/messages.js';
import { randomPacketOut } from '../test/ofp/random/packet-out.js';
import { isWhole } from '../test/ofp/stream.js';
import { SwitchRecorder } from './switch-recorder.js';

const errorType = 1;
const versionAt = 0;
const openFlow13 = 4;
const xidAt = 4;
const batchLength = 100;
const longest = 400;
// Requests that change nothing about who is asked and what is told afterwards.
const mutable =
  /^(flow_mod|group_mod|meter_mod|packet_out|port_mod|table_mod|multipart_request .*|queue_get_config_request)$/;

interface Refused {
  readonly request: Uint8Array;
  readonly error: Uint8Array;
}

// Each error by the place of its request.
async function askEach(recorder: SwitchRecorder, requests: readonly Uint8Array[]): Promise<Refused[]> {
  const found: Refused[] = [];
  for (let done = 0; done < requests.length; done += batchLength) {
    const batch = requests.slice(done, done + batchLength);
    for (const error of await recorder.ask(...batch)) {
      const request = requests[new DataView(error.buffer, error.byteOffset).getUint32(xidAt) - 1];
      if (error[1] === errorType && request) found.push({ request, error });
    }
  }
  return found;
}

async function refusals(requests: readonly Uint8Array[]): Promise<Refused[]> {
  const oracle = await SwitchOracle.start();
  try {
    await oracle.held([]);
    const recorder = await SwitchRecorder.connect(oracle.ovs.management('br0'));
    const found = await askEach(recorder, requests);
    recorder.close();
    return found;
  } finally {
    await oracle.close();
  }
}

const nameIn = /^OFPT_ERROR \(OF1\.3\) \(xid=0x[0-9a-f]+\): (\w+)/;

async function namesOf(errors: readonly Uint8Array[]): Promise<string[]> {
  return (await printedByOfctl(errors)).map((text) => nameIn.exec(text)?.[1] ?? '');
}

// What cannot be encoded at all is an empty frame, which is left out with those that are not whole.
function encoded(message: Message): Uint8Array {
  try {
    return encode(message, 0).slice();
  } catch (error) {
    if (error instanceof EncodeError) return new Uint8Array(8);
    throw error;
  }
}

function drawnRequests(count: number, seed: number): Uint8Array[] {
  const chance = chanceOf(seed);
  const next = random(seed);
  const makes: readonly (() => Message)[] = [
    () => randomFlowMod(chance, 3),
    () => randomGroupMod(chance, 3),
    () => randomPacketOut(chance, 3),
    ...[...randomMessages]
      .filter(([kind]) => mutable.test(kind))
      .map(
        ([, make]) =>
          () =>
            make(chance),
      ),
  ];
  return Array.from({ length: count }, (_, i) => {
    const frame = encoded(chance.pick(makes)());
    const changed = i % 2 === 0 ? frame : mutate(frame, frame, next);
    if (changed.length > 0) changed[versionAt] = openFlow13;
    return changed;
  }).filter((frame) => isWhole(frame) && frame.length <= longest);
}

/** Requests that are refused, at most `each` for the same reason. */
export async function drawErrors(count: number, each: number, seed: number): Promise<string[]> {
  const found = await refusals(drawnRequests(count, seed));
  const names = await namesOf(found.map(({ error }) => error));
  const counts = new Map<string, number>();
  const chosen = found.filter((_, i) => {
    const name = names[i] ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return (counts.get(name) ?? 0) <= each;
  });
  return chosen.map(({ request }) => hexOf(request));
}

/** One row for each request that a fresh switch refuses: request, error, and the name that ovs-ofctl gives it. */
export async function recordErrors(requests: readonly string[]): Promise<string[][]> {
  const found = await refusals(requests.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))));
  const names = await namesOf(found.map(({ error }) => error));
  return found.map(({ request, error }, i) => [hexOf(request), hexOf(error), names[i] ?? '']);
}
