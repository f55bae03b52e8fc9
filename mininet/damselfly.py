"""Damselfly for Mininet: topologies whose ports are logical ports, and a controller that starts with the network.

    mn --custom mininet/damselfly.py --topo trunk --switch ovs,datapath=user,protocols=OpenFlow13 \
       --controller damselfly --test pingall
    mn --custom mininet/damselfly.py --topo two ... --controller remote,port=6653

trunk   one switch, one network. A machine vm1 sends the frames of three stacks through one cable: h1 untagged, h2 with
        VLAN 100, h3 with VLAN 200; h4 is a plain machine. All four reach each other.
two     two switches, two networks of two tenants: h1 and h2 on s1, h3 and h4 on s2. They reach their own network only.

A controller that runs already (remote) takes every switch for the chassis of its Open_vSwitch, unless it is told
otherwise: for two, start it with --chassis 0000000000000001=s1,0000000000000002=s2.

The objects that a topology needs are printed by  python3 mininet/damselfly.py TOPOLOGY, in the form that
`damselfly apply -f -` takes; --controller damselfly applies them itself.
"""
import atexit
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import mininet.net
from mininet.link import Intf, TCIntf
from mininet.log import error, info, warn
from mininet.node import Controller, OVSBridge
from mininet.topo import Topo
from mininet.util import quietRun

# mn reads this file with exec, so there is no __file__.
HERE = os.path.dirname(os.path.abspath(inspect.currentframe().f_code.co_filename))
PROGRAM = os.path.join(HERE, '..', 'dist', 'src', 'cli', 'program.js')
DEADLINE_S = 20

state = {'objects': [], 'chassis': [], 'managed': False}


class LogicalPort(TCIntf):
    """A switch's end of a cable, with the iface-id of a logical port, or the VLAN that a machine's inner bridge gives it.

    OVSSwitch.start calls config of a TCIntf a second time when the port's row exists in OVSDB: that is our moment.
    """

    def config(self, iface_id=None, tenant=None, tag=None, **params):
        result = Intf.config(self, **params)
        if tag is not None:
            quietRun('ovs-vsctl --if-exists set Port %s tag=%d' % (self, tag))
        if iface_id is not None and quietRun('ovs-vsctl --if-exists get Interface %s ofport' % self).strip():
            quietRun('ovs-vsctl set Interface %s external_ids:iface-id=%s external_ids:damselfly-tenant=%s'
                     % (self, iface_id, tenant))
            if state['managed']:
                self.await_flows(iface_id)
        return result

    def await_flows(self, iface_id):
        """The controller writes damselfly-installed when the switch has acknowledged the port's flows."""
        end = time.time() + DEADLINE_S
        while time.time() < end:
            if quietRun('ovs-vsctl --if-exists get Interface %s external_ids:damselfly-installed' % self).startswith('"'):
                return
            time.sleep(0.05)
        warn('*** the flows of logical port %s are not there after %d s\n' % (iface_id, DEADLINE_S))


class InnerBridge(OVSBridge):
    """The bridge inside a machine that tags its own frames: a plain learning switch."""

    def __init__(self, name, **params):
        params.update(datapath='user', stp=False)
        OVSBridge.__init__(self, name, **params)


class DamselflyTopo(Topo):
    """A topology that knows the northbound objects of its hosts."""

    def build(self, *_args, **_params):
        self.objects = []
        self.chassis = []
        self.plan()
        state['objects'] = self.objects
        state['chassis'] = self.chassis

    def network(self, tenant, name):
        self.objects.append({'tenant': tenant, 'kind': 'lswitch', 'id': name, 'network_type': 'local'})

    def logical_port(self, tenant, name, network, number):
        self.objects.append({'tenant': tenant, 'kind': 'lport', 'id': name, 'lswitch': network,
                             'macs': [mac(number)], 'ips': [ip(number)]})

    def child(self, tenant, parent, port, vid):
        self.objects.append({'tenant': tenant, 'kind': 'child_port_segmentation', 'parent': parent, 'port': port,
                             'segmentation_type': 'vlan', 'segmentation_id': vid})

    def chassis_switch(self, name, number):
        """Each switch is a chassis of its own, although one ovs-vswitchd holds them all."""
        self.chassis.append((number, name))
        return self.addSwitch(name, dpid='%016x' % number)

    def machine(self, number):
        return self.addHost('h%d' % number, ip=ip(number) + '/8', mac=mac(number))

    def plug(self, node, switch, tenant, port):
        self.addLink(node, switch, cls2=LogicalPort, params2={'iface_id': port, 'tenant': tenant})


def mac(number):
    return 'fa:16:3e:00:00:%02x' % number


def ip(number):
    return '10.0.0.%d' % number


class TrunkTopo(DamselflyTopo):
    """One machine with an untagged stack and two tagged ones behind one cable, and a plain machine."""

    def plan(self):
        switch = self.chassis_switch('s1', 1)
        inner = self.addSwitch('vm1', cls=InnerBridge, dpid='%016x' % 0xf1)
        self.network('red', 'net1')
        for number, vid, port in ((1, 0, 'vm1'), (2, 100, 'vm1-v100'), (3, 200, 'vm1-v200')):
            self.addLink(self.machine(number), inner, cls2=LogicalPort, params2={'tag': vid})
            self.logical_port('red', port, 'net1', number)
            if vid:
                self.child('red', 'vm1', port, vid)
        self.plug(inner, switch, 'red', 'vm1')
        self.plug(self.machine(4), switch, 'red', 'h4')
        self.logical_port('red', 'h4', 'net1', 4)


class TwoTopo(DamselflyTopo):
    """Two switches, each a chassis of its own, with a network of another tenant on each."""

    def plan(self):
        for tenant, place, numbers in (('red', 1, (1, 2)), ('blue', 2, (3, 4))):
            switch = self.chassis_switch('s%d' % place, place)
            self.network(tenant, 'net-' + tenant)
            for number in numbers:
                self.plug(self.machine(number), switch, tenant, 'h%d' % number)
                self.logical_port(tenant, 'h%d' % number, 'net-' + tenant, number)


def program():
    """The command line of damselfly: this checkout's build, or the one that is installed."""
    if os.path.exists(PROGRAM):
        return [shutil.which('node') or 'node', os.path.normpath(PROGRAM)]
    installed = shutil.which('damselfly')
    if installed is None:
        raise Exception('damselfly is not built here (npm run setup) and not installed (npm i -g)')
    return [installed]


class Damselfly(Controller):
    """Starts a controller with a NATS of its own, applies the topology's objects, ends both with the network."""

    def __init__(self, name, port=6653, **params):
        self.process = None
        Controller.__init__(self, name, port=port, command=program()[0], **params)

    def start(self):
        self.folder = tempfile.mkdtemp(prefix='damselfly-mininet-')
        self.log = os.path.join(self.folder, 'controller.log')
        self.environment = dict(os.environ, DAMSELFLY_LISTEN='tcp:%s:%d' % (self.ip, self.port),
                                DAMSELFLY_DATA_DIR=self.folder,
                                DAMSELFLY_CHASSIS=','.join('%016x=%s' % pair for pair in state['chassis']))
        for name in ('NATS_URL', 'NATS_CREDS'):
            self.environment.pop(name, None)
        if 'OVS_RUNDIR' in os.environ:
            self.environment['DAMSELFLY_OVSDB'] = 'unix:%s/db.sock' % os.environ['OVS_RUNDIR']
        with open(self.log, 'w') as log:
            # The kernel ends it with us, and so do we, also where mn gives up without stopping its network (Ctrl-C).
            self.process = subprocess.Popen(['setpriv', '--pdeathsig', 'TERM'] + program() + ['controller'],
                                            env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)
        atexit.register(self.end)
        info('(log: %s) ' % self.log)
        self.await_nats()
        if state['objects']:
            self.apply(state['objects'])
        state['managed'] = bool(state['objects'])

    def await_nats(self):
        end = time.time() + DEADLINE_S
        while not os.path.exists(os.path.join(self.folder, 'nats.url')):
            if self.process.poll() is not None or time.time() > end:
                with open(self.log) as log:
                    raise Exception('damselfly controller did not start; it says:\n' + log.read())
            time.sleep(0.05)

    def name_idle_ports(self):
        """Silence would look like a fault: says which ports carry nothing, and what to apply."""
        end = time.time() + DEADLINE_S
        while time.time() < end and self.process.poll() is None:
            idle = [line.strip() for line in self.damselfly('status').stdout.splitlines() if ' lport' in line]
            if idle:
                warn('*** This topology brings no northbound objects:\n%s\n' % '\n'.join(idle))
                return
            time.sleep(0.2)

    def damselfly(self, *words, **options):
        return subprocess.run(program() + list(words), env=self.environment, text=True, check=False, capture_output=True,
                              **options)

    def apply(self, objects):
        done = self.damselfly('apply', '-f', '-', '--no-wait', input=json.dumps({'objects': objects}))
        if done.returncode != 0:
            error('*** damselfly apply: %s%s\n' % (done.stdout, done.stderr))

    def end(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, *args, **kwargs):
        state['managed'] = False
        self.end()
        Controller.stop(self, *args, **kwargs)

    @classmethod
    def isAvailable(cls):
        return True


class Mininet(mininet.net.Mininet):
    """mn takes every name of a custom file in the place of its own, so this is the network that it starts."""

    def start(self):
        mininet.net.Mininet.start(self)
        for controller in self.controllers:
            if isinstance(controller, Damselfly) and not state['objects']:
                controller.name_idle_ports()


topos = {'trunk': TrunkTopo, 'two': TwoTopo}
controllers = {'damselfly': Damselfly}

if __name__ == '__main__':
    chosen = topos.get(sys.argv[1] if len(sys.argv) == 2 else '')
    if chosen is None:
        sys.exit('Usage: python3 damselfly.py %s' % '|'.join(topos))
    print(json.dumps({'objects': chosen().objects}, indent=2))
