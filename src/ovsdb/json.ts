// JSON as types: what we send, and the two questions asked of what we receive.

/** A JSON value that we made ourselves. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A JSON object from the peer, its members not yet looked at. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether a value from the peer is an object. */
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value from the peer is an array. */
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
