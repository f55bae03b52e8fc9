// Which chassis a bridge is.
import t from 'tap';
import { chassisIdOf } from '../../src/controller/bridges.js';
import type { VswitchView } from '../../src/ovsdb/view.js';

const bridge = (datapathId: string, chassis?: string): VswitchView['bridges'][number] => ({
  uuid: datapathId,
  name: 'br1',
  datapathId,
  datapathType: '',
  protocols: [],
  externalIds: new Map(chassis === undefined ? [] : [['damselfly-chassis', chassis]]),
  otherConfig: new Map(),
  ports: [],
  controllers: [],
});
const openVswitch = {
  uuid: '',
  externalIds: new Map(),
  otherConfig: new Map(),
  systemId: 'host1',
  curCfg: 0,
  ifaceTypes: [],
};

void t.test('a bridge is the chassis that is configured, else its own, else its machine, else its datapath id', (t) => {
  const view = (chassis?: string): VswitchView => ({ openVswitch, bridges: [bridge('00000000000000aa', chassis)] });
  t.equal(chassisIdOf(view('c1'), 0xaan, ['aa=c9']), 'c9');
  t.equal(chassisIdOf(view('c1'), 0xaan, ['bb=c9']), 'c1');
  t.equal(chassisIdOf(view(), 0xaan, []), 'host1');
  t.equal(chassisIdOf({ bridges: [bridge('00000000000000aa')] }, 0xaan, []), '00000000000000aa');
  t.end();
});

void t.test('a switch that the database does not have is never this machine', (t) => {
  t.equal(chassisIdOf({ openVswitch, bridges: [bridge('00000000000000aa')] }, 0xbbn, []), '00000000000000bb');
  t.end();
});
