// Writes into DESIGN.md what is printed from the code: the tables between the pipeline marks.
import { readFileSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';
import { pipelineText } from '../dist/src/cli/pipeline.js';

const path = new URL('../DESIGN.md', import.meta.url);
const text = readFileSync(path, 'utf8');
writeFileSync(
  path,
  text.replace(
    /(<!-- pipeline -->\n)[^]*(<!-- \/pipeline -->)/,
    (_, begin, end) => `${begin}\n${pipelineText()}\n${end}`,
  ),
);
