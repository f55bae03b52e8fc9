"""os-ken (Debian's python3-os-ken) as a peer of the codec benchmark.

Reads one JSON request per line and answers each with one JSON line:
  {"do": "load", "flow_mods": [hex...], "dumps": [hex...], "packet_ins": [hex...]}
      -> {"version": ..., "built": [hex...], "flows": [[table, priority, cookie]...], "packets": [[in_port, hex]...]}
  {"do": "build" | "dump" | "packet_in"} -> {"ns": nanoseconds of CPU per message, "n": messages}
"build" makes a FLOW_MOD out of Python values (classes and keyword arguments, laid out beforehand) and serializes it.
"""
import inspect
import json
import logging
import os
import sys
import time
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
answers = os.fdopen(os.dup(1), 'w')
sys.stdout = sys.stderr

from os_ken import __version__  # noqa: E402
from os_ken.ofproto import ofproto_parser, ofproto_protocol, ofproto_v1_3_parser as v13  # noqa: E402

datapath = ofproto_protocol.ProtocolDesc(version=4)
parsers = ofproto_parser._MSG_PARSERS[4]  # ofproto_parser.msg() swallows exceptions


def parse(frame):
    version_, type_, length, xid = ofproto_parser.header(frame)
    return parsers(datapath, version_, type_, length, xid, frame)


def layout(value):
    """A class and the keyword arguments that make a value anew."""
    if isinstance(value, v13.OFPActionSetField):
        return value.__class__, {value.key: value.value}, None
    names = [name for name in inspect.signature(value.__class__.__init__).parameters if name not in ('self', 'len_')]
    arguments = {name: getattr(value, name.rstrip('_')) for name in names if name != 'actions'}
    actions = [layout(action) for action in value.actions] if 'actions' in names else None
    return value.__class__, arguments, actions


def made(laid):
    class_, arguments, actions = laid
    if actions is None:
        return class_(**arguments)
    return class_(actions=[made(action) for action in actions], **arguments)


def lay_out(message):
    names = ['cookie', 'cookie_mask', 'table_id', 'command', 'idle_timeout', 'hard_timeout', 'priority', 'buffer_id',
             'out_port', 'out_group', 'flags']
    return ({name: getattr(message, name) for name in names}, dict(message.match.items()),
            [layout(instruction) for instruction in message.instructions])


def build(laid):
    numbers, fields, instructions = laid
    message = v13.OFPFlowMod(datapath, match=v13.OFPMatch(**fields), instructions=[made(i) for i in instructions],
                             **numbers)
    message.set_xid(0)
    message.serialize()
    return message.buf


def load(request):
    for name in ('flow_mods', 'dumps', 'packet_ins'):
        frames[name] = [bytes.fromhex(text) for text in request[name]]
    frames['laid'] = [lay_out(parse(frame)) for frame in frames['flow_mods']]
    flows = [[flow.table_id, flow.priority, str(flow.cookie)] for frame in frames['dumps'] for flow in parse(frame).body]
    packets = [[packet.match['in_port'], packet.data.hex()] for packet in map(parse, frames['packet_ins'])]
    built = [bytes(build(laid)).hex() for laid in frames['laid']]
    frames['flow_count'] = len(flows)
    return {'version': __version__, 'built': built, 'flows': flows, 'packets': packets}


def timed(work, items, count):
    started = time.process_time_ns()
    for item in items:
        work(item)
    return {'ns': (time.process_time_ns() - started) / count, 'n': count}


frames = {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked['do'] == 'load':
        answer = load(asked)
    elif asked['do'] == 'build':
        answer = timed(build, frames['laid'], len(frames['laid']))
    elif asked['do'] == 'dump':
        answer = timed(parse, frames['dumps'], frames['flow_count'])
    else:
        answer = timed(parse, frames['packet_ins'] * 20, len(frames['packet_ins']) * 20)
    answers.write(json.dumps(answer) + '\n')
    answers.flush()
