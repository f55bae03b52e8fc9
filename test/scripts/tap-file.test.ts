// The runner must notice every way in which a test file can fail to succeed.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type * as TapFile from '../../scripts/tap-file.mjs';

// A script is not compiled into dist, so it is found from there; its types stand beside it.
const script = new URL('../../../scripts/tap-file.mjs', import.meta.url).href;
const { readTap, runTestFile } = (await import(script)) as typeof TapFile;

const tap = pathToFileURL(createRequire(import.meta.url).resolve('tap')).href.replace('/commonjs/', '/esm/');
const directory = mkdtempSync(join(tmpdir(), 'damselfly-runner-'));
t.teardown(() => {
  rmSync(directory, { recursive: true });
});

function runSource(name: string, body: string, timeoutMs = 20_000) {
  const file = join(directory, `${name}.mjs`);
  writeFileSync(file, `import t from '${tap}';\n${body}\n`);
  return runTestFile(file, timeoutMs);
}

// A killed orphan may stay a zombie until the machine's first process collects it: it has no command line any more.
function isRunning(pid: string) {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8') !== '';
}

void t.test('passed, failed and skipped tests are told apart', async (t) => {
  const result = await runSource(
    'mixed',
    `t.test('good', async (t) => t.ok(true));
     t.test('bad', async (t) => t.equal(1, 2, 'one is two'));
     t.test('left out', { skip: 'no switch here' }, async () => {});
     t.test('left out inside', async (t) => { t.skip('no server here'); });`,
  );
  t.equal(result.passed, 1);
  t.match(result.failures, [{ name: 'bad', text: /one is two/ }]);
  t.strictSame(result.skips, [
    { name: 'left out', reason: 'no switch here' },
    { name: 'left out inside', reason: 'no server here' },
  ]);
});

void t.test('a hung file is killed, with what it started, and has failed', async (t) => {
  const result = await runSource(
    'hung',
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn('sleep', ['60']);
     writeFileSync('${join(directory, 'pid')}', String(child.pid));
     t.test('never ends', () => new Promise(() => { setInterval(() => {}, 1000); }));`,
    1_500,
  );
  t.match(result.failures, [{ name: 'hung: killed after 1.5 s' }]);
  t.equal(result.passed, 0);
  const pid = readFileSync(join(directory, 'pid'), 'utf8');
  t.notOk(isRunning(pid), 'its child is gone');
});

void t.test('a crash, an early exit and a file without tests have failed', async (t) => {
  const crashed = await runSource(
    'crash',
    `t.test('good', async (t) => t.ok(true)); setTimeout(() => { throw new Error('too late'); }, 50);`,
  );
  t.equal(crashed.failures.length, 1);
  t.match((await runSource('exit', `process.exit(3);`)).failures, [{ name: 'exit status 3 although no test failed' }]);
  t.match((await runSource('empty', ``)).failures, [{ name: 'the file holds no test' }]);
});

void t.test('TAP of buffered subtests is read by its outermost points', (t) => {
  const text = [
    'TAP version 14',
    'ok 1 - one # time=3ms {',
    '    ok 1 - inner',
    '    not ok 2 - inner # TODO',
    '    1..2',
    '}',
    'not ok 2 - two {',
    '}',
    '1..2',
  ];
  const { passed, failures, skips } = readTap(text.join('\n'));
  t.equal(passed, 1);
  t.equal(failures.length, 1);
  t.equal(skips.length, 0);
  t.end();
});
