// Three nats-servers on loopback that are one JetStream cluster, so that each bucket can have three replicas.
import { connect } from '@nats-io/transport-node';
import { freePorts } from './free-ports.js';
import { NatsServer } from './nats.js';
import { until } from './process.js';

/** A running cluster; `close` ends it and removes its folders. */
export class NatsCluster {
  /** The servers by name: n1, n2, n3. */
  readonly servers: ReadonlyMap<string, NatsServer>;

  private constructor(servers: ReadonlyMap<string, NatsServer>) {
    this.servers = servers;
  }

  /** Starts so many servers, and waits until they have found a leader. */
  static async start(size = 3): Promise<NatsCluster> {
    const ports = await freePorts(size);
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
    const started = await Promise.all(
      ports.map(async (port, index) => {
        const name = `n${index + 1}`;
        const cluster = { name: 'lab', host: '127.0.0.1', port, routes };
        return [name, await NatsServer.start({ settings: { server_name: name, cluster } })] as const;
      }),
    );
    const cluster = new NatsCluster(new Map(started));
    await cluster.#led();
    return cluster;
  }

  /** Starts all servers again, after `stop`. */
  async start(): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.start()));
    await this.#led();
  }

  /** Ends all servers; their stores stay. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.stop(signal)));
  }

  /** The addresses of all servers, as a client takes them. */
  url(): string {
    return [...this.servers.values()].map((server) => server.url()).join();
  }

  /** A server by its name. */
  server(name: string): NatsServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  /** Waits until the cluster answers questions about streams. */
  async #led(): Promise<void> {
    const client = await connect({ servers: this.url().split(',') });
    try {
      await until(
        'the cluster has a leader',
        async () => {
          const answer = await client.request('$JS.API.STREAM.NAMES', '', { timeout: 1000 }).catch(() => undefined);
          return answer !== undefined && !('error' in answer.json<object>());
        },
        30_000,
      );
    } finally {
      await client.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.close()));
  }
}
