// A chassis that nobody answers: whatever it asks for is left to the test.
import pino from 'pino';
import type { App } from '../../src/apps/app.js';
import { Chassis } from '../../src/controller/chassis.js';
import type { Status } from '../../src/controller/reporter.js';

const nothing = (): void => undefined;

/** Chassis `c1` with these apps; `said` gets what it says of objects, by reference. */
export function chassisAlone(apps: readonly App[], said: Map<string, Status | undefined>): Chassis {
  const settings = {
    chassis: 'c1',
    encapIps: ['192.0.2.1'],
    encapTypes: ['vxlan'],
    tunnelMode: 'per-remote',
    underlayMtu: 1500,
  } as const;
  const edges = {
    ...{ watch: nothing, allocate: nothing, address: nothing, claim: nothing, release: nothing, tunnels: nothing },
    ...{ acknowledged: nothing, whole: nothing, installed: nothing },
    status: (_: string, ref: string, status: Status | undefined) => said.set(ref, status),
  };
  return new Chassis(settings, apps, true, edges, pino({ enabled: false }));
}
