// Objects as people write them: short references, no defaults, canonical names; what `apply -f` reads.
import { Document, isMap, isSeq } from 'yaml';
import type { z } from 'zod';
import { byteOrder, idOf, type Ref, tenantOf } from '../model/ids.js';
import { type Kind, kinds, schemas } from '../model/kinds.js';
import { type AnyObject, childId } from '../model/parse.js';

/** Fields that hold references; in a file those of the object's own tenant are written without it. */
const references = new Set(['lswitch', 'parent', 'port']);
/** Fields that are written even where they have their default: they say what the object is. */
const telling = new Set(['network_type', 'segmentation_type', 'macs', 'ips']);

/** An object's fields as a file has them, without kind, tenant and id. */
export function writtenFields({ kind, ref, value }: AnyObject): Record<string, unknown> {
  const shape: Readonly<Record<string, z.ZodType>> = schemas[kind].shape;
  const fields: Record<string, unknown> = {};
  for (const [field, held] of Object.entries<unknown>(value)) {
    const fallback = shape[field]?.safeParse(undefined);
    const isDefault = fallback?.success === true && JSON.stringify(fallback.data) === JSON.stringify(held);
    if (held === undefined || (isDefault && !telling.has(field))) continue;
    fields[field] = references.has(field) && typeof held === 'string' ? shortRef(tenantOf(ref), held) : held;
  }
  return fields;
}

/** A reference as it is written inside a tenant. */
export const shortRef = (tenant: string, ref: string): string =>
  ref.startsWith(`${tenant}/`) ? ref.slice(tenant.length + 1) : ref;

/** An object as a file has it. The id of a ChildPortSegmentation that follows from its ports is left out. */
export function written(object: AnyObject): Record<string, unknown> {
  const fields = writtenFields(object);
  const id = idOf(object.ref);
  const given =
    object.kind === 'child_port_segmentation' && id === childId(String(fields['parent']), String(fields['port']));
  return { kind: object.kind, ...(given ? {} : { id }), ...fields };
}

/** Objects in the order of a listing: tenants in byte order, what is referred to before what refers to it. */
export const inReferenceOrder = <T extends { readonly kind: Kind; readonly ref: Ref }>(objects: readonly T[]): T[] =>
  [...objects].sort(
    (a, b) =>
      byteOrder(tenantOf(a.ref), tenantOf(b.ref)) ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      byteOrder(a.ref, b.ref),
  );

/** Objects as YAML: one document per tenant, one line per object. */
export function yamlOf(objects: readonly AnyObject[]): string {
  const tenants = new Map<string, AnyObject[]>();
  for (const object of inReferenceOrder(objects)) {
    const tenant = tenantOf(object.ref);
    tenants.set(tenant, [...(tenants.get(tenant) ?? []), object]);
  }
  return [...tenants].map(([tenant, own]) => document(tenant, own)).join('---\n');
}

function document(tenant: string, objects: readonly AnyObject[]): string {
  const yaml = new Document({ tenant, objects: objects.map(written) });
  const list = yaml.get('objects');
  if (isSeq(list)) for (const item of list.items) if (isMap(item)) item.flow = true;
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** An object as YAML, a field per line: what differences are shown on. */
export const yamlLines = (object: AnyObject | undefined): string[] =>
  object === undefined
    ? []
    : new Document({ kind: object.kind, id: idOf(object.ref), ...writtenFields(object) })
        .toString({ lineWidth: 0, flowCollectionPadding: false })
        .trimEnd()
        .split('\n');

/** What differs between two forms of an object, field by field: `ips: [10.1.0.5] → [10.1.0.6]`. */
export function changedFields(before: AnyObject, after: AnyObject): string[] {
  const [old, now] = [writtenFields(before), writtenFields(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((field) => {
    const [from, to] = [inline(old[field]), inline(now[field])];
    return from === to ? [] : [`${field}: ${from} → ${to}`];
  });
}

/** A value on one line, as YAML writes it; absent is a dash. */
export function inline(value: unknown): string {
  if (value === undefined) return '–';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replace(/^"([^"\\]*)"$/, '$1');
  const yaml = new Document(value);
  if (isMap(yaml.contents) || isSeq(yaml.contents)) yaml.contents.flow = true;
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}
