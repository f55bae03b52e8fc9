// Who is in which group of copies: all of them somewhere, and as few changes as possible when somebody comes.
import fc from 'fast-check';
import t from 'tap';
import { groupsPerKind, numberOfName, sharesOf } from '../../src/model/shares.js';

const own = (member: number) => member;

void t.test('everybody is in one group or left over, and no group is too large', (t) => {
  const members = fc.uniqueArray(fc.nat(10_000), { maxLength: 200 });
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 20 }), (members, size) => {
      const { groups, left } = sharesOf(members, own, size);
      const all = [...groups.flat(), ...left].sort((a, b) => a - b);
      const isFull = left.length === 0 || groups.length === groupsPerKind;
      return (
        isFull &&
        groups.every((group) => group.length <= size) &&
        JSON.stringify(all) === JSON.stringify([...members].sort((a, b) => a - b))
      );
    }),
  );
  t.end();
});

void t.test('one more changes one group, but for the few times that the groups double', (t) => {
  let before: readonly string[] = [];
  const doublings: number[] = [];
  for (let count = 1; count <= 400; count++) {
    const members = Array.from({ length: count }, (_, i) => i + 1);
    const now = sharesOf(members, own, 50).groups.map((group) => group.join());
    const changed = now.filter((group, index) => group !== before[index]).length;
    if (now.length > Math.max(1, before.length)) doublings.push(count);
    else if (changed !== 1) t.fail(`${changed} groups change with member ${count}`);
    before = now;
  }
  t.same(doublings, [51, 101, 201]);
  t.end();
});

void t.test('names are spread evenly', (t) => {
  const names = Array.from({ length: 4000 }, (_, i) => `vxlan/10.0.${i >> 8}.${i & 255}/7`);
  const sizes = sharesOf(names, numberOfName, 1000).groups.map(({ length }) => length);
  t.ok(Math.max(...sizes) - Math.min(...sizes) < 200, sizes.join());
  t.end();
});
