// Two controllers of one bridge, of which one cannot know what goes on: it stood still, or its connection hangs; or both lost theirs.
import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { until } from '../lab/process.js';
import { patienceMs, wholeOptions } from './controller-lab.js';
import { isDemoted, Pair, portIds, standsBy, takesOver, trouble } from './roles-lab.js';

t.setTimeout(200_000);

/** A TCP connection in between that can hang: then nothing passes either way, and neither end is told. */
class Link {
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #hangs = false;

  private constructor(port: number) {
    this.port = port;
  }

  static async to(t: Test, port: number): Promise<Link> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const link = new Link(typeof address === 'object' && address !== null ? address.port : 0);
    server.on('connection', (near) => {
      link.#join(near, createConnection(port, '127.0.0.1'));
    });
    t.teardown(() => {
      server.close();
      for (const socket of link.#sockets) socket.destroy();
    });
    return link;
  }

  /** From now on connections hang, new ones too, until `heal`. */
  hang(): void {
    this.#hangs = true;
    for (const socket of this.#sockets) socket.pause();
  }

  heal(): void {
    this.#hangs = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#hangs) from.pause();
    }
  }
}

/** One writes, the one that took over, by the connection of that name; and all that there is is served. */
async function isWrittenBy(t: Test, pair: Pair, mark: number, connection: RegExp): Promise<void> {
  t.match(await pair.writers(mark), [connection], 'one writes, the one that took over');
  for (const id of portIds) t.equal(await pair.site.standing('lport', `red/${id}`), 'ACTIVE');
}

void t.test(
  'a master whose connection hangs falls silent everywhere, and comes back to stand by',
  wholeOptions,
  async (t) => {
    const pair = await Pair.start(t);
    const { site } = pair;
    const link = await Link.to(t, pair.port);
    await site.ovs.vsctl('set-controller', 'br1', `tcp:127.0.0.1:${link.port}`);
    const first = pair.listening();
    await pair.allActive();
    const second = pair.dialling();
    await second.says(standsBy);
    const [mark, said] = [site.mark(), first.said(/ DOWN/).length];
    link.hang();
    await second.says(takesOver);
    await first.says(isDemoted); // over the northbound, long before it can know that its connection is dead
    await second.says(/read the flows of the switch/);
    await site.converged();
    t.same(await site.modsSince(mark), []);
    const revision = await pair.move('b', '10.0.0.55');
    await site.active('lport', 'red/b', 'c1', revision);
    link.heal();
    await first.says(standsBy);
    await isWrittenBy(t, pair, mark, /^unix/);
    t.equal(first.said(/ DOWN/).length, said, 'the first has not said that anything is down because it was');
    for (const one of [first, second]) t.same(one.said(trouble), []);
  },
);

void t.test('a master that stood still comes back as the one that stands by', wholeOptions, async (t) => {
  const pair = await Pair.start(t);
  const { site } = pair;
  const first = pair.dialling();
  await pair.allActive();
  const second = pair.listening();
  await second.says(standsBy);
  first.pause();
  await second.says(takesOver);
  const revision = await pair.move('b', '10.0.0.55');
  await site.active('lport', 'red/b', 'c1', revision);
  const before = await site.dump();
  const mark = site.mark();
  first.resume(); // with a view of the past, a connection of its own, and changes that it has not read
  await first.says(isDemoted);
  await first.says(standsBy);
  await delay(1000);
  t.same(await site.modsSince(mark), []);
  t.same(await site.dump(), before);

  const last = await pair.move('c', '10.0.0.56');
  await site.active('lport', 'red/c', 'c1', last);
  await isWrittenBy(t, pair, mark, /^tcp:/);
  t.equal(first.said(isDemoted).length, 1);
  t.equal(first.said(standsBy).length, 1);
  for (const one of [first, second]) t.same(one.said(trouble), []);
});

void t.test('the master of before comes back first when the switch starts again', wholeOptions, async (t) => {
  const pair = await Pair.start(t);
  const { site } = pair;
  const first = pair.dialling();
  await pair.allActive();
  const second = pair.listening();
  await second.says(standsBy);
  const before = await site.ours();
  await site.ovs.stopSwitch('SIGKILL');
  await first.says(/switch disconnected/);
  await site.ovs.startSwitch();
  await until(
    'the flows are back',
    async () => (await site.ours().catch(() => [])).length === before.length,
    patienceMs,
  );
  await site.converged();
  await until('the second is back', () => second.said(/switch disconnected/).length > 0, patienceMs);
  t.same(second.said(takesOver), []);
  t.same(second.said(/^switch connected$/), []);
  t.same(first.said(isDemoted), []);
});
