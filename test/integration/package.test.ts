// What `npm pack` makes, installed somewhere else, works by itself; and the service that comes with it says true things.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { trunk } from '../cli/given.js';
import { run } from '../lab/process.js';
import { needing, ovsPrograms, unmetNeed } from '../lab/requirements.js';
import { Shell } from './cli-lab.js';
import { Site } from './controller-lab.js';

t.setTimeout(120_000);

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const unit = readFileSync(join(checkout, 'packaging', 'damselfly.service'), 'utf8');

/** The package of this checkout, installed in a folder of its own. */
async function installed(t: Test): Promise<Shell> {
  const shell = new Shell(t, {});
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const pack = ['pack', checkout, '--ignore-scripts', '--pack-destination', shell.dir, '--json', ...quiet];
  const [{ filename }] = JSON.parse(await run('npm', pack, { timeoutMs: 60_000 })) as [{ filename: string }];
  const install = ['install', '--global', '--prefix', shell.dir, '--prefer-offline', ...quiet];
  await run('npm', [...install, join(shell.dir, filename)], { timeoutMs: 100_000 });
  return shell;
}

void t.test('the package installs with its dependencies, and its command works', needing('npm'), async (t) => {
  const shell = await installed(t);
  const damselfly = (...args: readonly string[]) =>
    run(join(shell.dir, 'bin', 'damselfly'), args, { timeoutMs: 30_000 });
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
  t.equal(await damselfly('--version'), `${version}\n`);
  t.match(await damselfly('--help'), /\n {2}controller .*\n[\s\S]*\n {2}apply /);
  const flows = await damselfly('compile', '-f', shell.file('trunk.yaml', trunk), '--chassis', 'c1');
  t.match(flows, /in_port=1,dl_vlan=100 actions=pop_vlan,.* # vlan-aware-ports /);
  const home = join(shell.dir, 'lib', 'node_modules', 'damselfly');
  t.equal(readFileSync(join(home, 'packaging', 'damselfly.service'), 'utf8'), unit);
  t.strictSame((await run('ls', [home])).trim().split('\n'), [
    ...['CHANGELOG.md', 'DESIGN.md', 'LICENSE', 'NOTICE', 'README.md', 'dist', 'docs', 'mininet'],
    ...['node_modules', 'package.json', 'packaging'],
  ]);
});

// Not everything that runs our tests has systemd, and `npm run setup` does not bring it.
if (unmetNeed(['systemd-analyze']) === undefined)
  void t.test('systemd finds nothing wrong with the service', async (t) => {
    const verify = ['-c', 'systemd-analyze verify "$0" 2>&1', join(checkout, 'packaging', 'damselfly.service')];
    t.equal(await run('sh', verify), '', 'what it ignores it only says, with exit status 0');
  });
else t.comment('there is no systemd-analyze to look at the service');

void t.test(
  'what the service does as root before it starts is all that its own user needs',
  needing(...ovsPrograms, 'nats-server', 'root'),
  async (t) => {
    const site = await Site.start(t);
    await run('chmod', ['755', site.ovs.dir]); // as /run/openvswitch is
    const before = [...unit.matchAll(/^ExecStartPre=\+-\/bin\/sh -c '(.*)'$/gm)].map(([, line = '']) => line);
    t.equal(before.length, 2);
    for (const line of before)
      await run('sh', [
        '-c',
        line.replaceAll('/run/openvswitch', site.ovs.dir).replace('chgrp damselfly', 'chgrp 65534'),
      ]);
    const dataDir = `/tmp/damselfly-service-${process.pid}`;
    await run('install', ['-d', '-o', '65534', dataDir]);
    t.teardown(() => run('rm', ['-r', dataDir]));
    const options = ['--bridges', 'br1', '--listen', `unix:${dataDir}/of.sock`, '--data-dir', dataDir];
    const controller = site.runAs(65534, [...site.arguments, ...options]);
    await controller.says(/^switch connected$/);
    t.notMatch(controller.text, /EACCES/);
  },
);
