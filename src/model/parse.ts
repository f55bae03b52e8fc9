// From what somebody wrote to an object of a kind: aliases, the spec's own forms, schema versions, and faults with a way out.
import { z } from 'zod';
import { v5 as uuid5 } from './uuid5.js';
import { byteOrder, type Ref, refIn, refOf } from './ids.js';
import { type Kind, kindOf, kinds, schemas, type Value } from './kinds.js';
import { type Fault, NbError, type ObjectName } from './errors.js';

/** The version of the stored form that this release writes; a newer one is refused, not guessed at. */
export const schemaVersion = 1;

/** A northbound object that passed its kind's schema; references are complete (`tenant/id`). */
export interface NbObject<K extends Kind = Kind> {
  readonly kind: K;
  readonly ref: Ref;
  readonly value: Value<K>;
  /** The revision of the northbound that holds it; 0 where there is no northbound (files). */
  readonly revision: number;
}

/** An object of any kind, so that `kind` tells the type of `value`. */
export type AnyObject = { [K in Kind]: NbObject<K> }[Kind];

/** The name that people and owners use: `lport red/vm1`. */
export const objectName = (kind: string, ref: string): ObjectName => `${kind} ${ref}`;

/** The object that a name is of; undefined where it names something that is no object, as a tunnel. */
export function namedObject(name: string): { readonly kind: Kind; readonly ref: Ref } | undefined {
  const [word = '', ref = ''] = name.split(' ');
  const kind = kinds.find((candidate) => candidate === word);
  return kind && { kind, ref: ref as Ref }; // objectName put a Ref there
}

const referenceFields: Readonly<Record<Kind, readonly string[]>> = {
  chassis: [],
  lswitch: [],
  subnet: ['lswitch'],
  lport: ['lswitch'],
  child_port_segmentation: ['parent', 'port'],
};

/** The schemas as functions, each made when the first object of its kind comes. */
const compiled = new Map<Kind, (typeof schemas)[Kind]>();

function parserOf(kind: Kind): (typeof schemas)[Kind] {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  const parser = z.compile(schemas[kind]);
  compiled.set(kind, parser);
  return parser;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks what is stored or written for one object. Throws NbError with every fault; never throws otherwise. */
export function parseObject(kind: Kind, tenant: string, id: string, input: unknown, revision = 0): AnyObject {
  const ref = refOf(tenant, id);
  const name = objectName(kind, ref);
  if (!isRecord(input)) throw new NbError(name, [{ field: 'value', value: input, allowed: 'must be an object' }]);
  const { schema = schemaVersion, ...fields } = input;
  if (typeof schema !== 'number' || schema > schemaVersion)
    throw new NbError(name, [
      { field: 'schema', value: schema, allowed: `newer than this controller, which reads schema ${schemaVersion}` },
    ]);
  const result = parserOf(kind).safeParse(kind === 'lport' ? withSpecBinding(name, fields) : fields, {
    reportInput: true,
  });
  if (!result.success)
    throw new NbError(
      name,
      result.error.issues.flatMap((issue) => faultsOf(kind, issue)),
    );
  const value: Record<string, unknown> = { ...result.data };
  for (const field of referenceFields[kind]) value[field] = refIn(tenant, String(value[field]));
  // The schema of `kind` has just made `value`; the compiler cannot see that the two belong together.
  return { kind, ref, value, revision } as unknown as AnyObject;
}

/** The id of a ChildPortSegmentation that was written without one: the same for the same pair, so applying twice changes nothing. */
export const childId = (parent: string, port: string): string =>
  uuid5('a11fee2a-d833-4e22-be31-f915b55f1f77', `${parent}/${port}`);

/** A kind as somebody spelled it. Throws NbError naming the nearest known one. */
export function parseKind(where: string, name: unknown): Kind {
  const kind = typeof name === 'string' ? kindOf(name) : undefined;
  if (kind !== undefined) return kind;
  const [text, known] = [String(name), Object.keys(schemas)];
  if (name === undefined) throw new NbError(where, [{ field: 'kind', allowed: `missing: one of ${known.join(', ')}` }]);
  throw new NbError(where, [{ field: 'kind', value: name, allowed: `not a kind${hint(text, known)}` }]);
}

/** `binding_profile: {port_key: remote_port, host_ip}` of the specification, as the vtep binding that it means. */
function withSpecBinding(name: ObjectName, fields: Record<string, unknown>): Record<string, unknown> {
  const { binding_profile: profile, ...rest } = fields;
  if (profile === undefined) return fields;
  const {
    port_key: portKey,
    host_ip: hostIp,
    ...others
  } = typeof profile === 'object' && profile !== null ? { ...(profile as Record<string, unknown>) } : {};
  const faults: Fault[] = [];
  if (portKey !== 'remote_port')
    faults.push({ field: 'binding_profile.port_key', value: portKey, allowed: 'must be remote_port' });
  if (hostIp === undefined)
    faults.push({ field: 'binding_profile.host_ip', allowed: 'missing: the address of the VTEP' });
  for (const field of Object.keys(others))
    faults.push({ field: `binding_profile.${field}`, allowed: `not a field${hint(field, ['port_key', 'host_ip'])}` });
  if (rest['binding'] !== undefined)
    faults.push({ field: 'binding', allowed: 'not beside binding_profile: give one of them' });
  if (faults.length > 0) throw new NbError(name, faults);
  return { ...rest, binding: { type: 'vtep', vtep_address: hostIp } };
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

function faultsOf(kind: Kind, issue: Issue, above: readonly PropertyKey[] = []): Fault[] {
  const path = [...above, ...issue.path];
  const field = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(schemas[kind].shape);
    return (issue.keys ?? []).map((key) => ({
      field: field === '' ? key : `${field}.${key}`,
      allowed: `not a field of ${kind}${field === '' ? hint(key, known) : ''}`,
    }));
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest is the one that was meant.
    const deepest = [...(issue.errors ?? [])].sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0];
    if (deepest?.[0] !== undefined && deepest[0].path.length > 0)
      return deepest.flatMap((inner) => faultsOf(kind, inner, path));
  }
  if (issue.input === undefined) return [{ field, allowed: `missing: ${issue.message}` }];
  return [{ field, value: issue.input, allowed: `not allowed: ${issue.message}` }];
}

/** `; did you mean X?` with the known name nearest to a misspelt one, or the list when none is near. */
export function hint(name: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => ({ candidate, far: editDistance(name, candidate) }))
    .sort((a, b) => a.far - b.far || byteOrder(a.candidate, b.candidate));
  const best = ranked[0];
  if (best !== undefined && best.far <= Math.max(2, Math.floor(name.length / 3)))
    return `; did you mean ${best.candidate}?`;
  return `; known are ${known.join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
