// Installs Debian packages without letting them start or enable a service that was not enabled before.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { say, step } from './step.mjs';

const policyFile = '/usr/sbin/policy-rc.d';
const policyMark = '# by damselfly setup, for the time of one installation';
/** Without systemd, its links are undone by the tool of the packages that made them; it only listens to a package. */
const asPackage = { DPKG_MAINTSCRIPT_PACKAGE: 'damselfly' };
const bootLink = /^S\d\d(.+)$/;

function names(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** What starts at boot: `unit` names of systemd's wants and requires folders and `script` names of the SysV runlevels. */
function enabledServices() {
  const units = names('/etc/systemd/system')
    .filter((folder) => /\.(wants|requires)$/.test(folder))
    .flatMap((folder) => names(`/etc/systemd/system/${folder}`));
  const scripts = ['2', '3', '4', '5']
    .flatMap((level) => names(`/etc/rc${level}.d`))
    .flatMap((name) => bootLink.exec(name)?.[1] ?? []);
  return { units: new Set(units), scripts: new Set(scripts) };
}

/** dpkg asks this file before it starts a service; 101 means no. One that is already there is the administrator's. */
function forbidStarts() {
  if (existsSync(policyFile) && !readFileSync(policyFile, 'utf8').includes(policyMark)) return () => undefined;
  writeFileSync(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755 });
  return () => rmSync(policyFile, { force: true });
}

function disableNew(before) {
  const after = enabledServices();
  const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  const systemd = existsSync('/run/systemd/system');
  for (const unit of [...after.units].filter((name) => !before.units.has(name))) {
    if (has('systemctl')) spawnSync('systemctl', ['disable', ...(systemd ? ['--now'] : []), unit]);
    else spawnSync('deb-systemd-helper', ['disable', unit], { env: { ...process.env, ...asPackage } });
  }
  for (const script of [...after.scripts].filter((name) => !before.scripts.has(name))) {
    spawnSync('update-rc.d', [script, 'disable']);
    if (!systemd) spawnSync('service', [script, 'stop']);
  }
  const left = enabledServices();
  return [...left.units, ...left.scripts].filter((name) => !before.units.has(name) && !before.scripts.has(name));
}

/** `apt-get update` and `install`, as root. Throws with apt's own words when it fails. */
export async function installDebianPackages(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };
  const quiet = ['-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  const before = enabledServices();
  const allowStarts = forbidStarts();
  const interrupted = () => {
    allowStarts();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await step('apt-get update', 'apt-get', ['update', ...quiet], { env });
    await step(
      `apt-get install ${packages.join(' ')}`,
      'apt-get',
      ['install', ...quiet, '--no-install-recommends', ...packages],
      { env },
    );
  } finally {
    allowStarts();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
  const left = disableNew(before);
  if (left.length > 0)
    say(`WARNING: these services are enabled now and were not before: ${left.join(', ')}; disable them yourself`);
}
