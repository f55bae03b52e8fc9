// The demo: two chassis, two tenants, trunks, a remote device, in a private corner of this machine; what must hold is shown
// line by line, while it is at rest, after each change, and (with --sabotage) with one thing broken at a time.
import { enterLab, isInsideLab } from '../test/lab/netns.js';
import { labPrograms, unmetNeed } from '../test/lab/requirements.js';
import { changes, type Hands } from './changes.js';
import { flowLines, Judge } from './flows.js';
import { showMatrix } from './matrix.js';
import { readNorthbound } from './northbound.js';
import { picture } from './picture.js';
import { demoFiles, member } from './plan.js';
import { cliPath, Controller, damselfly, dataDir } from './program.js';
import { Report } from './report.js';
import { emptiedMeanwhile, sabotages } from './sabotage.js';
import { Site } from './site.js';
import { trafficLines } from './traffic.js';

/** How many lines of a controller's log are shown when the demo breaks off. */
const lastWords = 20;

const usage = `Usage: npm run demo -- [--json] [--keep] [--sabotage]
       npm run demo -- [--json] --matrix

Builds two chassis (one ovs-vswitchd each), one controller per chassis, one NATS, two tenants and a remote device in
private namespaces, and shows line by line what must hold. Nothing outside is touched. Needs root.
  --json      one JSON document on standard output, progress on standard error
  --keep      leave everything up at the end and say how to look around
  --sabotage  break one thing at a time and show that exactly the lines that speak of it turn red
  --matrix    on a site of its own, every sort of port sends every sort of frame to every other: sent, received, expected
The exit status is 0 only if everything held.
Example: npm run demo -- --keep`;

interface Options {
  readonly json: boolean;
  readonly keep: boolean;
  readonly sabotage: boolean;
  readonly matrix: boolean;
}

interface Stage {
  readonly site: Site;
  readonly report: Report;
  readonly hands: Hands;
}

async function build(report: Report, { sabotage }: Options): Promise<Stage> {
  report.say(`${picture()}\n\nTwo chassis, an underlay, NATS …`);
  const site = await Site.build();
  const controllerOf = (name: 'c1' | 'c2') =>
    new Controller(site.chassis[name], { natsUrl: site.nats.url(), repair: !sabotage });
  const controllers = { c1: controllerOf('c1'), c2: controllerOf('c2') };
  for (const { ovs } of Object.values(site.chassis)) await ovs.vsctl('set-controller', 'br-int', 'tcp:127.0.0.1:6653');
  report.say('Two controllers …');
  await Promise.all([controllers.c1.start(), controllers.c2.start()]);
  report.say('Machines …');
  await site.plugMachines();
  const hands = {
    controllers,
    damselfly: (args: readonly string[], input?: string) => damselfly(site.nats.url(), args, input),
  };
  return { site, report, hands };
}

/** What `apply` printed, its lines about created objects as their number. */
function summary(applied: string): string {
  const lines = applied.trimEnd().split('\n');
  const rest = lines.filter((line) => !line.startsWith('created'));
  return [`created ${lines.length - rest.length} objects`, ...rest].map((line) => `     ${line}`).join('\n');
}

async function applyFiles({ site, report, hands }: Stage): Promise<void> {
  for (const file of demoFiles) {
    report.say(`damselfly apply -f ${file.replace(/.*\/demo\//, 'demo/')}`);
    report.say(summary(await hands.damselfly(['apply', '-f', file])));
  }
  const { keyOf } = await readNorthbound(site);
  await site.startDevice(keyOf('lswitch red/net2'));
  await site.warmTunnels();
}

/** What holds at rest, and then after every change. */
async function show({ site, report, hands }: Stage): Promise<void> {
  const { keyOf } = await readNorthbound(site);
  const judge = await Judge.start(site);
  report.section('At rest');
  await report.checkAll(trafficLines(site, (network) => keyOf(`lswitch ${network}`)));
  await report.checkAll(flowLines(judge, 'rest'));
  for (const change of changes) {
    const step = change(site, hands);
    report.section(step.title);
    await step.act();
    await site.forgetDecisions();
    await report.checkAll(step.lines);
    await report.checkAll(flowLines(judge, step.id));
  }
}

/** Breaks one thing at a time; a line of its own says whether exactly the lines that speak of it turned red. */
async function sabotage({ site, report, hands }: Stage): Promise<void> {
  const { keyOf } = await readNorthbound(site);
  const judge = await Judge.start(site);
  const traffic = trafficLines(site, (network) => keyOf(`lswitch ${network}`));
  const lines = () => [...traffic, ...flowLines(judge, 'sabotage', 0)];
  report.section('Nothing is broken');
  await report.checkAll(lines());
  for (const { title, break: breakIt, red } of sabotages(site, (name) => keyOf(`lport red/${name}`))) {
    report.section(`Broken on purpose: ${title}`);
    const mend = await breakIt();
    await site.forgetDecisions();
    await report.expectRed(title, lines(), red);
    await mend();
    await site.forgetDecisions();
    await report.expectGreen(`mended:${title}`, 'mended, every line is green', lines());
  }
  const { step, red } = emptiedMeanwhile(site, hands);
  report.section(`Broken on purpose: ${step.title}; meanwhile its switch is emptied`);
  await step.act();
  await report.expectRed('the switch is emptied meanwhile', step.lines, red);
  report.section('Everything is mended');
  await report.checkAll(lines());
}

function sayHowToLook({ report, site }: Stage): void {
  const first = `$(pgrep -P $(pgrep -P ${process.env.DAMSELFLY_LAB_OUTSIDE ?? '…'}))`;
  const { c1, c2 } = site.chassis;
  report.say(`
Everything is still up; Ctrl-C ends it. From another terminal, as root:
  nsenter -a -t ${first} bash     # into the demo's namespaces, then for example:
  ip netns                                            # c1, c2, db and the machines
  ip netns exec vm1.vm1-net2 ping ${member('p2').ip}          # from a VLAN of vm1 to p2
  ovs-ofctl -O OpenFlow13 dump-flows ${c1.ovs.management('br-int')}
  ovs-ofctl -O OpenFlow13 dump-flows ${c2.ovs.management('br-int')}
  alias damselfly='${process.execPath} ${cliPath}'
  export NATS_URL=${site.nats.url()}
  damselfly get --all-tenants
  damselfly status --data-dir ${dataDir(c1)}`);
}

const flags = ['--json', '--keep', '--sabotage'];

function readOptions(args: readonly string[]): Options {
  const isMatrix = args.includes('--matrix');
  const known = isMatrix ? ['--json', '--matrix'] : flags;
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    const besides = isMatrix ? ' beside --matrix' : '';
    process.stderr.write(`${unknown === '--help' ? '' : `unknown option ${unknown}${besides}\n\n`}${usage}\n`);
    process.exit(unknown === '--help' ? 0 : 2);
  }
  const [json = false, keep = false, sabotage = false] = flags.map((flag) => args.includes(flag));
  return { json, keep, sabotage, matrix: isMatrix };
}

const options = readOptions(process.argv.slice(2));
await enterLab(import.meta.url);
if (!isInsideLab()) {
  process.stderr.write(`demo: it ${unmetNeed(labPrograms) ?? 'cannot make namespaces here'}\n`);
  process.exit(1);
}
if (options.matrix) {
  const held = await showMatrix(options).catch((error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  });
  process.exit(held ? 0 : 1);
}
const started = Date.now();
const report = new Report(options);
const stage = await build(report, options);
try {
  await applyFiles(stage);
  await (options.sabotage ? sabotage(stage) : show(stage));
} catch (error) {
  report.broken(error instanceof Error ? error.message : String(error));
  for (const [name, controller] of Object.entries(stage.hands.controllers))
    report.say(
      `\nThe last words of the controller of ${name}:\n${controller.log().split('\n').slice(-lastWords).join('\n')}`,
    );
}
const held = report.end((Date.now() - started) / 1000);
if (options.keep) {
  sayHowToLook(stage);
  await new Promise(() => setInterval(() => undefined, 60_000));
}
// Whatever still runs ends with the namespaces.
process.exit(held ? 0 : 1);
