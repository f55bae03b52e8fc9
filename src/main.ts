// The controller, put together from top to bottom; everything else is in the rooms that it names.
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Controller } from './controller/controller.js';
import type { Config } from './controller/config.js';
import { type ControlRequest, openControl } from './controller/control.js';
import { failure } from './controller/failure.js';
import { explain, type Explanation } from './controller/explain.js';
import { askEach, farEndOf } from './controller/far-end.js';
import { openNorthbound } from './controller/nats-northbound.js';
import { listenOn } from './controller/listen.js';
import { probe } from './controller/probe.js';
import { droppedBy } from './controller/unknown.js';
import { snapshotOf } from './controller/snapshot.js';
import type { LinkState } from './ovsdb/client.js';
import { parseRemote } from './ovsdb/remote.js';
import { Vswitch } from './ovsdb/vswitch.js';
import { inSlices } from './turns/slices.js';

/** How long the database of Open vSwitch may take to answer at the start before we go on without it for now, in milliseconds. */
const firstSnapshotMs = 5000;

/** How long a start that is no longer wanted may take to come to its end, in milliseconds. */
const abandonMs = 2000;

/** Runs a controller until `ending` is aborted; its reason says why. Flows stay on the switches. Throws what keeps it from starting. */
export async function main(config: Config, version: string, log: Logger, ending: AbortSignal): Promise<void> {
  const starting = start(config, version, log, ending);
  await Promise.race([starting, aborted(ending)]);
  await aborted(ending);
  log.info({ signal: ending.reason as unknown }, 'stopping; all flows stay on the switches');
  const stop = await Promise.race([starting.catch(() => undefined), delay(abandonMs)]);
  await stop?.();
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** Starts a controller; resolves when it listens, to what ends it. */
async function start(config: Config, version: string, log: Logger, ending: AbortSignal): Promise<() => Promise<void>> {
  let stopping = false;
  let controller: Controller | undefined = undefined;
  const databaseIs = (state: LinkState): void => {
    if (stopping || controller === undefined || (state.type === 'down' && state.reason === undefined)) return;
    sayDatabase(config, state, log);
    controller.databaseAway(state.type !== 'up');
  };
  // First of all: of a bridge with thousands of ports the database has much to say, and takes its time.
  const vswitch = openDatabase(config, databaseIs, () => {
    controller?.databaseChanged();
  });
  const northbound = await openNorthbound(config, version, log, ending).catch((error: unknown) => {
    vswitch?.close();
    throw error;
  });
  controller = new Controller({ config, northbound, vswitch, version, log });
  if (vswitch !== undefined) {
    databaseIs(vswitch.state);
    controller.databaseChanged();
  }
  const ready = vswitch?.ready(firstSnapshotMs).catch((error: unknown) => {
    if (stopping) return;
    log.warn(
      { ovsdb: config.ovsdb, ...failure(error) },
      'no database of Open vSwitch yet: bridges are served as soon as it answers (--ovsdb none: without it)',
    );
  });
  await Promise.race([ready, aborted(ending)]);

  let closeControl: (() => void) | undefined;
  const close = async (): Promise<void> => {
    stopping = true;
    closeControl?.();
    controller.close();
    vswitch?.close();
    await northbound.close();
  };
  try {
    closeControl = await openControl(config.data_dir, (request) => answerTo(controller, request));
    for (const address of config.listen) {
      await listenOn(controller.switches, address);
      log.info({ address }, 'listening for bridges');
    }
  } catch (error) {
    await close();
    throw error;
  }
  for (const bridge of config.bridges)
    controller.switches.dial({ kind: 'unix', path: join(config.run_dir, `${bridge}.mgmt`) });
  return close;
}

/** The mirror of the configured database of Open vSwitch, which begins to fill; undefined without a database. */
function openDatabase(
  { ovsdb }: Config,
  onState: (state: LinkState) => void,
  onUpdate: () => void,
): Vswitch | undefined {
  if (ovsdb === 'none') return undefined;
  const vswitch = new Vswitch({ remotes: [parseRemote(ovsdb)], onState, onUpdate });
  vswitch.start();
  return vswitch;
}

function sayDatabase({ ovsdb }: Config, state: LinkState, log: Logger): void {
  if (state.type === 'up') log.info({ ovsdb }, 'the database of Open vSwitch answers');
  else
    log.warn(
      { ovsdb, state: state.type, ...(state.type === 'down' ? failure(state.reason) : {}) },
      'the database of Open vSwitch does not answer; the data plane stays as it is',
    );
}

/** What each chassis knows of a line of dump-flows. */
function* explained(controller: Controller, line: string): Generator<void, Explanation[]> {
  const found: Explanation[] = [];
  for (const { chassis } of controller.served.values()) found.push(yield* explain(chassis, line));
  return found;
}

/** What the control socket is asked. */
function answerTo(controller: Controller, { ask, argument = '' }: ControlRequest): unknown {
  if (ask === 'status') return inSlices(snapshotOf(controller));
  if (ask === 'explain') return inSlices(explained(controller, argument));
  if (ask === 'unserved') return controller.unserved();
  if (ask === 'unknown') return droppedBy(controller);
  if (ask === 'far-end') return askEach(controller, argument, farEndOf);
  if (ask === 'probe') return askEach(controller, argument, probe);
  throw new Error(`${ask} is not a question: status, unserved, explain, unknown, far-end or probe`);
}
