import t from 'tap';
import fc from 'fast-check';
import {
  addressKey,
  claimKey,
  decodeToken,
  encodeToken,
  heldKey,
  isTenantName,
  nbKey,
  parseAllocKey,
  parseNbKey,
  parseStatusKey,
  statusKey,
} from '../../src/sync/keys.js';
import { isName, refOf } from '../../src/model/ids.js';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((text) => Buffer.byteLength(text) <= 63);
const id = name.filter(isName);
const tenant = id.filter((text) => !text.startsWith('_'));

void t.test('a token holds what NATS takes, and gives back what was written', (t) => {
  fc.assert(
    fc.property(name, (text) => {
      const token = encodeToken(text);
      return /^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(token) && decodeToken(token) === text;
    }),
    { numRuns: 2000 },
  );
  t.equal(encodeToken('c1.example.org'), 'c1=2Eexample=2Eorg');
  t.equal(encodeToken('2001:db8::1'), '2001=3Adb8=3A=3A1');
  t.equal(encodeToken('a=b'), 'a=3Db');
  t.end();
});

void t.test('two different tokens never mean the same name', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('aZ_-=0234EeFf. é')), maxLength: 12 }), (token) => {
      const text = decodeToken(token);
      return text === undefined || encodeToken(text) === token;
    }),
    { numRuns: 5000 },
  );
  t.end();
});

void t.test('what is no name is refused', (t) => {
  t.throws(() => encodeToken(''), RangeError);
  t.throws(() => encodeToken('x'.repeat(64)), /1 to 63 bytes long, not 64/);
  t.throws(() => encodeToken('é'.repeat(32)), /not 64/);
  t.throws(() => encodeToken('\ud800'), /well-formed/);
  for (const token of ['', '=', '=4', '=41', '=2e', '=FF', 'a b', '*', '>', 'é', 'x'.repeat(64)])
    t.equal(decodeToken(token), undefined, token);
  t.end();
});

void t.test('keys of all buckets are read as they were written', (t) => {
  fc.assert(
    fc.property(tenant, id, id, (tenant, id, other) => {
      const ref = refOf(tenant, id);
      const nb = parseNbKey(nbKey('lport', ref));
      const held = parseAllocKey(heldKey('lport', 'lport', ref));
      const claim = parseAllocKey(claimKey(ref));
      const address = parseAllocKey(addressKey(ref, other));
      const status = parseStatusKey(statusKey('lport', ref, other));
      return (
        nb?.kind === 'lport' &&
        nb.ref === ref &&
        held?.type === 'held' &&
        held.space === 'lport' &&
        held.ref === ref &&
        claim?.type === 'claim' &&
        claim.port === ref &&
        address?.type === 'address' &&
        address.lswitch === ref &&
        address.address === other &&
        status?.ref === ref &&
        status.chassis === other
      );
    }),
  );
  t.end();
});

void t.test('a subject that is not ours is not taken for one', (t) => {
  for (const key of [
    'red.lport',
    'red.lport.a.b',
    '_x.lport.a',
    'red..a',
    'red.lport.=2F',
    'red.lport.=1B=5B31m',
    'lport.17',
    '',
  ])
    t.equal(parseNbKey(key), undefined, key);
  for (const key of ['lport.17', 'last.lport', 'claim.red', 'other.red.vm1', 'ip.red.lport.a.b', 'claim._x.a'])
    t.equal(parseAllocKey(key), undefined, key);
  t.ok(isTenantName('_operator'));
  t.notOk(isTenantName('_red'));
  t.notOk(isTenantName(''));
  t.end();
});
