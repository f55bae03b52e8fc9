// Writes what is printed from the code: into DESIGN.md the tables between the pipeline marks, and the JSON schema of OpenFlow messages.
import { readFileSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';
import { format } from 'prettier';
import { pipelineText } from '../dist/src/cli/pipeline.js';
import { messageSchema } from '../dist/src/ofp/index.js';

const path = new URL('../DESIGN.md', import.meta.url);
const text = readFileSync(path, 'utf8');
writeFileSync(
  path,
  text.replace(
    /(<!-- pipeline -->\n)[^]*(<!-- \/pipeline -->)/,
    (_, begin, end) => `${begin}\n${pipelineText()}\n${end}`,
  ),
);

const schema = new URL('../docs/openflow.schema.json', import.meta.url);
writeFileSync(schema, await format(JSON.stringify(messageSchema()), { parser: 'json', printWidth: 120 }));
