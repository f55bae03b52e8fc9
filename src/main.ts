// The controller, put together from top to bottom; everything else is in the rooms that it names.
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Controller } from './controller/controller.js';
import type { Config } from './controller/config.js';
import { type ControlRequest, openControl } from './controller/control.js';
import { failure } from './controller/failure.js';
import { explain } from './controller/explain.js';
import { openNorthbound } from './controller/nats-northbound.js';
import { listenOn } from './controller/listen.js';
import { droppedBy } from './controller/unknown.js';
import { snapshotOf } from './controller/snapshot.js';
import { parseRemote } from './ovsdb/remote.js';
import { Vswitch } from './ovsdb/vswitch.js';

/** How long the database of Open vSwitch may take to answer at the start before we go on without it for now, in milliseconds. */
const firstSnapshotMs = 5000;

/** Starts a controller; resolves when it listens, to what ends it. Flows stay on the switches when it ends. */
export async function main(config: Config, version: string, log: Logger): Promise<() => Promise<void>> {
  let stopping = false;
  const northbound = await openNorthbound(config, version, log);

  const vswitch =
    config.ovsdb === 'none'
      ? undefined
      : new Vswitch({
          remotes: [parseRemote(config.ovsdb)],
          onUpdate: () => {
            controller.databaseChanged();
          },
          onState: (state) => {
            if (stopping) return;
            if (state.type === 'up') log.info({ ovsdb: config.ovsdb }, 'the database of Open vSwitch answers');
            else
              log.warn(
                { ovsdb: config.ovsdb, state: state.type, ...(state.type === 'down' ? failure(state.reason) : {}) },
                'the database of Open vSwitch does not answer; the data plane stays as it is',
              );
            controller.databaseAway(state.type !== 'up');
          },
        });
  const controller = new Controller({ config, northbound, vswitch, version, log });
  vswitch?.start();
  await vswitch?.ready(firstSnapshotMs).catch((error: unknown) => {
    log.warn(
      { ovsdb: config.ovsdb, ...failure(error) },
      'no database of Open vSwitch yet: bridges are served as soon as it answers (--ovsdb none: without it)',
    );
  });

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

/** What the control socket is asked. */
function answerTo(controller: Controller, { ask, argument = '' }: ControlRequest): unknown {
  if (ask === 'status') return snapshotOf(controller);
  if (ask === 'explain') return [...controller.served.values()].map(({ chassis }) => explain(chassis, argument));
  if (ask === 'unknown') return droppedBy(controller);
  throw new Error(`${ask} is not a question: status, explain or unknown`);
}
