// Text becomes the bytes that ovs-ofctl makes of it, and what a switch dumps can be pasted.
import t from 'tap';
import {
  decode,
  encode,
  encodeBuckets,
  encodeInstructions,
  encodeMatch,
  formatFlow,
  formatGroup,
  hexOf,
  parseFlow,
  parseGroup,
  SyntaxProblem,
} from '../../src/ofp/index.js';
import { bytesOf, dumps, vectors } from './vectors.js';

void t.test('every flow that ovs-ofctl encodes is parsed to the same bytes', (t) => {
  for (const { argument, frames } of vectors('ovs-ofctl-flows'))
    t.equal(hexOf(encode(parseFlow(argument), 0)), frames.at(-1), argument);
  t.end();
});

void t.test('every group that ovs-ofctl encodes is parsed to the same bytes', (t) => {
  for (const { argument, frames } of vectors('ovs-ofctl-messages').filter(({ command }) => command === 'add-group'))
    t.equal(hexOf(encode(parseGroup(argument), 0)), frames.at(-1), argument);
  t.end();
});

void t.test('every flow that a switch dumps is parsed to the match and instructions that it holds', (t) => {
  for (const { text, frame } of dumps('ovs-vswitchd-flows').filter(({ text }) => !text.includes('tun_metadata'))) {
    const { message } = decode(bytesOf(frame));
    if (message.type !== 'multipart_reply' || message.kind !== 'flow') throw new Error(text);
    const flow = message.entries[0];
    if (!flow) throw new Error(text);
    const parsed = parseFlow(text);
    t.equal(hexOf(encodeMatch(parsed.match)), hexOf(encodeMatch(flow.match)), text);
    t.equal(hexOf(encodeInstructions(parsed.instructions)), hexOf(encodeInstructions(flow.instructions)), text);
    t.equal(formatFlow(parsed), text);
  }
  t.end();
});

void t.test('every group that a switch dumps is parsed to the buckets that it holds', (t) => {
  for (const { text, frame } of dumps('ovs-vswitchd-groups')) {
    const { message } = decode(bytesOf(frame));
    if (message.type !== 'multipart_reply' || message.kind !== 'group_desc') throw new Error(text);
    const parsed = parseGroup(text);
    t.equal(hexOf(encodeBuckets(parsed.buckets)), hexOf(encodeBuckets(message.entries[0]?.buckets ?? [])), text);
    t.equal(formatGroup(parsed), text);
  }
  t.end();
});

void t.test('a command may stand before a group', (t) => {
  const commands = { 'add-group': '', 'mod-group': 'modify ', 'del-groups': 'delete ' };
  for (const { command, argument, frames } of vectors('ovs-ofctl-messages'))
    for (const [of, word] of Object.entries(commands))
      if (of === command && argument) t.equal(hexOf(encode(parseGroup(word + argument), 0)), frames.at(-1), argument);
  t.throws(() => parseGroup('modify group_id=5'), SyntaxProblem);
  t.end();
});

void t.test('a command may stand first, and statistics are passed over', (t) => {
  t.match(parseFlow('delete table=5,cookie=0x5/0xff,ip,out_port=3'), {
    command: 'delete',
    table: 5,
    outPort: 3,
    cookieMask: 0xffn,
  });
  t.match(
    parseFlow(' cookie=0x0, duration=5.2s, table=0, n_packets=0, n_bytes=0, idle_age=3, priority=7 actions=drop'),
    { priority: 7 },
  );
  t.end();
});

void t.test('groups may be named all, and their types in full', (t) => {
  t.match(parseGroup('delete group_id=all'), { command: 'delete', groupId: 0xffff_fffc });
  t.match(parseGroup('group_id=1,type=fast_failover,bucket=watch_port:1,output:1'), { groupType: 'ff' });
  t.end();
});

void t.test('an action may follow a parenthesis without a comma', (t) => {
  t.equal(formatFlow(parseFlow('ip,actions=dec_ttl(1,2)goto_table:3')), 'ip actions=dec_ttl(1,2),goto_table:3');
  t.end();
});

void t.test('text that is no flow is refused with the words that are wrong', (t) => {
  for (const text of [
    'actions=fly_away',
    'nonsense=1,actions=drop',
    'nw_src=1.2.3.400,ip,actions=drop',
    'actions=load:0x10000->NXM_OF_IN_PORT[]',
    'actions=set_field:1->ct_state',
    'actions=ct(commit',
    'table=256,actions=drop',
    'priority=1',
    'tcp,tcp_flags=+sin,actions=drop',
    'ipv6,ipv6_src=1::2::3,actions=drop',
    'actions=move:NXM_NX_REG0[]->NXM_OF_IN_PORT[]',
    // Each of these ovs-ofctl refuses too.
    'cookie=0x1ffffffffffffffff,actions=drop',
    'cookie=1/1,actions=drop',
    'reg0=1/2/3,actions=drop',
    'ip,ct_state=++trk,actions=drop',
    'actions=write_metadata:0x1ffffffffffffffff',
    'actions=note:1.2',
    'actions=note:0xff',
    'actions=controller(userdata=8f.e1.09.0)',
    'actions=sample(probability=5,collector_set=3)',
    'actions=sample(probability=65536)',
    'tcp,actions=fin_timeout(idle=5)',
    'actions=output(port=1,max_length=64)',
    'actions=decap(packet(ns=1,type=2))',
    'actions=decap(packet_type(type=2))',
    'actions=decap(packet_type(ns=5,type=2))',
    'actions=bundle(eth_src,0,hrw,ofport,1,2)',
    'actions=multipath(eth_src,0,hrw,0,0,NXM_NX_REG0[])',
    'actions=check_pkt_larger(1500)->NXM_NX_REG0[]',
    'actions=load:1->NXM_NX_REG0[..31]',
    'actions=learn(load:NXM_NX_REG0[]->NXM_NX_REG1[0..7])',
    'actions=learn(NXM_NX_REG0[0..3]=16)',
    'actions=learn(ct_state=+est)',
    'actions=goto_table:5,output:1',
    'actions=clear_actions,output:1',
    'actions=resubmit(1, ,ct)',
    'actions=resubmit(1 ,5)',
    'actions=resubmit(,5, ct)',
  ])
    t.throws(() => parseFlow(text), SyntaxProblem, text);
  for (const text of [
    'group_id=1,type=some',
    'group_id=1,typ=all',
    'group_id=1,type=all,colour=red,bucket=output:1',
    'group_id=1,type=all,buckets=output:1',
    'group_id=1,type=all,bucket=',
    'group_id=1,type=all,bucket=fly',
  ])
    t.throws(() => parseGroup(text), SyntaxProblem, text);
  t.end();
});
