// The codec is a product of its own: imported by its name it works, and nothing else of this project is loaded with it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { decode, encode, formatMessage, hexOf, parseFlow, validate } from 'damselfly/openflow';
import t from 'tap';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

void t.test('what is imported by the name damselfly/openflow encodes, decodes, validates and prints', (t) => {
  const flow = parseFlow('table=3,priority=7,tcp,tp_dst=80,actions=output:2');
  t.equal(validate(flow), undefined);
  const { xid, message } = decode(encode(flow, 5));
  t.equal(
    formatMessage(message, xid),
    'OFPT_FLOW_MOD (OF1.3) (xid=0x5): ADD table:3 priority=7,tcp,tp_dst=80 actions=output:2',
  );
  t.equal(hexOf(encode({ type: 'barrier_request' }, 1)), '0414000800000001');
  t.end();
});

// A loader's hooks run in a thread of their own, and can say what is loaded only by writing it.
const hooks = `
import { writeSync } from 'node:fs';
export const load = (url, context, next) => (writeSync(1, url + '\\n'), next(url, context));`;
const program = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
await import('damselfly/openflow');`;

void t.test('nothing is loaded with it but its own files and binary-parser', (t) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: checkout,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  const loaded = stdout.trim().split('\n');
  const own = loaded.filter((url) => url.includes('/dist/src/ofp/'));
  t.ok(own.length > 50);
  const others = loaded.filter((url) => !own.includes(url));
  t.match(others, [/\/node_modules\/binary-parser\//]);
  t.equal(others.length, 1);
  t.end();
});
