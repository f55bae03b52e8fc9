// Small networks in, ovs-ofctl text out: what the tests of the apps are written in.
import { compile, type Compiled, type CompileOptions } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';
import { decode, validate } from '../../src/ofp/index.js';
import { overlaps } from '../../src/flow/overlap.js';
import { tables } from '../../src/apps/pipeline.js';
import { targetsOf } from '../../src/flow/pipeline.js';

export interface Given {
  /** Flow lines without cookies, in reading order. */
  readonly flows: string[];
  readonly groups: string[];
  readonly refused: string[];
  readonly compiled: Compiled;
  /** The lines of one table. */
  readonly table: (id: number) => string[];
}

/** Compiles a YAML text for chassis c1 and proves on the way that no two flows overlap, and that a switch would take each. */
export function given(yaml: string, options: Partial<CompileOptions> = {}): Given {
  const { objects, refused } = parseText('test', yaml, 'red');
  const compiled = compile(objects, refused, {
    chassis: 'c1',
    tunnelMode: 'per-remote',
    ...options,
    ports: { ofports: {}, tunnels: {}, bindings: {}, ...options.ports },
  });
  const flowMods = compiled.flows.map(({ frame }) => {
    const { message } = decode(frame);
    if (message.type !== 'flow_mod') throw new Error('not a flow');
    return message;
  });
  for (const { table, instructions } of flowMods) {
    const declared = Object.values(tables).find(({ id }) => id === table);
    const allowed: readonly (number | 'drop')[] = declared === undefined ? [] : [...declared.next, declared.miss];
    for (const target of targetsOf(instructions))
      if (!allowed.includes(target))
        throw new Error(`a flow of table ${table} goes to table ${target}, which the pipeline does not declare`);
  }
  const [overlap] = overlaps(flowMods);
  if (overlap !== undefined)
    throw new Error(
      `overlap: ${JSON.stringify([overlap.a.match, overlap.b.match], (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
    );
  for (const { frame } of [...compiled.flows, ...compiled.groups]) {
    const refusal = validate(decode(frame).message);
    if (refusal) throw new Error(`a switch would refuse ${frameText(frame)}: ${refusal.error}, ${refusal.why}`);
  }
  const flows = compiled.flows
    .map(({ frame }) => ({ frame, text: frameText(frame).replace(/^cookie=0x[0-9a-f]+, /, '') }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  const tableOf = (frame: Uint8Array): number => {
    const { message } = decode(frame);
    return message.type === 'flow_mod' ? message.table : -1;
  };
  return {
    flows: flows.map(({ text }) => text),
    groups: compiled.groups.map(({ frame }) => frameText(frame)).sort(),
    refused: compiled.refused.map(({ text }) => text),
    compiled,
    table: (id) => flows.filter(({ frame }) => tableOf(frame) === id).map(({ text }) => text),
  };
}

/** The specification's example with any keys and VLAN id: a parent, its network, a child and its network. */
export const specObjects = (
  parent: string,
  child: string,
  parentNetwork: string,
  childNetwork: string,
  vid: number,
): string => `
objects:
  - {kind: lswitch, id: net1, unique_key: ${parentNetwork}}
  - {kind: lswitch, id: net2, unique_key: ${childNetwork}}
  - {kind: lport, id: vm1, lswitch: net1, unique_key: ${parent}, macs: ['fa:16:3e:00:00:01'], ips: [10.1.0.5]}
  - {kind: lport, id: vm1-net2, lswitch: net2, unique_key: ${child}, macs: ['fa:16:3e:00:00:02'], ips: [10.2.0.5]}
  - {kind: child_port_segmentation, parent: vm1, port: vm1-net2, segmentation_type: vlan, segmentation_id: ${vid}}
`;

/** The specification's example as it is written there, with ofport 183 for the parent. */
export const specExample = specObjects('0x166', '0x168', '1', '2', 100);
