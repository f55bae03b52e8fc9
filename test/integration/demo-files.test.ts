// The demo's files through the command line, as anybody can check them: what compile prints loads into a bare Open vSwitch
// with ovs-ofctl, without an error or an overlap.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { demoFiles } from '../../demo/plan.js';
import { Ovs } from '../lab/ovs.js';
import { run } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

const cli = fileURLToPath(new URL('../../src/cli/program.js', import.meta.url));
const files = [...demoFiles, '-'];
const chassis = `
tenant: _operator
objects:
  - {kind: chassis, id: c1, ips: [172.31.0.1], tunnel_types: [vxlan]}
  - {kind: chassis, id: c2, ips: [172.31.0.2], tunnel_types: [vxlan]}
`;

const compiled = (...words: string[]) =>
  run(process.execPath, [cli, 'compile', '-f', ...files, ...words], { input: chassis });
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

void t.test('compile of the demo’s files loads into a bare switch', needing(...ovsPrograms), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  for (const mode of ['per-remote', 'flow']) {
    for (const name of ['c1', 'c2']) {
      const bridge = `${name}-${mode}`;
      await ovs.addBridge(bridge);
      const flows = await compiled('--chassis', name, '--tunnels', mode);
      const groups = await compiled('--chassis', name, '--tunnels', mode, '--groups');
      await ovs.ofctl(['add-groups', bridge, '-'], groups);
      await ovs.ofctl(['add-flows', bridge, '-'], flows.replaceAll(' actions=', ',check_overlap actions='));
      t.ok(linesOf(flows).length > 50);
      t.equal((await ovs.flows(bridge)).length, linesOf(flows).length, `${name}, ${mode}: every flow is there`);
      t.equal(
        (await ovs.ofctl(['dump-groups', bridge])).match(/group_id=/g)?.length,
        linesOf(groups).length,
        'every group is',
      );
    }
  }
});
