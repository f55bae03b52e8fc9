// A site on which every port of the northbound is plugged: numbers and claims are there, so that a controller has nothing to do
// but flows, as after a restart.
import type { Compiled } from '../src/cli/compiled.js';
import { Site } from './site.js';
import { chassis, compiled, parsed, plainObjects, tenant } from './workload.js';

/** The site, and what its switch should hold. */
export interface FullSite {
  readonly site: Site;
  readonly wanted: Compiled;
  readonly ports: number;
}

/** Starts a site with so many ports, and no controller. */
export async function fullSite(ports: number): Promise<FullSite> {
  const objects = plainObjects({ ports, portSecurity: false });
  const refs = objects.filter(({ kind }) => kind === 'lport').map(({ id }) => `${tenant}/${id}`);
  const wanted = compiled(parsed(objects), { ofports: Object.fromEntries(refs.map((ref, i) => [ref, i + 1])) });
  const site = await Site.start();
  try {
    await site.plug(refs.map((_, index) => index));
    await site.write(objects, wanted.ports.keys, Object.fromEntries(refs.map((ref) => [ref, chassis])));
    return { site, wanted, ports };
  } catch (error) {
    await site.close();
    throw error;
  }
}
