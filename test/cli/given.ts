// Objects for tests, written as in a file.
import { type Stored } from '../../src/cli/plan.js';
import { parseText } from '../../src/cli/files.js';
import { type AnyObject, objectName } from '../../src/model/parse.js';

/** The objects of a YAML text of tenant red, all of them right. */
export function given(text: string): readonly AnyObject[] {
  const { objects, refused } = parseText('test', text, 'red');
  if (refused.length > 0) throw new Error(refused.map((error) => error.message).join('\n'));
  return objects;
}

/** Objects as the northbound holds them, at revisions from 1. */
export const stored = (objects: readonly AnyObject[]): Map<string, Stored> =>
  new Map(objects.map((object, i) => [objectName(object.kind, object.ref), { revision: i + 1, object }]));

/** The specs' own example: a VM with an untagged network and VLAN 100 into another, and a machine behind a VTEP. */
export const trunk = `
tenant: red
objects:
  - {kind: child_port_segmentation, parent: vm1, port: vm1-net2, segmentation_type: vlan, segmentation_id: 100}
  - {kind: lport, id: vm1, lswitch: net1, macs: ["fa:16:3e:00:00:01"], ips: [10.1.0.5]}
  - {kind: network, id: net1, network_type: vxlan}
  - {kind: lswitch, id: net2, network_type: vxlan}
  - {kind: subnet, id: sub2, lswitch: net2, cidr: 10.2.0.0/24}
  - {kind: port, id: vm1-net2, lswitch: net2, macs: auto, ips: auto}
  - {kind: lport, id: db, lswitch: net2, macs: ["fa:16:3e:00:00:09"], ips: [10.2.0.9],
     binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}}
`;
