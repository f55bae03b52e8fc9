// What the command line answers to mistakes, each in a line, and to --help; nothing here needs a switch or NATS.
import t, { type Test } from 'tap';
import { Shell } from '../integration/cli-lab.js';

t.setTimeout(120_000);

const shellOf = (t: Test) => new Shell(t, { DAMSELFLY_OVSDB: 'none' });
const wrongYaml = 'tenant: red\nobjects:\n  - {kind: lport, id: vm1\n  - x\n';
const atFault = /: .* at line 4, column 3$/m;

void t.test('a file that is missing, a folder, empty or no YAML is one line that names it', async (t) => {
  const shell = shellOf(t);
  shell.file('empty.yaml', '');
  shell.file('comments.yaml', '# later\n---\n');
  shell.file('wrong.yaml', wrongYaml);
  const files = [
    ['none.yaml', /^(damselfly: )?none\.yaml: .*there is no such file$/m],
    ['.', /^(damselfly: )?\.: .*is a folder$/m],
    ['empty.yaml', /^(damselfly: )?empty\.yaml: .*there is nothing in it$/m],
    ['comments.yaml', /^(damselfly: )?comments\.yaml: .*there is nothing in it$/m],
  ] as const;
  for (const command of ['apply', 'compile --chassis c1'])
    for (const [file, line] of files) {
      const said = await shell.run(...command.split(' '), '-f', file);
      t.match(said, { status: 2, out: '', err: line }, `${command} ${file}: ${said.err}`);
      t.match(said.err, /^[^\n]*\n(nothing was written\n)?$/);
    }
  for (const command of ['diff', 'delete'])
    t.match(await shell.run(command, '-f', 'empty.yaml'), { status: 2, out: '', err: files[2][1] }, command);
  t.match(await shell.run('apply', '-f', 'wrong.yaml'), { status: 2, err: atFault });
  t.match(await shell.run('compile', '--chassis', 'c1', '-f', 'wrong.yaml'), { status: 3, err: atFault });
  t.match(await shell.pipe('', 'apply', '-f', '-'), { status: 2, err: /^standard input: .*there is nothing in it$/m });
  t.match(await shell.pipe('objects: []', 'compile', '--chassis', 'c1', '-f', '-'), { status: 0, out: /priority=0/ });
});

void t.test('so is every other file: configuration, ports, backup, parties', async (t) => {
  const shell = shellOf(t);
  shell.file('wrong.yaml', wrongYaml);
  shell.file('objects.yaml', 'objects: []');
  shell.file('key.yaml', 'log_leve: info\n');
  const commands = [
    'config show --config',
    'compile --chassis c1 -f objects.yaml --ports',
    'nb import',
    'nb accounts',
  ] as const;
  for (const command of commands) {
    const none = await shell.run(...command.split(' '), 'none.yaml');
    t.match(none, { status: 2, out: '', err: 'damselfly: none.yaml: there is no such file\n' }, command);
    const wrong = await shell.run(...command.split(' '), 'wrong.yaml');
    t.match(wrong, { status: 2, out: '', err: atFault }, command);
    t.equal(wrong.err.split('\n').length, 2, wrong.err);
  }
  const said = await shell.run('config', 'show', '--config', 'key.yaml');
  t.match(said, { status: 1, err: 'damselfly: key.yaml: log_leve: not a key; did you mean log_level?\n' });
});

void t.test('a word that is not known is named, with the one that is meant or those that are allowed', async (t) => {
  const shell = shellOf(t);
  shell.file('objects.yaml', 'objects: []');
  const mistakes: readonly [line: string, answer: RegExp][] = [
    ['aply', /unknown command 'aply'\n\(Did you mean apply\?\)/],
    ['apply -f objects.yaml --no-wiat', /unknown option '--no-wiat'\n\(Did you mean --no-wait\?\)/],
    ['get lprot', /"lprot": not a kind; did you mean lport\?/],
    ['schema lprot', /"lprot": not a kind; did you mean lport\?/],
    ['get lport -o xml', /xml.*table, yaml, json/],
    ['compile -f objects.yaml --chassis c1 --format xml', /'xml' is invalid\. Allowed choices are text, json, hex/],
    ['compile -f objects.yaml --chassis c1 --tunnels both', /'both' is invalid\. Allowed choices are per-remote, flow/],
    ['compile -f objects.yaml --chassis c1 --apps l2,l7', /'l2,l7' is invalid\. Allowed are any of misses, .*l2/],
    [
      'config show --encap-ip 224.0.0.1',
      /encap-ip: "224\.0\.0\.1" \(flag --encap-ip\) is not allowed: unicast addresses/,
    ],
    ['config show --listen tcp:0', /listen: "tcp:0" \(flag --listen\) is not allowed: addresses as tcp:6653/],
    ['config show --listen tcp:192.0.2.1:65536', /listen: "tcp:192\.0\.2\.1:65536" .* is not allowed/],
    ['config show --ovsdb tcp:6640', /ovsdb: "tcp:6640" .* is not allowed: unix:.*, tcp:HOST:PORT or none/],
    ['config show --chassis c1/2', /chassis: "c1\/2" .* is not allowed/],
    ['apply -f objects.yaml --timeout never', /'never' is invalid\. seconds/],
    ['compile -f objects.yaml', /required option '--chassis <id>' not specified/],
  ];
  for (const [line, answer] of mistakes)
    t.match(await shell.run(...line.split(' ')), { status: 1, out: '', err: answer }, line);
});

/** What --help says of a command and of all below it, by the words that name it; of a group of commands nothing. */
async function helpOf(shell: Shell, words: readonly string[]): Promise<[words: string, text: string][]> {
  const { out } = await shell.run(...words, '--help');
  const [, list = ''] = /\nCommands:\n([\s\S]*?)(\n\n|$)/.exec(out) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
  if (names.length === 0) return [[words.join(' '), out]];
  return (await Promise.all(names.map((name) => helpOf(shell, [...words, name])))).flat();
}

void t.test('every command has a --help with an example of it, and --json', async (t) => {
  const help = await helpOf(shellOf(t), []);
  t.ok(help.length > 15, String(help.length));
  for (const [words, text] of help) {
    t.match(text, new RegExp(`\\nExamples?:\\n[\\s\\S]*damselfly ${words}`), words);
    t.match(text, /^ +--json /m, words);
  }
});

void t.test('the schema of an lport has what is read beside its fields', async (t) => {
  const { out } = await shellOf(t).run('schema', 'lport');
  t.match(JSON.parse(out), {
    title: 'lport',
    properties: {
      schema: { const: 1 },
      binding_profile: { properties: { port_key: { const: 'remote_port' }, host_ip: { type: 'string' } } },
      lswitch: { type: 'string' },
    },
    additionalProperties: false,
  });
});

void t.test('--version is the one of the package', async (t) => {
  t.match(await shellOf(t).run('--version'), { status: 0, out: /^\d+\.\d+\.\d+\n$/, err: '' });
});

void t.test('nb accounts --json says the same as the block for nats-server', async (t) => {
  const shell = shellOf(t);
  shell.file('parties.yaml', 'operator: {user: o, password: p}\ntenants: [{tenant: red, user: r, password: p}]\n');
  const [block, json] = [
    await shell.run('nb', 'accounts', 'parties.yaml'),
    await shell.run('nb', 'accounts', 'parties.yaml', '--json'),
  ];
  t.strictSame(JSON.parse(json.out), { accounts: JSON.parse(block.out.replace('accounts: ', '')) as unknown });
});
