// Our copy of a database beside the text that Open vSwitch's client tests expect. A few scenarios of our own always run;
// those of Open vSwitch run where DAMSELFLY_VECTORS names a folder that holds ovsdb_idl.jsonl.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { isPlayable, play, type Scenario, withoutChoice } from './idl-scenario.js';

const ours: Scenario[] = [
  {
    title: 'members of a set and pairs of rows come and go, and a server that starts anew repeats nothing wrong',
    setup: ['["idltest",{"op":"insert","table":"simple","row":{"i":1,"sa":["set",["a","b"]],"ba":true}}]'],
    ops: [
      '["idltest",{"op":"mutate","table":"simple","where":[],"mutations":[["sa","delete","a"],["sa","insert","c"],["i","+=",4]]}]',
      '["idltest",{"op":"update","table":"simple","where":[],"row":{"ba":["set",[]],"sa":"d"}}]',
      'reconnect',
    ],
    expect: [
      '000: table simple: i=1 r=0 b=false s= u=<0> ia=[] ra=[] ba=[true] sa=[a b] ua=[] uuid=<1>',
      '001: {"error":null,"result":[{"count":1}]}',
      '002: table simple: i=5 r=0 b=false s= u=<0> ia=[] ra=[] ba=[true] sa=[b c] ua=[] uuid=<1>',
      '003: {"error":null,"result":[{"count":1}]}',
      '004: table simple: i=5 r=0 b=false s= u=<0> ia=[] ra=[] ba=[] sa=[d] ua=[] uuid=<1>',
      '005: reconnect',
      '006: table simple: i=5 r=0 b=false s= u=<0> ia=[] ra=[] ba=[] sa=[d] ua=[] uuid=<1>',
      '007: done',
    ].join('\n'),
  },
  {
    title: 'a weak reference vanishes with what it refers to',
    setup: [],
    ops: [
      '["idltest",{"op":"insert","table":"simple","row":{},"uuid-name":"x"},{"op":"insert","table":"simple6","row":{"weak_ref":["named-uuid","x"]}}]',
      '["idltest",{"op":"delete","table":"simple","where":[]}]',
    ],
    expect: [
      '000: empty',
      '001: {"error":null,"result":[{"uuid":["uuid","<0>"]},{"uuid":["uuid","<1>"]}]}',
      '002: table simple6: name= weak_ref=[<0>] uuid=<1>',
      '002: table simple: i=0 r=0 b=false s= u=<2> ia=[] ra=[] ba=[] sa=[] ua=[] uuid=<0>',
      '003: {"error":null,"result":[{"count":1}]}',
      '004: table simple6: name= weak_ref=[] uuid=<1>',
      '005: done',
    ].join('\n'),
  },
];

/** Open vSwitch's scenarios about a plain copy; those about tracking, conditions or writing through the copy are not ours. */
function theirs(): Scenario[] {
  const folders = (process.env['DAMSELFLY_VECTORS'] ?? '').split(':').filter((folder) => folder !== '');
  const files = folders.map((folder) => join(folder, 'ovsdb_idl.jsonl')).filter((file) => existsSync(file));
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => line !== '');
  const scenarios = lines.map((line) => JSON.parse(line) as Scenario & { macro: string });
  return scenarios.filter((scenario) => scenario.macro === 'OVSDB_CHECK_IDL' && isPlayable(scenario));
}

const scenarios = [...ours, ...theirs()];
t.comment(`${ours.length} scenarios of our own, ${scenarios.length - ours.length} of Open vSwitch`);
for (const scenario of scenarios) {
  void t.test(scenario.title, needing(...ovsPrograms, 'ovsdb-client'), async (t) => {
    t.equal(await play(scenario), withoutChoice(scenario.expect));
  });
}
