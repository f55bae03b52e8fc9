// Brings what a checkout needs: npm packages, a few Debian packages, a build. Says first what is missing, asks once on a
// terminal, is done in no time when nothing is missing. Plain Node: it runs before any package is here.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { URL, fileURLToPath } from 'node:url';
import { hasProgram, isBuilt, missingDebianPackages, missingNpmPackages, noteBuild } from './missing.mjs';
import { installDebianPackages } from './services.mjs';
import { say, step } from './step.mjs';

const usage = `Usage: npm run setup -- [--yes] [--no-install] [--no-debian]

Brings what is missing: npm packages, Debian packages, a build of the sources.
  --yes         do not ask
  --no-install  install nothing; print the commands instead (exit status 1 if something is missing)
  --no-debian   leave Debian packages out: enough for the unit tests
Without a terminal, or with CI set, it does not ask either. Only apt-get needs root.
Example: npm run setup -- --no-install`;

/** The commands that would bring what is missing, for people who would rather type them. */
function commandsFor(npm, debian) {
  return [
    ...(debian.length > 0 ? [`apt-get update && apt-get install -y --no-install-recommends ${debian.join(' ')}`] : []),
    ...(npm.length > 0 ? ['npm ci'] : []),
  ];
}

function some(list, limit = 8) {
  return list.length <= limit ? list.join(', ') : `${list.slice(0, limit).join(', ')} and ${list.length - limit} more`;
}

async function isAgreed({ yes }) {
  if (yes || process.env.CI || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Install them now? [Y/n] ');
  terminal.close();
  return /^(y(es)?)?$/i.test(answer.trim());
}

/** Throws where apt cannot be used, with the line that somebody who can should run. */
function checkApt(commands) {
  if (!hasProgram('apt-get'))
    throw new Error(
      'this is not a Debian: install Open vSwitch, nats-server, Mininet, iproute2, ethtool and ping your way, then run this again',
    );
  if (process.getuid?.() !== 0)
    throw new Error(`Debian packages need root. Run as root, then run this again:\n  ${commands[0]}`);
}

async function install(npm, debian) {
  if (debian.length > 0) {
    checkApt(commandsFor(npm, debian));
    await installDebianPackages(debian);
    const still = missingDebianPackages({ ovn: true }).filter((name) => debian.includes(name));
    if (still.length > 0) throw new Error(`apt-get is content, yet programs of ${still.join(', ')} are missing`);
  }
  if (npm.length > 0) await step(`npm ci (${npm.length} packages)`, 'npm', ['ci', '--no-audit', '--no-fund']);
}

/** Brings what is missing. Options: `yes`, `install` (false: only say), `debian` (false: leave these out), `ovn` (true: with OVN). */
export async function setup({ yes = false, install: mayInstall = true, debian: withDebian = true, ovn = false } = {}) {
  const npm = missingNpmPackages();
  const debian = withDebian ? missingDebianPackages({ ovn }) : [];
  if (debian.length > 0) say(`Missing Debian packages: ${debian.join(', ')}`);
  if (npm.length > 0)
    say(`Missing npm packages: ${existsSync('node_modules') ? some(npm) : `all ${npm.length} of package-lock.json`}`);
  if (npm.length + debian.length > 0) {
    const commands = commandsFor(npm, debian);
    if (!mayInstall) throw new Error(`nothing was installed; this would do it:\n  ${commands.join('\n  ')}`);
    if (!(await isAgreed({ yes }))) throw new Error(`as you wish; later, this does it:\n  ${commands.join('\n  ')}`);
    await install(npm, debian);
  }
  if (isBuilt()) return;
  await step('npm run build', 'npm', ['run', '--silent', 'build']);
  noteBuild();
}

/** Goes to the checkout's root, so that everything here can use relative paths. */
export function enterCheckout() {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
}

async function main(args) {
  const known = ['--yes', '--no-install', '--no-debian', '--help'];
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}\n\n${usage}`);
  if (args.includes('--help')) return say(usage);
  enterCheckout();
  await setup({
    yes: args.includes('--yes'),
    install: !args.includes('--no-install'),
    debian: !args.includes('--no-debian'),
  });
  say('Nothing is missing.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`setup: ${error.message}\n`);
    process.exit(1);
  }
}
