// What this checkout needs and does not have: npm packages, programs of Debian packages, a build of the sources as they are.
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Debian package -> the programs that we take from it; a program from elsewhere does as well. */
const debianPackages = {
  'openvswitch-switch': ['ovs-vswitchd', 'ovsdb-server', 'ovsdb-tool', 'ovs-vsctl', 'ovs-ofctl', 'ovs-appctl'],
  'nats-server': ['nats-server'],
  mininet: ['mn'],
  iproute2: ['ip', 'bridge'],
  ethtool: ['ethtool'],
  'iputils-ping': ['ping'],
  python3: ['python3'],
  'python3-os-ken': ['osken-manager'],
  tcpdump: ['tcpdump'],
  tshark: ['tshark'],
  'util-linux': ['unshare', 'nsenter', 'setpriv'],
};
/** The same for a peer of the benchmarks that nothing else needs. */
const ovnPackages = {
  'ovn-central': ['ovn-northd'],
  'ovn-common': ['ovn-nbctl', 'ovn-sbctl'],
  'ovn-host': ['ovn-controller'],
};
const sourceFolders = ['src', 'test', 'bench', 'scripts', 'demo'];
const stampFile = 'dist/.sources';
/** What is made of all modules together (bundle.mjs), and so of no source of its own. */
const programStem = 'src/cli/program';

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a program is there; an ordinary user's PATH lacks the sbin folders, where half of ours live. */
export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, name)));
}

/** Debian packages of which at least one program is missing here; those of OVN if asked for. */
export function missingDebianPackages({ ovn = false } = {}) {
  const wanted = { ...debianPackages, ...(ovn ? ovnPackages : {}) };
  return Object.keys(wanted).filter((name) => !wanted[name].every(hasProgram));
}

function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** npm packages that the lock file names and that are not installed in that version; what is borrowed is taken as it is. */
export function missingNpmPackages() {
  if (hasBorrowedNodeModules()) return [];
  const installed = readPackages('node_modules/.package-lock.json');
  return Object.entries(readPackages('package-lock.json'))
    .filter(
      ([path, entry]) =>
        path !== '' && !entry.optional && !entry.devOptional && installed[path]?.version !== entry.version,
    )
    .map(([path, entry]) => `${path.replace(/^.*node_modules\//, '')}@${entry.version}`);
}

/** True where node_modules is another checkout's, which is kept by that one. */
function hasBorrowedNodeModules() {
  return lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** The TypeScript sources of this checkout, as paths. */
export function sourceFiles() {
  return sourceFolders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort();
}

function sourceDigest() {
  const hash = createHash('sha256');
  for (const path of [...sourceFiles(), 'scripts/bundle.mjs', 'tsconfig.json', 'package-lock.json']) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Whether the last build that we saw was made from the sources as they are now. */
export function isBuilt() {
  const isThere = existsSync(stampFile) && existsSync(`dist/${programStem}.js`);
  return isThere && readFileSync(stampFile, 'utf8') === sourceDigest();
}

/** Remembers that the build is of these sources, and removes what earlier builds left of sources that are gone. */
export function noteBuild() {
  const wanted = new Set([programStem, ...sourceFiles().map((path) => path.slice(0, -'.ts'.length))]);
  for (const name of readdirSync('dist', { recursive: true })) {
    const stem = name.replace(/\.(js|d\.ts|js\.map)$/, '');
    if (stem !== name && !wanted.has(stem)) rmSync(join('dist', name));
  }
  writeFileSync(stampFile, sourceDigest());
}
