// The OpenFlow 1.3 codec of Damselfly, usable on its own: `import { … } from 'damselfly/openflow'`.
export type * from './action-types.js';
export * from './actions.js';
export { decode, encode, encodeInto, headerOf, type RawHeader } from './codec.js';
export * from './constants.js';
export { DecodeError, hexOf } from './decode-error.js';
export type * from './extension-types.js';
export { field, fields, isFieldName } from './fields.js';
export type { AnyFieldValue, FieldName, FieldRow, FieldValue, MaskableField, WritableField } from './fields.js';
export { rawFlowStats, type RawFlowStats } from './flow-stats-codec.js';
export { Framer } from './framer.js';
export { encodeBuckets } from './group-codec.js';
export { encodeInstructions } from './instruction-codec.js';
export { encodeMatch } from './match-codec.js';
export type * from './match.js';
export type * from './messages.js';
export type * from './multipart-types.js';
export type * from './resource-types.js';
export { EncodeError, Writer } from './writer.js';
