// Fields in JSON: matches, parts of fields, values whose type their field decides.
import type { SetField, Subfield } from './action-types.js';
import {
  field,
  fieldNamed,
  fields,
  type AnyFieldValue,
  type FieldName,
  type FieldRow,
  type WritableField,
} from './fields.js';
import {
  big,
  bytes,
  define,
  JsonProblem,
  list,
  memberPath,
  object,
  objectAt,
  oneOf,
  optional,
  uint,
  whole,
} from './json-values.js';
import type { Json, JsonCodec } from './json-values.js';
import type { Match } from './match.js';

const names = fields.map(({ name }) => name);

/** The name of any field. */
export const fieldName: JsonCodec<FieldName> = define('FieldName', () => oneOf(...names));

const writableNames = fields.flatMap(({ name, access }) => (access === 'rw' ? [name as WritableField] : [])); // as the registry says

/** The name of a field that actions may write. */
export const writableField: JsonCodec<WritableField> = define('WritableField', () => oneOf(...writableNames));

const part = { start: uint(16), bits: uint(16), size: optional(uint(8)) };

/** Bits of a field. */
export const subfield: JsonCodec<Subfield> = define('Subfield', () => object<Subfield>({ field: fieldName, ...part }));

/** Bits of a field that actions may write. */
export const writableSubfield: JsonCodec<Subfield<WritableField>> = define('WritableSubfield', () =>
  object<Subfield<WritableField>>({ field: writableField, ...part }),
);

// A codec takes the one type that its row has; that it is given no other is what the registry is for.
function valueOf(row: FieldRow): JsonCodec<AnyFieldValue> {
  const codec =
    row.size === 0 ? bytes : row.size === 16 ? big(128, 16) : row.size === 8 ? whole(64) : uint(8 * row.size);
  return codec as JsonCodec<AnyFieldValue>;
}

const codecs: ReadonlyMap<string, JsonCodec<AnyFieldValue>> = new Map(fields.map((row) => [row.name, valueOf(row)]));
const codecOf = (row: FieldRow): JsonCodec<AnyFieldValue> => codecs.get(row.name) ?? valueOf(row);

interface Masked {
  readonly value: AnyFieldValue;
  readonly mask: AnyFieldValue;
}
const masked = (row: FieldRow) => object<Masked>({ value: codecOf(row), mask: codecOf(row) });
const isMasked = (value: unknown): value is Masked => typeof value === 'object' && value !== null && 'mask' in value;

const rawOxms = list(object<{ readonly header: number; readonly body: Uint8Array }>({ header: uint(32), body: bytes }));

// What nests is decoded, so even a field that has none may have a mask; whether it may is for the validator to say.
const fieldSchema = (row: FieldRow) => ({ anyOf: [codecOf(row).schema(), masked(row).schema()] });

/** A match: fields to values, or to values with masks. */
export const match: JsonCodec<Match> = define('Match', () => ({
  schema: () => ({
    type: 'object',
    properties: { ...Object.fromEntries(fields.map((row) => [row.name, fieldSchema(row)])), unknown: rawOxms.schema() },
    additionalProperties: false,
  }),
  toJson(value) {
    const given = Object.entries(value).map(([name, entry]): [string, Json] => {
      const row = fieldNamed(name);
      // What is no field is the list of unknown ones.
      if (!row) return [name, rawOxms.toJson(entry as NonNullable<Match['unknown']>)];
      return [name, isMasked(entry) ? masked(row).toJson(entry) : codecOf(row).toJson(entry as AnyFieldValue)];
    });
    return Object.fromEntries(given);
  },
  fromJson(json, path) {
    const read = Object.entries(objectAt(json, path)).map(([name, value]) => {
      const at = memberPath(path, name);
      if (name === 'unknown') return [name, rawOxms.fromJson(value, at)];
      const row = fieldNamed(name);
      if (!row) throw new JsonProblem(at, 'is no field');
      return [name, (isMasked(value) ? masked(row) : codecOf(row)).fromJson(value, at)];
    });
    // Every value was read by its own field's codec.
    return Object.fromEntries(read) as Match;
  },
}));

const setFieldOf = (row: FieldRow) =>
  object<{ type: 'set_field'; field: FieldName; value: AnyFieldValue; mask?: AnyFieldValue }>({
    type: oneOf('set_field'),
    field: oneOf(row.name),
    value: codecOf(row),
    mask: optional(codecOf(row)),
  });

/** A set_field, whose value is its field's. */
export const setField: JsonCodec<SetField> = define('SetField', () => ({
  schema: () => ({ oneOf: writableNames.map((name) => setFieldOf(field(name)).schema()) }),
  toJson: (value) => setFieldOf(field(value.field)).toJson(value),
  fromJson(json, path) {
    const name = writableField.fromJson(objectAt(json, path)['field'], memberPath(path, 'field'));
    // The value was read by the field's codec.
    return setFieldOf(field(name)).fromJson(json, path) as SetField;
  },
}));
