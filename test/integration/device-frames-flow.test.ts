// Remote devices by their frames, one tunnel port for all: the cases of both modes, and one that takes many VTEPs.
import t from 'tap';
import { deviceCases } from './device-cases.js';
import { deviceOptions, DeviceSite, enterDeviceLab, frame } from './device-lab.js';

await enterDeviceLab(import.meta.url);
void deviceCases('flow');

void t.test(
  'R20 a broadcast to 600 VTEPs reaches each of them once',
  { ...deviceOptions, timeout: 100_000 },
  async (t) => {
    const lab = await DeviceSite.start(t, 'flow');
    const vm = await lab.vm('vm', 'net', 1);
    const addresses = Array.from({ length: 600 }, (_, i) => `2001:db8:1::${(i + 1).toString(16)}`);
    const revisions = await Promise.all(
      addresses.map((vtep_address, i) =>
        lab.site.put('lport', `red/d${i}`, {
          lswitch: 'net',
          macs: [],
          ips: [],
          binding: { type: 'vtep', vtep_address },
        }),
      ),
    );
    await lab.site.acknowledged('red', Math.max(...revisions));
    await lab.site.converged();
    const { underlay } = await lab.from(vm, frame(vm, 'all'));
    t.equal(underlay.length, 600);
    t.equal(new Set(underlay.map(({ to }) => to)).size, 600);
    t.ok(underlay.every(({ inner, vni }) => vni === 1 && inner.equals(frame(vm, 'all'))));
  },
);
