// The documentation against the code: the permissions that it prints, the objects that it shows, the commands that it names.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseText } from '../../src/cli/files.js';
import { type Permissions, chassisPermissions, tenantPermissions } from '../../src/sync/permissions.js';

const text = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

/** Permissions as the documentation lists them. */
function listed(title: string, { publish, subscribe }: Permissions): string {
  return [
    `${title}:`,
    ...publish.map((subject) => `  publish    ${subject}`),
    ...subscribe.map((subject) => `  subscribe  ${subject}`),
  ].join('\n');
}

void t.test('operate.md lists exactly the permissions of tenants and controllers', (t) => {
  const printed = /<!-- permissions: begin.*-->\n\n```text\n([\s\S]*?)\n```\n\n<!-- permissions: end -->/.exec(
    text('docs/operate.md'),
  )?.[1];
  const tenant = listed('tenant TENANT', tenantPermissions('TENANT'));
  const controller = listed('controller NAME, which serves chassis ID', chassisPermissions('NAME', ['ID']));
  t.equal(printed, `${tenant}\n\n${controller}`);
  t.end();
});

void t.test('every object that objects.md and the README show is right', (t) => {
  for (const path of ['docs/objects.md', 'README.md']) {
    const blocks = [...text(path).matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block]) => block ?? []);
    t.not(blocks.length, 0, path);
    for (const block of blocks) {
      const { objects, refused } = parseText(path, block);
      t.strictSame(
        refused.map((error) => error.message),
        [],
        block,
      );
      t.not(objects.length, 0);
    }
  }
  t.end();
});

void t.test('every command that the documentation names is there', (t) => {
  const program = text('src/cli/damselfly.ts');
  for (const path of ['docs/operate.md', 'docs/objects.md', 'README.md'])
    for (const [, name = ''] of text(path).matchAll(/^damselfly ([a-z][a-z-]*)/gm)) {
      const pascalCase = name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
      t.match(program, new RegExp(`\\badd${pascalCase}\\b`), `${path}: ${name}`);
    }
  t.end();
});
