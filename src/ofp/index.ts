// The OpenFlow 1.3 codec of Damselfly, usable on its own: `import { … } from 'damselfly/openflow'`.
export * from './action-types.js';
export * from './constants.js';
export * from './extension-types.js';
export * from './fields.js';
export * from './match.js';
export * from './messages.js';
export * from './multipart-types.js';
export * from './resource-types.js';
