// Northbound files: YAML or JSON, several documents each, one or several tenants; every object checked by itself.
import { type Document, parseAllDocuments } from 'yaml';
import { FileError, fileName, readText, yamlFault } from '../controller/text-file.js';
import { segmentationTypes } from '../apps/segmentation-types.js';
import { type Fault, NbError } from '../model/errors.js';
import { isName, nameRule, operator } from '../model/ids.js';
import { type AnyObject, childId, hint, objectName, parseKind, parseObject } from '../model/parse.js';
import { tagFault } from '../model/segment.js';

/** What a set of files says: the objects that are right, and what is wrong with the others. */
export interface FileContents {
  readonly objects: readonly AnyObject[];
  readonly refused: readonly NbError[];
}

const documentFields = ['tenant', 'objects', 'kind', 'id'];

/** Reads files (`-` is standard input). Throws FileError for one that cannot be read, or in which there is nothing. */
export function readObjects(paths: readonly string[], defaultTenant: string | undefined): FileContents {
  const read = paths.map((path) => {
    const text = readText(path);
    if (isBlank(text)) throw new FileError(fileName(path), 'there is nothing in it');
    return parseText(fileName(path), text, defaultTenant);
  });
  return withoutTwins({
    objects: read.flatMap(({ objects }) => objects),
    refused: read.flatMap(({ refused }) => refused),
  });
}

/** Nothing but comments and marks of documents. */
const isBlank = (text: string): boolean => text.replace(/^\s*(#.*|---|\.\.\.)$/gm, '').trim() === '';

/** Reads the text of one file. `where` names it in errors. */
export function parseText(where: string, text: string, defaultTenant?: string): FileContents {
  const objects: AnyObject[] = [];
  const refused: NbError[] = [];
  const collect = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof NbError)) throw error;
      refused.push(error);
    }
  };
  parseAllDocuments(text, { merge: true }).forEach((document, index, all) => {
    const name = all.length > 1 ? `${where}, document ${index + 1}` : where;
    collect(() => {
      const [problem] = document.errors;
      if (problem !== undefined) throw new NbError(name, [{ field: 'YAML', allowed: yamlFault(problem) }]);
      for (const entry of entriesOf(name, valueOf(name, document), defaultTenant))
        collect(() => objects.push(parseEntry(entry)));
    });
  });
  return { objects, refused };
}

/** What a document says; one whose aliases would take all memory says nothing. */
function valueOf(where: string, document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new NbError(where, [{ field: 'YAML', allowed: yamlFault(error) }]);
  }
}

/** One object of a file; `value` may be anything yet. */
interface Entry {
  readonly where: string;
  readonly tenant: string | undefined;
  readonly value: unknown;
}

/** The objects of one document: a list, `{tenant, objects: [...]}`, or a single object. */
function entriesOf(where: string, document: unknown, tenant: string | undefined): Entry[] {
  if (document === null || document === undefined) return [];
  if (Array.isArray(document))
    return document.flatMap((item, i) => entriesOf(`${where}, object ${i + 1}`, item, tenant));
  const fields: Record<string, unknown> = typeof document === 'object' ? { ...document } : {};
  if (!('objects' in fields)) return [{ where, tenant, value: document }];
  const unknown = Object.keys(fields).filter((field) => !documentFields.includes(field));
  const faults: Fault[] = unknown.map((field) => ({
    field,
    allowed: `not a field of a document${hint(field, ['tenant', 'objects'])}`,
  }));
  if (!Array.isArray(fields['objects']))
    faults.push({ field: 'objects', value: fields['objects'], allowed: 'must be a list of objects' });
  if (faults.length > 0) throw new NbError(where, faults);
  const own = typeof fields['tenant'] === 'string' ? fields['tenant'] : tenant;
  return (fields['objects'] as unknown[]).flatMap((item, i) => entriesOf(`${where}, object ${i + 1}`, item, own));
}

function parseEntry({ where, tenant: defaultTenant, value }: Entry): AnyObject {
  if (typeof value !== 'object')
    throw new NbError(where, [{ field: 'document', value, allowed: 'must be an object or a list of objects' }]);
  const { kind: kindName, tenant: ownTenant, id: ownId, ...rest }: Record<string, unknown> = { ...value };
  const kind = parseKind(typeof ownId === 'string' ? `${where} (${ownId})` : where, kindName);
  const tenant = kind === 'chassis' ? operator : (ownTenant ?? defaultTenant);
  if (typeof tenant !== 'string')
    throw new NbError(where, [
      { field: 'tenant', value: ownTenant, allowed: 'missing: write tenant: NAME, or give --tenant' },
    ]);
  const id =
    ownId ?? (kind === 'child_port_segmentation' ? childId(String(rest['parent']), String(rest['port'])) : undefined);
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new NbError(where, [{ field: 'id', value: id, allowed: 'missing: every object has an id' }]);
  if (!isName(String(id))) throw new NbError(where, [{ field: 'id', value: id, allowed: `must be ${nameRule}` }]);
  if (!isName(tenant) || (tenant.startsWith('_') && tenant !== operator))
    throw new NbError(objectName(kind, `${tenant}/${id}`), [
      {
        field: 'tenant',
        value: tenant,
        allowed: `must be ${nameRule}, not beginning with _`,
      },
    ]);
  const object = parseObject(kind, tenant, String(id), rest);
  const fault = object.kind === 'child_port_segmentation' ? tagFault(segmentationTypes, object.value) : undefined;
  if (fault !== undefined) throw new NbError(objectName(kind, object.ref), [fault]);
  return object;
}

/** Of two objects of one name the first holds; the second is refused. */
function withoutTwins({ objects, refused }: FileContents): FileContents {
  const seen = new Set<string>();
  const twins: NbError[] = [];
  const kept = objects.filter((object) => {
    const name = objectName(object.kind, object.ref);
    const first = !seen.has(name);
    seen.add(name);
    if (!first) twins.push(new NbError(name, [{ field: 'id', allowed: 'is given twice; the first one holds' }]));
    return first;
  });
  return { objects: kept, refused: [...refused, ...twins] };
}
