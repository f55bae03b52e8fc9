// Which chassis a bridge is.
import t from 'tap';
import { bridgeOf, chassisIdOf } from '../../src/controller/bridges.js';
import type { VswitchView } from '../../src/ovsdb/view.js';

const bridge = (datapathId: string, chassis?: string, name = 'br1'): VswitchView['bridges'][number] => ({
  uuid: datapathId,
  name,
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
  t.equal(chassisIdOf(view('c1'), { datapathId: 0xaan }, ['aa=c9']), 'c9');
  t.equal(chassisIdOf(view('c1'), { datapathId: 0xaan }, ['bb=c9']), 'c1');
  t.equal(chassisIdOf(view(), { datapathId: 0xaan }, []), 'host1');
  t.equal(chassisIdOf({ bridges: [bridge('00000000000000aa')] }, { datapathId: 0xaan }, []), '00000000000000aa');
  t.end();
});

void t.test('a switch that the database does not have is never this machine', (t) => {
  t.equal(
    chassisIdOf({ openVswitch, bridges: [bridge('00000000000000aa')] }, { datapathId: 0xbbn }, []),
    '00000000000000bb',
  );
  t.end();
});

void t.test('a bridge is the one that has the datapath id and the name', (t) => {
  const aa = '00000000000000aa';
  const bridges = ['br1', 'br2', 'a-bridge-of-long-name'].map((name) => bridge(aa, undefined, name));
  const found = (name?: string): string | undefined => bridgeOf({ bridges }, { datapathId: 0xaan, bridge: name })?.name;
  t.equal(found('br2'), 'br2');
  t.equal(found('a-bridge-of-lon'), 'a-bridge-of-long-name', 'a port of OpenFlow bears 15 characters');
  t.equal(found('br3'), undefined, 'one whose row does not have its id yet');
  t.equal(bridgeOf({ bridges }, { datapathId: 0xbbn, bridge: 'br2' }), undefined);
  t.end();
});
