import { readFileSync } from 'node:fs';
import t from 'tap';
import { pipelineText } from '../../src/cli/pipeline.js';
import { tables } from '../../src/apps/pipeline.js';
import { declarePipeline } from '../../src/flow/pipeline.js';

const design = readFileSync(new URL('../../../DESIGN.md', import.meta.url), 'utf8');

void t.test('DESIGN.md has the pipeline as it is declared (node scripts/docs.mjs writes it)', (t) => {
  t.ok(design.includes(pipelineText()));
  t.end();
});

void t.test('a pipeline with a mistake does not load', (t) => {
  const table = { id: 1, does: '', miss: 'drop', next: [] } as const;
  const register = { field: 'reg6', start: 0, bits: 32, means: '' } as const;
  const load = (changes: Partial<Parameters<typeof declarePipeline>[0]>) => () =>
    declarePipeline({ tables: { a: table }, registers: {}, ...changes });
  t.doesNotThrow(load({}));
  t.throws(load({ tables: { a: table, b: table } }), { message: 'tables a and b have the same number 1' });
  t.throws(load({ tables: { a: { ...table, next: [2] } } }), {
    message: 'table a goes to table 2, which is not declared',
  });
  t.throws(load({ tables: { a: table, b: { ...table, id: 0 }, c: { ...table, id: 2, miss: 0 } } }), {
    message: 'table c (2) goes back to table 0',
  });
  t.throws(load({ tables: { a: { ...table, id: 255 } } }), { message: 'table a: 255 is not a table from 0 to 253' });
  t.throws(load({ registers: { x: register, y: { ...register, start: 16, bits: 8 } } }), {
    message: 'registers x and y overlap in reg6',
  });
  t.throws(load({ registers: { x: { ...register, start: 8 } } }), {
    message: 'register x does not fit reg6, which has 32 bits',
  });
  t.ok(Object.keys(tables).length > 10);
  t.end();
});
