// The loopback address, where the embedded nats-server listens: which ports are free, and whether a NATS server answers.
import { connect, createServer } from 'node:net';

/** The address itself. */
export const loopback = '127.0.0.1';
const portsTried = 64;

/** The first of 64 ports from `first` on that nobody listens on; undefined when all are taken. */
export async function freePort(first: number): Promise<number | undefined> {
  for (let port = first; port < first + portsTried; port++) if (await isFree(port)) return port;
  return undefined;
}

/** Whether nobody listens on that port of the loopback address. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: loopback, port, exclusive: true }, () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}

/** Whether a NATS server greets there within a second. */
export function greets(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port: Number(new URL(url).port) });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('data', (data) => {
      end(data.toString('latin1').startsWith('INFO '));
    });
  });
}
