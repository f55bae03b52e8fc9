"""os-ken (Debian's python3-os-ken) as a reader of OpenFlow 1.3 frames.

Reads frames as hex, one per line; answers each with one line of JSON: {"ok": what it read} or {"error": why it did not}.
os-ken loops for ever on some malformed frames, so each has a deadline, and the process a limit of memory.
"""
import json
import logging
import os
import resource
import signal
import sys
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
answers = os.fdopen(os.dup(1), 'w')
sys.stdout = sys.stderr  # os-ken prints

from os_ken import __version__  # noqa: E402
from os_ken.ofproto import ofproto_parser, ofproto_protocol  # noqa: E402

DEADLINE_SECONDS = 0.2
MEMORY = 2 << 30


class Deadline(BaseException):
    """Not an Exception: os-ken must not catch it."""


def late(_signal, _frame):
    raise Deadline


def read(datapath, frame):
    version, kind, length, xid = ofproto_parser.header(frame)
    message = ofproto_parser._MSG_PARSERS[version](datapath, version, kind, length, xid, frame)
    if message is None:
        return {'error': 'no parser'}
    return {'ok': message.to_jsondict()}


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, late)
    datapath = ofproto_protocol.ProtocolDesc(version=4)
    answers.write(json.dumps({'version': __version__}) + '\n')
    for line in sys.stdin:
        try:
            signal.setitimer(signal.ITIMER_REAL, DEADLINE_SECONDS)
            answer = read(datapath, bytes.fromhex(line.strip()))
        except Deadline:
            answer = {'error': 'deadline'}
        except Exception as problem:  # whatever its parsers raise
            answer = {'error': '%s: %s' % (type(problem).__name__, problem)}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(answer, default=repr) + '\n')
    answers.flush()


main()
