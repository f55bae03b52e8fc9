// The import table of DESIGN.md, as rules. A room may import itself and the rooms named here, nothing else of ours.
const rooms = {
  ofp: [],
  flow: ['ofp'],
  packet: [],
  model: [],
  turns: [],
  switch: ['ofp', 'flow'],
  ovsdb: ['model', 'turns'],
  sync: ['model', 'turns'],
  apps: ['flow', 'model', 'packet', 'ofp'],
};
const packages = {
  ofp: ['binary-parser'],
  model: ['zod', 'ipaddr.js'],
  sync: ['@nats-io'],
};

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `src/${room} may import ${allowed.map((r) => `src/${r}`).join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));
const packageRules = Object.keys(rooms).map((room) => ({
  name: `${room}-packages`,
  comment: `src/${room} may use the packages ${(packages[room] ?? []).join(', ') || '(none)'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    dependencyTypes: ['npm'],
    ...(packages[room] ? { pathNot: packages[room].map((p) => `node_modules/${p}`) } : {}),
  },
}));
const pure = ['ofp', 'flow', 'packet', 'model', 'apps'];

module.exports = {
  forbidden: [
    ...roomRules,
    ...packageRules,
    {
      name: 'pure-rooms-do-no-io',
      comment: 'the pure rooms know no sockets, files, timers or processes',
      severity: 'error',
      from: { path: `^src/(${pure.join('|')})/` },
      to: { dependencyTypes: ['core'], path: '^(net|fs|child_process|timers|http|https|dgram|tls|os|worker_threads)' },
    },
    {
      name: 'no-child-processes',
      comment: 'only the starter of the embedded nats-server may start a process',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/sync/embedded-nats\\.ts$' },
      to: { path: '^(node:)?child_process$' },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    { name: 'no-tests-in-src', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
