// Interfaces and their numbers, told to the world in small steps.
import t from 'tap';
import { BridgePorts, type Plug } from '../../src/controller/bridge-ports.js';
import { type Ref, refOf } from '../../src/model/ids.js';
import { World } from '../../src/model/world.js';
import { datapathPort } from '../switch/descriptions.js';

const plug = (name: string, id = name): Plug => ({ ref: refOf('red', id), interface: name, error: undefined });

const session = (...names: string[]) => ({
  ports: new Map(names.map((name, index) => [index + 1, datapathPort(index + 1, name)])),
});

function setUp() {
  const world = new World();
  const ports = new BridgePorts(world);
  const moved: Ref[] = [];
  return {
    ports,
    moved,
    join: (isEnough?: () => boolean) => ports.join((ref) => moved.push(ref), isEnough),
    bound: () =>
      [...world.bindings.members()].map((ref) => {
        const binding = world.bindings.peek(ref);
        return `${ref} ${binding?.interface} ${binding?.ofport}`;
      }),
  };
}

void t.test(
  'an interface is behind the number that the connection gives it; without a connection numbers stay, and interfaces still go',
  (t) => {
    const { ports, join, bound, moved } = setUp();
    ports.plugged([plug('b'), plug('a')], []);
    t.equal(join(), true);
    t.same(bound(), []);
    ports.numberedBy(session('a', 'b'));
    t.equal(join(), true);
    t.same(bound(), ['red/a a 1', 'red/b b 2']);
    ports.numberedBy(undefined);
    ports.plugged([plug('a')], []);
    t.equal(join(), true);
    t.same(bound(), ['red/a a 1'], 'b was taken away while nobody was connected');
    ports.numberedBy(session('c', 'a'));
    ports.plugged([plug('c', 'a')], []);
    t.equal(join(), true);
    t.same(bound(), ['red/a c 1']);
    t.same(moved, ['red/a']);
    t.end();
  },
);

void t.test('many interfaces are told in small steps; what changes meanwhile is told afterwards', (t) => {
  const { ports, join, bound } = setUp();
  const names = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  ports.numberedBy(session(...names));
  ports.plugged(
    names.map((name) => plug(name)),
    [],
  );
  t.equal(
    join(() => true),
    false,
  );
  ports.plugged([plug('p7')], []);
  const lengths = new Set<number>();
  let steps = 1;
  for (; !join(() => true); steps++) lengths.add(bound().length);
  t.ok(steps > 100, `${steps} steps`);
  t.ok(lengths.has(1000), 'first what was there at the first step');
  t.same(bound(), ['red/p7 p7 8']);
  t.end();
});
