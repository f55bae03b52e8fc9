// What the kernel of this machine hears of another one on the underlay: nothing, that there is no way to it, or that no VTEP listens there.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { hasCode } from './failure.js';

/** What was heard; a machine that is there and says nothing is silent as well. */
export type UnderlayWord = 'silent' | 'unreachable' | 'refused';

/** A kernel needs three seconds to find out that nobody on its link has an address. */
const silenceMs = 4000;
/** A machine that has answered for one port answers for another within this time. */
const answerMs = 1000;
const pauseMs = 250;
/** Of TCP, for a tunnel that has no port. */
const anyPort = 1;
/** A header whose flags are wrong: a VTEP drops it. */
const nothing = Buffer.alloc(8);

/** Asks by TCP whether there is a way (of UDP a kernel says so to nobody), and by UDP, if the tunnel has a port, whether anything listens. */
export function underlayWord(host: string, udpPort: number | undefined): Promise<UnderlayWord> {
  return new Promise((resolve) => {
    const tcp = connect({ host, port: udpPort ?? anyPort });
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const heard = (word: UnderlayWord): void => {
      clearInterval(sending);
      clearTimeout(silence);
      tcp.destroy();
      udp.close();
      resolve(word);
    };
    let silence = setTimeout(heard, silenceMs, 'silent');
    const isThere = (): void => {
      clearTimeout(silence);
      silence = setTimeout(heard, answerMs, 'silent');
    };
    tcp.on('connect', isThere);
    tcp.on('error', (error) => {
      if (hasCode(error, 'EHOSTUNREACH') || hasCode(error, 'ENETUNREACH')) heard('unreachable');
      else isThere();
    });
    let sending: NodeJS.Timeout | undefined;
    udp.on('connect', () => {
      sending = setInterval(() => {
        udp.send(nothing);
      }, pauseMs);
    });
    udp.on('error', (error) => {
      if (hasCode(error, 'ECONNREFUSED')) heard('refused');
    });
    if (udpPort !== undefined) udp.connect(udpPort, host);
  });
}
