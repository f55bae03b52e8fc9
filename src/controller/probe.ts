// Sends through the overlay to a remote device, and says which of underlay, VNI, MTU and ARP is wrong. What is sent asks who has the device's
// address, of the network's full size and then, if nobody answers, short; what comes back is caught by a flow of a few seconds.
import { setTimeout as delay } from 'node:timers/promises';
import { tables } from '../apps/pipeline.js';
import { intoTunnel, sentBy } from '../apps/tunnels.js';
import { transientCookie } from '../apps/unknown.js';
import { macNumber } from '../model/addresses.js';
import type { Ref } from '../model/ids.js';
import { apply, decode, flowMod, noBuffer, reservedPort } from '../ofp/index.js';
import { flowRequest } from '../switch/dump.js';
import type { Session } from '../switch/session.js';
import type { Chassis } from './chassis.js';
import { type FarEnd, farEndOf } from './far-end.js';
import { probeMac, type ProbeQuestion, probeQuestion } from './probe-question.js';
import { type UnderlayWord, underlayWord } from './underlay.js';
import { droppedAt } from './unknown.js';

/** What came of a probe: nothing wrong, or the first of what is wrong, and in words what was seen. */
export interface ProbeResult {
  readonly device: string;
  readonly wrong: 'nothing' | 'underlay' | 'VTEP' | 'VNI' | 'MTU' | Protocol | `underlay, VNI or ${Protocol}`;
  readonly words: string;
}

type Protocol = ProbeQuestion['protocol'];

const [tries, pauseMs] = [6, 250];
const catchSeconds = 10;
const etherHeaderSize = 14;

/** Probes a device from a chassis that has a port on its network. Throws where that cannot be done. */
export async function probe(chassis: Chassis, device: Ref): Promise<ProbeResult> {
  const end = farEndOf(chassis, device);
  const { address, type } = end;
  const { session } = chassis;
  if (session === undefined) throw new Error(`the switch that reaches lport ${device} is not connected`);
  const question = probeQuestion(chassis.view.port(device)?.ips ?? []);
  if (question === undefined) throw new Error(`lport ${device} has no IP address to ask for`);
  const { protocol } = question;
  const underlay = underlayWord(address, type === 'gre' ? undefined : end.dstPort);
  const answer = await answers(chassis, session, end, question);
  const verdict =
    answer === undefined
      ? unanswered(end, protocol, await underlay, await everHeard(chassis, session, end))
      : answered(end, protocol, answer);
  return { device, ...verdict };
}

/** Who answered, and whether the request of full size. */
interface Answer {
  readonly mac: number;
  readonly isFullSize: boolean;
}

async function answers(
  { view }: Chassis,
  session: Session,
  end: FarEnd,
  question: ProbeQuestion,
): Promise<Answer | undefined> {
  const network = view.network(end.network);
  const actions = intoTunnel(view, view.endpointName(end.device) ?? '');
  if (network === undefined || actions === undefined)
    throw new Error(`no tunnel port leads to ${end.address} yet; damselfly status says why`);
  const heard: number[] = [];
  const ask = async (size?: number): Promise<number | undefined> => {
    heard.length = 0;
    const data = question.request(size);
    for (let i = 0; i < tries && heard.length === 0; i++) {
      session.send({ type: 'packet_out', bufferId: noBuffer, inPort: reservedPort.controller, actions, data });
      await delay(pauseMs);
    }
    return heard[0];
  };
  const stop = session.onPacketIn(({ data }) => {
    const mac = question.answer(data);
    if (mac !== undefined) heard.push(mac);
  });
  try {
    session.send(catching(network.key));
    await session.barrier();
    const full = await ask(end.mtu + etherHeaderSize);
    const mac = full ?? (await ask());
    return mac === undefined ? undefined : { mac, isFullSize: full !== undefined };
  } finally {
    stop();
  }
}

/** A flow of a few seconds that brings the answers here; nobody else's packet has the address. */
const catching = (network: number) =>
  flowMod({
    table: tables.tunnelDestination.id,
    priority: 0xffff,
    cookie: transientCookie('probe'),
    hardTimeout: catchSeconds,
    match: { metadata: network, eth_dst: macNumber(probeMac) },
    instructions: [apply({ type: 'output', port: reservedPort.controller, maxLen: 0xffff })],
  });

/** What was ever heard of a VTEP: how many packets with the right VNI, and with which others. */
interface Heard {
  readonly right: number;
  readonly others: readonly number[];
}

async function everHeard(chassis: Chassis, session: Session, { type, address, vni }: FarEnd): Promise<Heard> {
  let right = 0;
  const match = { tun_id: vni, ...sentBy(address) };
  await session.multipart(flowRequest({ table: tables.tunnelNetwork.id, match }), (frame) => {
    const { message } = decode(frame);
    if (message.type !== 'multipart_reply' || message.kind !== 'flow') return;
    right += message.entries.reduce((sum, { packetCount }) => sum + Number(packetCount), 0);
  });
  const others = (await droppedAt(chassis)).filter(
    ({ what, from }) => what !== 'vlan' && from === `${type} ${address}`,
  );
  return { right, others: others.map(({ number }) => number) };
}

type Verdict = Omit<ProbeResult, 'device'>;

function answered({ mtu, macs }: FarEnd, protocol: Protocol, { mac, isFullSize }: Answer): Verdict {
  if (!macs.some((text) => macNumber(text) === mac))
    return { wrong: protocol, words: `another MAC address than ${macs.join(', ')} answers: ${macText(mac)}` };
  if (isFullSize) return { wrong: 'nothing', words: `it answers, and packets of ${mtu} bytes get there` };
  return {
    wrong: 'MTU',
    words: `a packet of ${mtu} bytes does not get there; short ones do. Set underlay_mtu to what the underlay carries`,
  };
}

function unanswered(
  { address, type, vni, dstPort }: FarEnd,
  protocol: Protocol,
  underlay: UnderlayWord,
  heard: Heard,
): Verdict {
  if (underlay === 'unreachable')
    return { wrong: 'underlay', words: `there is no way to ${address}, or nobody has that address` };
  if (underlay === 'refused')
    return {
      wrong: 'VTEP',
      words: `${address} is there, but nothing listens on its UDP port ${dstPort ?? 0}: no ${type} device`,
    };
  const others = heard.others.length === 0 ? '' : `VNI ${heard.others.join(', ')}`;
  if (heard.right > 0) {
    const besides = others === '' ? '' : ` (and with ${others})`;
    const words = `the VTEP has sent with the right VNI${besides}, but nobody behind it answers for the device’s address`;
    return { wrong: protocol, words };
  }
  if (others !== '') return { wrong: 'VNI', words: `the VTEP sends with ${others}; its network’s is ${vni}` };
  return {
    wrong: `underlay, VNI or ${protocol}`,
    words: `nothing has ever come from ${address}: a VTEP drops what it does not know without a word. Have the device send something, and probe again`,
  };
}

const macText = (mac: number): string =>
  mac
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:');
