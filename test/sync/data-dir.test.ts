// The data directory and the address left in it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { defaultDataDir, makeFolder, readUrlFile, urlFile, writeUrlFile } from '../../src/sync/data-dir.js';

void t.test('what the environment names comes first, then root, then the user', (t) => {
  t.equal(defaultDataDir({ DAMSELFLY_DATA_DIR: '/data', HOME: '/home/a' }, 0), '/data');
  t.equal(defaultDataDir({ HOME: '/root' }, 0), '/var/lib/damselfly');
  t.equal(defaultDataDir({ HOME: '/home/a' }, 1000), '/home/a/.local/state/damselfly');
  t.equal(defaultDataDir({ HOME: '/home/a', XDG_STATE_HOME: '/state' }, 1000), '/state/damselfly');
  t.end();
});

void t.test('a folder is made with those above it, or cannot be made, which is said in one line', (t) => {
  const dir = join(t.testdir({ file: '' }), 'not', 'there', 'yet');
  makeFolder(dir);
  makeFolder(dir);
  t.strictSame(readdirSync(dir), []);
  t.throws(() => {
    makeFolder('/proc/damselfly/control');
  }, /^the folder \/proc\/damselfly cannot be made \(ENOENT\): name another with --data-dir$/);
  t.throws(() => {
    makeFolder(join(dir, '..', '..', '..', 'file', 'x'));
  }, /^the folder .*file.* cannot be made \((EEXIST|ENOTDIR)\)/);
  t.end();
});

void t.test('an address is read as it was left, and nothing else lies beside it', (t) => {
  const dir = join(t.testdir(), 'not', 'there', 'yet');
  t.equal(readUrlFile(dir), undefined);
  writeUrlFile(dir, 'nats://127.0.0.1:6655');
  writeUrlFile(dir, 'nats://127.0.0.1:6656');
  t.equal(readUrlFile(dir), 'nats://127.0.0.1:6656');
  t.equal(readFileSync(urlFile(dir), 'utf8'), 'nats://127.0.0.1:6656\n');
  t.strictSame(readdirSync(dir), ['nats.url']);
  t.end();
});
