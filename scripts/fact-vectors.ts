// Facts that Open vSwitch states of itself: the numbers of its errors, and its fields as the manual page ovs-fields(7) has them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const numbers = /^OpenFlow 1\.3: vendor (\S+), type (\d+), code (\d+)$/m;

/** One row for each error, by name: the name, the experimenter (0 is OpenFlow itself), the type and the code. */
export async function recordErrorNumbers(names: readonly string[]): Promise<string[][]> {
  const rows: string[][] = [];
  for (const name of names) {
    const [, experimenter = '', type = '', code = ''] =
      numbers.exec((await run('ovs-ofctl', ['print-error', name])).stdout) ?? [];
    rows.push([name, experimenter, type, code]);
  }
  return rows;
}

const described = ['Width', 'Masking', 'Prerequisites', 'Access', 'OXM', 'NXM'] as const;

// The line of a field's description that begins so, without what it says of versions.
const said = (lines: readonly string[], what: string) =>
  (lines.find((line) => line.startsWith(`${what}:`)) ?? '')
    .slice(what.length + 1)
    .replace(/ since .*/, '')
    .trim();

/** One row for each field that is described: its name, then what stands beside Width, Masking, Prerequisites, Access, OXM and NXM. */
export async function recordFields(): Promise<string[][]> {
  const width = { MANWIDTH: '400', LC_ALL: 'C.UTF-8' };
  const { stdout } = await run('man', ['ovs-fields'], { env: { ...process.env, ...width }, maxBuffer: 2 ** 24 });
  const pieces = stdout.split(/^ +Name: +(?=\w+)/m).slice(1);
  return pieces.map((piece) => {
    const [name = '', ...lines] = piece.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
    return [name.replace(/ .*/, ''), ...described.map((what) => said(lines, what))];
  });
}
