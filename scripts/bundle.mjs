// The program as one file beside its modules: to find and read hundreds of them takes longer than all that they do at the start.
import { build } from 'esbuild';

await build({
  entryPoints: ['dist/src/cli/damselfly.js'],
  outfile: 'dist/src/cli/program.js', // as deep as the modules, from where package.json is found
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Some packages are CommonJS and ask for Node's own modules by `require`, which an ES module does not have.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  legalComments: 'eof',
  logLevel: 'warning',
});
