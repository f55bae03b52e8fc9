"""Sends and captures Ethernet frames in any network namespace, by commands on standard input (wire.ts gives them).

    tap NAME NETNS DEVICE   open a tap; NETNS is a name under /run/netns, or - for ours   -> ok NAME | error NAME TEXT
    send NAME HEX           send one frame there
    sync TOKEN              hand over everything received so far                          -> sync TOKEN

Every captured frame is a line: frame NAME in|out NANOSECONDS HEX, tags included (the kernel strips the outer one).
"""
import ctypes
import os
import selectors
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
PACKET_OUTGOING = 4
VLAN_VALID, VLAN_TPID_VALID = 0x10, 0x40
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
selector = selectors.DefaultSelector()
taps = {}
out = sys.stdout


def enter(path):
    with open(path) as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns ' + path)


def open_tap(netns, device):
    """A packet socket stays in the namespace in which it was made, so one process serves them all."""
    home = '/proc/self/ns/net' if netns == '-' else '/run/netns/' + netns
    with open('/proc/self/ns/net') as own:
        try:
            enter(home)
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            tap.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            tap.bind((device, 0))
            tap.setblocking(False)
        finally:
            if libc.setns(own.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns home')
    return tap


def with_tag(frame, ancillary):
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack('IIIHHHH', data[:20])
            if status & VLAN_VALID:
                if not status & VLAN_TPID_VALID:
                    tpid = 0x8100
                return frame[:12] + struct.pack('!HH', tpid, tci) + frame[12:]
    return frame


def receive(name):
    while True:
        try:
            frame, ancillary, _, address = taps[name].recvmsg(65536, socket.CMSG_SPACE(20))
        except BlockingIOError:
            return
        except OSError as error:
            # The device went away or down; what comes later, if anything, is still read.
            if not taps[name].fileno() >= 0:
                raise error
            return
        direction = 'out' if address[2] == PACKET_OUTGOING else 'in'
        out.write('frame %s %s %d %s\n' % (name, direction, time.time_ns(), with_tag(frame, ancillary).hex()))


def obey(line):
    verb, _, rest = line.partition(' ')
    if verb == 'tap':
        name, netns, device = rest.split(' ')
        try:
            taps[name] = open_tap(netns, device)
            selector.register(taps[name], selectors.EVENT_READ, name)
            out.write('ok %s\n' % name)
        except OSError as error:
            out.write('error %s %s\n' % (name, error))
    elif verb == 'untap':
        selector.unregister(taps[rest])
        taps.pop(rest).close()
    elif verb == 'send':
        name, data = rest.split(' ')
        try:
            taps[name].send(bytes.fromhex(data))
        except OSError as error:
            out.write('error %s %s\n' % (name, error))
    elif verb == 'sync':
        for name in taps:
            receive(name)
        out.write('sync %s\n' % rest)


def main():
    commands = b''
    selector.register(0, selectors.EVENT_READ, None)
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                if key.data in taps:
                    receive(key.data)
                continue
            data = os.read(0, 1 << 16)
            if not data:
                return
            *lines, commands = (commands + data).split(b'\n')
            for line in lines:
                obey(line.decode())
        out.flush()


main()
